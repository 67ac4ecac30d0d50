// A project in a folder of its own, the program that watches it, and a browser that looks at it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const program = resolve(process.env.ACTFN_SITE ?? "../../target/release/actfn-site");
const browserPath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

export class Project {
  constructor(folder) {
    this.folder = folder;
  }

  static async create(files) {
    const project = new Project(await mkdtemp(join(tmpdir(), "actfn-site-")));
    for (const [path, text] of Object.entries(files)) await project.write(path, text);
    return project;
  }

  async write(path, text) {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  // Starts `watch`, and waits until the first build has ended, well or not.
  async watch(port = "0") {
    const child = spawn(program, ["watch", "--json", "--port", port], { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] });
    this.child = child;
    const lines = createInterface({ input: child.stdout });
    const first = [];
    await new Promise((done, failed) => {
      child.once("exit", (status) => failed(new Error(`watch ended with status ${status}`)));
      lines.on("line", (line) => {
        first.push(JSON.parse(line));
        if (first.length === 2) done();
      });
    });
    return first[0].url;
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null) return;
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGINT");
    await ended;
  }

  async remove() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function launch() {
  if (!browserPath) throw new Error("no Chromium: set CHROMIUM to its path");
  return chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
}

// Keeps a picture for people to look at, where SCREENSHOTS names a folder.
export async function picture(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}
