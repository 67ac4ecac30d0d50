// Every kind of page: nothing for axe to find in either theme, valid HTML, light, and no wider than a phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { readdir } from "node:fs/promises";
import { HtmlValidate } from "html-validate";
import { files, pages } from "./site.mjs";
import { Project, launch, picture } from "./support.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let project, browser, url;

before(async () => {
  project = await Project.create(files);
  url = await project.watch();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const found = [];
    for (const path of pages) {
      await page.goto(url + path);
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      found.push(...violations.map(({ id, help, nodes }) => `${path}: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`));
      await picture(page, `page-${colorScheme}-${path.replaceAll("/", "_")}`);
    }
    assert.deepEqual(found, []);
    await context.close();
  });

  test(`no page is wider than a phone, ${colorScheme}`, async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    for (const path of pages) {
      await page.goto(url + path);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, path);
      await picture(page, `phone-${colorScheme}-${path.replaceAll("/", "_")}`);
    }
    await context.close();
  });
}

test("every page is valid HTML", async () => {
  const validate = new HtmlValidate({
    extends: ["html-validate:recommended", "html-validate:document"],
    rules: {
      // Ids hold a colon on purpose, as no author's heading does.
      "valid-id": "off",
      // Styles carry the colours of the data.
      "no-inline-style": "off",
      // A title says what the page is, however long.
      "long-title": "off",
      // Style and scripts are the site's own.
      "require-sri": ["error", { target: "crossorigin" }],
      // What a search finds is a list that the keyboard chooses from while the focus stays in the field.
      "prefer-native-element": ["error", { exclude: ["listbox"] }],
    },
  });
  const found = [];
  for (const path of pages) {
    const file = path.endsWith(".html") ? path : `${path}index.html`;
    const report = await validate.validateString(await readFile(join(project.folder, "public", file), "utf8"), file);
    const messages = report.results.flatMap((result) => result.messages);
    found.push(...messages.map((it) => `${file}:${it.line}:${it.column} ${it.ruleId}: ${it.message}`));
  }
  assert.deepEqual(found, []);
});

test("the home page is light, and nothing moves while it loads", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  let bytes = 0;
  page.on("response", async (response) => (bytes += (await response.body().catch(() => "")).length));
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(url, { waitUntil: "networkidle" }).catch(() => {});
  await page.waitForTimeout(500);
  assert.ok(bytes < 500_000, `${bytes} bytes`);
  assert.ok((await page.evaluate(() => window.shift)) < 0.01);
  for (const image of await page.locator("img").all()) {
    assert.ok(await image.getAttribute("width"), await image.getAttribute("src"));
    assert.equal(await image.getAttribute("loading"), "lazy");
  }
  await page.close();
});

test("all scripts together are small, and named by what is in them", async () => {
  const names = await readdir(join(project.folder, "public/assets"));
  let bytes = 0;
  for (const name of names) {
    assert.match(name, /^[a-z]+\.[0-9a-f]{10}\.(css|js)$/);
    if (name.endsWith(".js")) bytes += gzipSync(await readFile(join(project.folder, "public/assets", name))).length;
  }
  assert.ok(bytes > 1000 && bytes < 10_000, `${bytes} bytes`);
});
