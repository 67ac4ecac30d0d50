// The search: with the keyboard alone, from a server and from a disk; and the page for what is not there.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { casePath, files } from "./site.mjs";
import { Project, launch, picture } from "./support.mjs";

let project, browser, page, url;
const faults = [];

before(async () => {
  project = await Project.create(files);
  url = await project.watch();
  browser = await launch();
  page = await (await browser.newContext({ viewport: { width: 1200, height: 900 } })).newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

const input = () => page.getByRole("combobox", { name: "Search the site" });
const options = () => page.getByRole("option");
const selected = () => page.locator('[role="option"][aria-selected="true"]');

test("a slash begins it, arrows choose, Enter leads there", async () => {
  let loads = 0;
  page.on("request", (request) => (loads += request.url().includes("/search.js") ? 1 : 0));
  await page.goto(url + casePath);
  assert.equal(loads, 0, "the index is loaded at the first use");
  await page.keyboard.press("/");
  await input().waitFor();
  assert.equal(await input().evaluate((it) => it === document.activeElement), true);
  await page.keyboard.type("relu");
  await options().first().waitFor();
  assert.equal(loads, 1);
  assert.equal(await input().getAttribute("aria-expanded"), "true");
  assert.match(await selected().textContent(), /^ReLU/);
  assert.equal(await input().getAttribute("aria-activedescendant"), await selected().getAttribute("id"));
  await page.keyboard.press("ArrowDown");
  assert.match(await selected().textContent(), /ReLU on A (cubic|wave)/);
  await page.keyboard.press("ArrowUp");
  await picture(page, "search");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/activations/relu/**");
  assert.deepEqual(faults, []);
});

test("texts and results are found, and cases without pages", async () => {
  await page.goto(url);
  const find = async (words) => {
    await input().fill(words);
    await page.waitForFunction(() => /found|first/.test(document.querySelector(".search output").value));
    return options().allTextContents();
  };
  assert.deepEqual((await find("zeppelin")).length, 1);
  const loss = JSON.parse(await readFile(join(project.folder, "public", casePath, "run.json"), "utf8")).best_mse;
  assert.match((await find(String(loss).slice(0, 4)))[0], /on A cubic|on A wave/);
  assert.deepEqual(await find("qqqq"), []);
  assert.equal(await input().getAttribute("aria-expanded"), "false");
  const many = await find("tanh cubic many");
  assert.equal(many.length, 1);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/experiments/seeds/index.html#case:*");
  assert.equal(await page.locator("li:target").count(), 1);
  assert.deepEqual(faults, []);
});

test("Escape closes it, and the key can be turned off", async () => {
  await page.goto(url);
  await page.keyboard.press("/");
  await page.keyboard.type("tanh");
  await options().first().waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".found").isVisible(), false);
  await page.keyboard.press("ArrowDown");
  await page.getByRole("checkbox").uncheck();
  await page.goto(url + "about/");
  await page.keyboard.press("/");
  assert.equal(await input().evaluate((it) => it === document.activeElement), false);
  await page.evaluate(() => localStorage.clear());
});

test("from a disk", async () => {
  const disk = await browser.newPage();
  await disk.goto(pathToFileURL(join(project.folder, "public/about/index.html")).href);
  await disk.getByRole("combobox", { name: "Search the site" }).fill("sine wave");
  await disk.getByRole("option").first().waitFor();
  await disk.keyboard.press("Enter");
  await disk.waitForURL("**/public/experiments/small/wave/sine/index.html");
  await disk.close();
});

test("the page for what is not there leads home from any depth, under any prefix", async () => {
  const folder = join(project.folder, "public");
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://x").pathname;
    const inside = path.startsWith("/some/where/") ? path.slice("/some/where/".length) : null;
    const file = inside === null ? null : await readFile(join(folder, inside.endsWith("/") || !inside ? `${inside}index.html` : inside)).catch(() => null);
    const type = /\.(css|js)$/.exec(path)?.[1];
    response.writeHead(file ? 200 : 404, { "content-type": { css: "text/css", js: "text/javascript" }[type] ?? "text/html" });
    response.end(file ?? (await readFile(join(folder, "404.html"))));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const root = `http://127.0.0.1:${server.address().port}/some/where/`;
  const lost = await browser.newPage();
  for (const path of ["nothing", "a/b/c/nothing.html", "experiments/small/nothing/"]) {
    await lost.goto(root + path);
    await lost.waitForFunction((home) => [...document.links].some((link) => link.href === `${home}index.html`), root);
    await lost.getByRole("link", { name: "A small site" }).first().click();
    await lost.waitForURL(`${root}index.html`);
  }
  await lost.close();
  server.close();
});
