// Experiments of a thousand cases: what a browser loads of their pages before anybody scrolls, and the ways between them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { Project, launch, picture } from "./support.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const activations =
  "tanh relu sigmoid leaky_relu sine identity gaussian tanhshrink softshrink hardshrink lisht snake gcu relu6 smelu absolute elu selu celu isrlu";
const targets = Array.from({ length: 25 }, (_, index) => `t${index}`);
const experiment = (id, more) => `kind: experiment
id: ${id}
title: Experiment ${id}
target: [${targets.join(", ")}]
activation: [${activations.split(" ").join(", ")}]
data: {points: 20}
attainable: {budget: 100}
training: {learning_rate: [0.01, 0.05], epochs: 6, snapshot_every: 2}
${more}
`;
const files = {
  "specs/site.yaml": "kind: site\ntitle: Large\n",
  "specs/targets.yaml": targets.map((id, index) => `kind: polynomial\nid: ${id}\ntitle: Target ${index}\nroots: [0, ${index}]\n`).join("---\n"),
  "specs/figures.yaml": "kind: figure\nid: fit\ntype: fit\nsize: [600, 400]\n---\nkind: figure\nid: together\ntype: comparison\nsize: [800, 500]\n",
  "specs/large.yaml": experiment("large", "figures: [fit, together]"),
  "specs/tiles.yaml": experiment("tiles", "case_pages: false"),
};
const most = 2_000_000;

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

const pages = [
  "", "experiments/", "experiments/large/", "experiments/large/page~2/", "experiments/tiles/", "experiments/tiles/page~2/",
  "experiments/large/t0/tanh/learning_rate-0.01/", "activations/", "activations/tanh/", "targets/", "targets/t0/", "models/",
  "models/single_neuron/", "models/single_neuron/page~4/", "report/", "report/page~2/",
];

for (const [name, viewport] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 390, height: 844 }]]) {
  test(`no page loads more than 2 MB at first, ${name}`, async () => {
    for (const path of pages) {
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      const client = await context.newCDPSession(page);
      await client.send("Network.enable");
      let bytes = 0;
      client.on("Network.dataReceived", ({ dataLength }) => (bytes += dataLength));
      const answer = await page.goto(url + path, { waitUntil: "load" });
      assert.equal(answer.status(), 200, path);
      // Until the pictures that are near are there; the stream of events never ends.
      for (let before = -1; before !== bytes; await page.waitForTimeout(300)) before = bytes;
      assert.ok(bytes > 1000 && bytes < most, `${path}: ${bytes} bytes`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= viewport.width, path);
      await picture(page, `scale-${name}-${path.replaceAll("/", "_")}`);
      await context.close();
    }
  });
}

test("sheets lead to one another, with the keyboard and without scripts", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}experiments/large/`);
  const bar = () => page.getByRole("navigation", { name: "Pages", exact: true });
  assert.equal(await bar().locator("[aria-current=page]").textContent(), "Page 1");
  for (let sheet = 2; await bar().getByRole("link", { name: "Next" }).count(); sheet += 1) {
    await bar().getByRole("link", { name: "Next" }).press("Enter");
    await page.waitForURL(`**/experiments/large/page~${sheet}/index.html`);
    assert.equal(await bar().locator("[aria-current=page]").textContent(), `Page ${sheet}`);
  }
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Experiment large, page 4");
  await bar().getByRole("link", { name: "Page 1" }).click();
  await page.waitForURL("**/experiments/large/index.html");
  await page.getByText("All 25 targets").click();
  await page.getByRole("link", { name: "Target 20", exact: true }).first().click();
  await page.waitForURL("**/experiments/large/page~*/index.html#target:t20");
  await context.close();
});

test("the search leads to a case on another sheet", async () => {
  const page = await browser.newPage();
  await page.goto(`${url}experiments/tiles/`);
  await page.keyboard.press("/");
  await page.keyboard.type("isrlu target 24 tiles 0.05");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/experiments/tiles/page~2/index.html#case:t24~isrlu~learning_rate-0.05");
  assert.equal(await page.locator("[id='case:t24~isrlu~learning_rate-0.05']").count(), 1);
  await page.close();
});

test("axe finds nothing on sheets", async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  for (const path of ["experiments/large/page~2/", "experiments/tiles/page~2/", "models/single_neuron/page~2/", "report/page~2/"]) {
    await page.goto(url + path);
    await page.addScriptTag({ path: axe });
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0].html.slice(0, 200)}`), []);
  }
});
