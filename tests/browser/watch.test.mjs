// What an open page does while the specs are edited.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Project, launch, picture } from "./support.mjs";

const experiment = `kind: experiment
id: small
title: A small experiment
description: |
${"  A paragraph that makes the page long.\n\n".repeat(60)}
target: cubic
activation: [tanh, relu]
training: {learning_rate: 0.01, epochs: 20, snapshot_every: 5}
figures: [fit, landscape]
`;
const cubic = "kind: polynomial\nid: cubic\ncoefficients: [0.5, 1.5, -0.8, 0.4]\n";
const fit = "kind: figure\nid: fit\ntype: fit\nsize: [600, 400]\n";
const landscape = "kind: figure\nid: landscape\ntype: loss_landscape\nsize: [600, 400]\nresolution: 20\n";
const casePath = "experiments/small/cubic/tanh/";

let browser, project, url, page;
const faults = [];

before(async () => {
  browser = await launch();
  project = await Project.create({});
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

// Every test begins with the same specs and a fresh page.
beforeEach(async () => {
  await page?.context().close();
  await project.remove();
  project = await Project.create({
    "specs/small.yaml": experiment,
    "specs/cubic.yaml": cubic,
    "specs/fit.yaml": fit,
    "specs/landscape.yaml": landscape,
  });
  url = await project.watch();
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  faults.length = 0;
  page.on("pageerror", (error) => faults.push(error));
});

// A page that was reloaded has lost the mark.
const mark = () => page.evaluate(() => void (window.isMarked = true));
const isMarked = () => page.evaluate(() => window.isMarked === true);
const isReloaded = () => page.waitForFunction(() => !window.isMarked && document.readyState === "complete");
const overlay = () => page.locator("actfn-site-problems");

test("a changed figure is swapped in place", async () => {
  await page.goto(url + casePath);
  const image = page.locator('img[src*="landscape.png"]');
  await image.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector('img[src*="landscape.png"]').complete);
  await mark();
  // Of a part of the map, the share of pixels without colour; the training drawn over it keeps its colour.
  const greyShare = () =>
    image.evaluate(async (element) => {
      await element.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 400 });
      const context = canvas.getContext("2d");
      context.drawImage(element, 0, 0);
      const { data } = context.getImageData(200, 100, 150, 150);
      let grey = 0;
      for (let at = 0; at < data.length; at += 4) {
        const channels = data.slice(at, at + 3);
        if (Math.max(...channels) - Math.min(...channels) < 12) grey += 1;
      }
      return grey / (data.length / 4);
    });
  assert.ok((await greyShare()) < 0.3, "viridis is colourful");
  await project.write("specs/landscape.yaml", landscape + "colormap: gray\n");
  await page.waitForFunction(() => document.querySelector('img[src*="landscape.png?v="]')?.complete);
  assert.equal(await isMarked(), true, "the page was not reloaded");
  assert.ok((await greyShare()) > 0.7);
  const others = await page.locator('img[src*="fit.png?v="]').count();
  assert.equal(others, 0, "other figures are left alone");
  assert.deepEqual(faults, []);
});

test("a changed stylesheet is swapped in place", async () => {
  await page.goto(url);
  await mark();
  await project.write("site_templates/style.css", "body { background: rgb(1, 2, 3) }\n");
  await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(1, 2, 3)");
  assert.equal(await isMarked(), true);
  await page.waitForFunction(() => document.querySelectorAll('link[rel="stylesheet"]').length === 1);
  assert.deepEqual(faults, []);
});

test("a changed page is reloaded where the reader was", async () => {
  await page.goto(url + "experiments/small/");
  await page.evaluate(() => scrollTo(0, 700));
  await mark();
  const start = Date.now();
  await project.write("specs/small.yaml", experiment.replace("A small experiment", "A better title"));
  await isReloaded();
  console.log(`  from the save to the reloaded page: ${Date.now() - start} ms`);
  assert.match(await page.title(), /A better title/);
  assert.equal(await page.evaluate(() => scrollY), 700);
  assert.deepEqual(faults, []);
});

test("a page that does not change is left alone", async () => {
  await page.goto(url + "activations/tanh/");
  await mark();
  await project.write("specs/note.yaml", "kind: target\nid: other\nexpression: x\n");
  await page.waitForTimeout(800);
  assert.equal(await isMarked(), true);
});

test("an error lies over the last good page until it is mended", async () => {
  await page.goto(url + casePath);
  await mark();
  const hostile = '<img src=x onerror="window.isHurt = true">';
  await project.write("specs/small.yaml", experiment.replace("target: cubic", `target: '${hostile}'`));
  await overlay().waitFor();
  const text = await overlay().locator("section").innerText();
  assert.match(text, /One problem/);
  assert.ok(text.includes(hostile), text);
  assert.match(text, /specs\/small.yaml:\d+:\d+/);
  assert.equal(await page.evaluate(() => window.isHurt === true), false);
  assert.equal(await overlay().locator("img").count(), 0);
  await picture(page, "overlay");
  // It is there on every page, also for one that is opened now.
  const second = await page.context().newPage();
  await second.setViewportSize({ width: 390, height: 800 });
  await second.goto(url);
  await second.locator("actfn-site-problems").waitFor();
  await picture(second, "overlay-phone");
  await second.keyboard.press("Escape");
  await second.locator("actfn-site-problems").waitFor({ state: "detached" });
  await project.write("specs/small.yaml", experiment);
  await overlay().waitFor({ state: "detached" });
  assert.equal(await isMarked(), true, "nothing has changed, so nothing is reloaded");
  assert.deepEqual(faults, []);
});

test("an error and its mending with another change", async () => {
  await page.goto(url + casePath);
  await mark();
  await project.write("specs/small.yaml", "kind: experiment\n  broken: [\n");
  await overlay().waitFor();
  await project.write("specs/small.yaml", experiment.replace("0.01", "0.02"));
  await isReloaded();
  assert.equal(await overlay().count(), 0);
  assert.match(await page.locator("main").innerText(), /0\.02/);
});

test("a page that comes to be replaces the one that said it was missing", async () => {
  const answer = await page.goto(url + "note/");
  assert.equal(answer.status(), 404);
  await mark();
  await project.write("specs/note.yaml", "kind: page\ntitle: A new note\nbody: Text.\n");
  await isReloaded();
  assert.match(await page.title(), /A new note/);
});

test("a page finds the program again after it was started anew", async () => {
  await page.goto(url + casePath);
  await mark();
  await project.stop();
  await project.write("specs/small.yaml", experiment.replace("0.01", "0.03"));
  await project.watch(new URL(url).port);
  await isReloaded();
  assert.match(await page.locator("main").innerText(), /0\.03/);
});

test("pages that nobody sees leave the connections to others, and catch up", async () => {
  const context = page.context();
  await context.addInitScript(() => {
    let isHidden = false;
    Object.defineProperty(document, "hidden", { get: () => isHidden });
    window.setHidden = (value) => {
      isHidden = value;
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    };
  });
  // More than a browser has connections to one place.
  const others = [];
  for (let count = 0; count < 8; count += 1) {
    const other = await context.newPage();
    await other.goto(url + casePath);
    await other.evaluate(() => window.setHidden(true));
    others.push(other);
  }
  await page.goto(url + casePath);
  await mark();
  await project.write("specs/small.yaml", experiment.replace("A small", "A seen"));
  await isReloaded();
  const text = () => others[0].locator("main").innerText();
  assert.doesNotMatch(await text(), /A seen experiment/);
  await others[0].evaluate(() => {
    window.isMarked = true;
    window.setHidden(false);
  });
  await others[0].waitForFunction(() => !window.isMarked && document.readyState === "complete");
  assert.match(await text(), /A seen experiment/);
});

test("what is published has no trace of it", async () => {
  const html = await readFile(join(project.folder, "public/index.html"), "utf8");
  assert.ok(!html.includes(".actfn-site") && !html.includes("client.js"));
});
