// The index of activations in a browser: sorting, filtering, the keyboard, a narrow screen, and none of it without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Project, launch, picture } from "./support.mjs";

const experiment = `kind: experiment
id: small
target: cubic
activation: [tanh, relu, sine, softplus, gaussian, hard_sigmoid]
training: {learning_rate: 0.01, epochs: 20, snapshot_every: 5}
figures: []
`;
const cubic = "kind: polynomial\nid: cubic\ncoefficients: [0.5, 1.5, -0.8, 0.4]\n";

let project, browser, page, url;
const faults = [];

before(async () => {
  project = await Project.create({ "specs/small.yaml": experiment, "specs/cubic.yaml": cubic });
  url = await project.watch();
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.on("pageerror", (error) => faults.push(String(error)));
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

const names = (of = page) =>
  of.locator("table.index tbody tr:visible th").allTextContents();
const head = (name) => page.locator("table.index thead th", { hasText: name });

test("a column sorts by its numbers, and back, with the mouse or the keyboard", async () => {
  await page.goto(url + "activations/");
  const lipschitz = head("Lipschitz");
  await lipschitz.getByRole("button").click();
  assert.equal(await lipschitz.getAttribute("aria-sort"), "ascending");
  // Steepest slopes: 1/6, 1/4 … none here, e^(−1/2), and four times 1, which keep their order.
  assert.deepEqual((await names()).slice(0, 2), ["Hard sigmoid", "Gaussian"]);
  await lipschitz.getByRole("button").press("Enter");
  assert.equal(await lipschitz.getAttribute("aria-sort"), "descending");
  assert.deepEqual((await names()).slice(-2), ["Gaussian", "Hard sigmoid"]);
  // A number is no text: 0 before 1/2 before ln 2 before 1, and the lowest first.
  await head("φ(0)").getByRole("button").click();
  assert.deepEqual((await names()).slice(-3), ["Hard sigmoid", "Softplus", "Gaussian"]);
  await head("activation").getByRole("button").press("Space");
  assert.deepEqual(await names(), ["Gaussian", "Hard sigmoid", "ReLU", "Sine", "Softplus", "Tanh"]);
  assert.equal(await lipschitz.getAttribute("aria-sort"), null);
  await picture(page, "activations");
  assert.deepEqual(faults, []);
});

test("filters leave out rows and say how many are left", async () => {
  await page.goto(url + "activations/");
  const form = page.locator(".filters");
  assert.equal(await form.locator("output").textContent(), "6 of 6");
  await form.getByLabel("range").selectOption("bounded");
  assert.deepEqual((await names()).sort(), ["Gaussian", "Hard sigmoid", "Sine", "Tanh"]);
  await form.getByLabel("monotone").selectOption("yes");
  assert.deepEqual((await names()).sort(), ["Hard sigmoid", "Tanh"]);
  assert.equal(await form.locator("output").textContent(), "2 of 6");
  await form.getByLabel("name").fill("hard");
  assert.deepEqual(await names(), ["Hard sigmoid"]);
  await form.getByRole("button", { name: "All" }).click();
  await page.waitForFunction(() => document.querySelector(".filters output").value === "6 of 6");
  assert.equal((await names()).length, 6);
  assert.deepEqual(faults, []);
});

test("an activation's results sort as well", async () => {
  await page.goto(url + "activations/tanh/");
  const rank = page.locator("table.cases thead th", { hasText: "rank" });
  await rank.getByRole("button").click();
  assert.equal(await rank.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(faults, []);
});

test("an experiment's cases sort and filter, by words and by diagnosis", async () => {
  await page.goto(url + "experiments/small/");
  const cases = () => page.locator("table.cases tbody tr:visible th").allTextContents();
  assert.equal((await cases()).length, 6);
  const attainable = page.locator("table.cases thead th", { hasText: "attainable MSE" });
  await attainable.getByRole("button").click();
  const values = await page.locator("table.cases tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.cells[4].querySelector("data").value)));
  assert.equal(values.length, 6);
  assert.deepEqual(values, [...values].sort((a, b) => a - b));
  const filters = page.locator(".filters");
  await filters.getByLabel("activation or axis").fill("soft");
  assert.deepEqual(await cases(), ["Softplus"]);
  await filters.getByRole("button", { name: "All" }).click();
  const diagnosis = filters.getByLabel("diagnosis");
  const label = (await diagnosis.locator("option").allTextContents())[1];
  await diagnosis.selectOption({ label });
  const shown = (await cases()).length;
  assert.ok(shown > 0);
  assert.equal(await page.locator("table.cases tbody tr:visible .badge", { hasText: label }).count(), shown);
  assert.equal(await filters.locator("output").textContent(), `${shown} of 6`);
  assert.deepEqual(faults, []);
});

test("on a narrow screen only the tables scroll sideways, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme });
    for (const path of ["activations/", "activations/softplus/"]) {
      await phone.goto(url + path);
      assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 390, path);
      await picture(phone, `phone-${colorScheme}-${path.replaceAll("/", "_")}`);
    }
    await phone.close();
  }
});

test("without scripts the whole table is there, and nothing that would not work", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(url + "activations/");
  assert.equal((await names(plain)).length, 6);
  assert.equal(await plain.locator(".filters:visible, table button").count(), 0);
  await context.close();
});
