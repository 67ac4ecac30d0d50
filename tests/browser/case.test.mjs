// The page of a case: the training to play with, and the keys that lead to its neighbours. From a server and from a disk.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { casePath, files } from "./site.mjs";
import { Project, launch, picture } from "./support.mjs";

let project, browser, page, url, run;
const faults = [];

before(async () => {
  project = await Project.create(files);
  url = await project.watch();
  run = JSON.parse(await readFile(join(project.folder, "public", casePath, "run.json"), "utf8"));
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.on("pageerror", (error) => faults.push(String(error)));
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

const now = (name) => page.locator(`.player [data-now="${name}"]`);
const at = async () => ({
  epoch: Number(await now("epoch").textContent()),
  loss: await now("loss").textContent(),
  parameters: await now("parameter").allTextContents(),
  fit: await page.locator(".player .fit .now").getAttribute("d"),
  mark: await page.locator(".player .loss .mark").getAttribute("cx"),
  point: await page.locator(".player .map .mark").evaluate((it) => [it.getAttribute("cx"), it.getAttribute("cy")].join()),
});
const number = (text) => Number(text.replace("−", "-"));

// What stands on the page is what run.json says of that snapshot.
async function agrees(snapshot) {
  const shown = await at();
  assert.equal(shown.epoch, snapshot.epoch);
  assert.ok(Math.abs(number(shown.loss) / snapshot.loss - 1) < 1e-3, `${shown.loss} is not ${snapshot.loss}`);
  snapshot.parameters.forEach((value, index) => {
    assert.ok(Math.abs(number(shown.parameters[index]) - value) <= 1e-3 * Math.abs(value), `${shown.parameters[index]} is not ${value}`);
  });
}

test("the slider moves curve, numbers, loss and the place on the landscape together", async () => {
  await page.goto(url + casePath);
  const last = await at();
  await agrees(run.snapshots.at(-1));
  const slider = page.getByRole("slider", { name: "Snapshot" });
  await slider.focus();
  await page.keyboard.press("Home");
  await agrees(run.snapshots[0]);
  const first = await at();
  for (const name of ["fit", "mark", "point"]) assert.notEqual(first[name], last[name], name);
  assert.match(await slider.getAttribute("aria-valuetext"), /^epoch 0, MSE /);
  await page.keyboard.press("ArrowRight");
  await agrees(run.snapshots[1]);
  assert.ok(page.url().endsWith(casePath), "the keys of the slider lead nowhere else");
  assert.deepEqual(faults, []);
});

test("the curve is where the model says", async () => {
  // y = v tanh(w x + b) + c at the middle of the data, by the parameters of run.json, on the axis of the page.
  await page.goto(url + casePath);
  const [w, b, v, c] = run.snapshots.at(-1).parameters;
  const shown = await page.evaluate(() => {
    const path = document.querySelector(".player .fit .now");
    const inner = path.ownerSVGElement;
    const length = path.getTotalLength();
    let best = null;
    for (let step = 0; step <= 2000; step += 1) {
      const point = path.getPointAtLength((length * step) / 2000);
      const off = Math.abs(point.x - inner.viewBox.baseVal.width / 2);
      if (!best || off < best.off) best = { off, y: point.y };
    }
    const ticks = [...document.querySelectorAll('.player .fit text[text-anchor="end"]:not(.name)')];
    const scale = inner.viewBox.baseVal.height / Number(inner.getAttribute("height"));
    const of = (text) => [Number(text.textContent.replace("−", "-")), (Number(text.getAttribute("y")) - 12) * scale];
    return { y: best.y, low: of(ticks[0]), high: of(ticks.at(-1)) };
  });
  const { low, high } = shown;
  const y = low[0] + ((shown.y - low[1]) / (high[1] - low[1])) * (high[0] - low[0]);
  const expected = v * Math.tanh(w * 0 + b) + c;
  assert.ok(Math.abs(y - expected) < 0.02 * Math.abs(high[0] - low[0]), `${y} is not ${expected}`);
});

test("it plays to the end, pauses, steps and changes its speed, and never begins by itself", async () => {
  await page.goto(url + casePath);
  const before = await at();
  await page.waitForTimeout(400);
  assert.deepEqual(await at(), before);
  await page.getByRole("combobox", { name: "speed" }).selectOption("4");
  await page.getByRole("button", { name: "Play" }).press("Enter");
  await page.waitForFunction(() => document.querySelector('[data-now="epoch"]').textContent === "60");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.getByRole("combobox", { name: "speed" }).selectOption("0.25");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.querySelector('[data-now="epoch"]').textContent === "5");
  await page.getByRole("button", { name: "Pause" }).click();
  const paused = await at();
  await page.waitForTimeout(700);
  assert.deepEqual(await at(), paused);
  await page.getByRole("button", { name: "One snapshot on" }).click();
  assert.equal((await at()).epoch, paused.epoch + 5);
  await page.getByRole("button", { name: "One snapshot back" }).click();
  assert.deepEqual(await at(), paused);
  await picture(page, "player");
  assert.deepEqual(faults, []);
});

test("it plays from a disk as well", async () => {
  const disk = await browser.newPage();
  await disk.goto(pathToFileURL(join(project.folder, "public", casePath, "index.html")).href);
  await disk.getByRole("button", { name: "One snapshot back" }).click();
  assert.equal(await disk.locator('[data-now="epoch"]').textContent(), String(run.snapshots.at(-2).epoch));
  await disk.close();
});

test("the animation waits to be asked for, and is there without scripts", async () => {
  await page.goto(url + casePath);
  const details = page.locator(".animation details");
  assert.equal(await details.getAttribute("open"), null);
  await details.locator("summary").press("Enter");
  assert.equal(await page.locator(".animation img").isVisible(), true);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(url + casePath);
  assert.equal(await plain.locator(".animation img").isVisible(), true);
  assert.equal(await plain.locator(".player .fit .now").isVisible(), true);
  assert.equal(await plain.locator("button:visible, input:visible, .hint:visible").count(), 0);
  await context.close();
  // Who wants no motion gets the still picture in its place.
  const calm = await browser.newContext({ javaScriptEnabled: false, reducedMotion: "reduce" });
  const still = await calm.newPage();
  await still.goto(url + casePath);
  await still.locator(".animation img").scrollIntoViewIfNeeded();
  await still.waitForTimeout(300);
  assert.match(await still.locator(".animation img").evaluate((it) => it.currentSrc), /fit[^/]*\.png/);
  await calm.close();
});

test("arrow keys lead to the neighbours along both axes", async () => {
  await page.goto(url + casePath);
  const goes = async (key, path) => {
    await page.keyboard.press(key);
    await page.waitForURL(`**/experiments/small/${path}/**`);
  };
  await goes("ArrowRight", "cubic/relu");
  await goes("ArrowRight", "cubic/sine");
  await page.keyboard.press("ArrowRight");
  await goes("Shift+ArrowRight", "wave/sine");
  await goes("ArrowLeft", "wave/relu");
  await goes("Shift+ArrowLeft", "cubic/relu");
  await goes("ArrowLeft", "cubic/tanh");
  assert.deepEqual(faults, []);
});
