// What the tests share: the stage (a program of this workspace), the browser (of tools.sh), and pages whose every request
// and complaint is noted. Must never let a page reach anything but the stage.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { spawnSync } from "node:child_process";
import { chromium } from "playwright-core";

const here = import.meta.dirname;
const tools = process.env.LOCKSTEP_TOOLS ?? path.join(here, "../../target/tools");
const target = process.env.CARGO_TARGET_DIR ?? path.join(here, "../../target");
const program = process.env.STAGE_BIN ?? path.join(target, "debug/stage");

// The page over a table of its own.
export async function startStage() {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended early`);
    return JSON.parse(value);
  };
  const { url, deployments } = await next();
  return {
    url,
    deployments,
    page: (id) => `${url}/deployments/${id}`,
    // Production's deployment makes one step; its state then.
    async advance() {
      child.stdin.write("\n");
      return (await next()).state;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}

// A browser, with a font that is always there, and with NSS where the host has none.
export async function startBrowser() {
  const folder = mkdtempSync(path.join(tmpdir(), "lockstep-browser-"));
  const fonts = path.join(folder, "fonts.conf");
  const xml = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
    <dir>${tools}/chromium/fonts</dir><cachedir>${folder}/cache</cachedir>
    <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias></fontconfig>`;
  writeFileSync(fonts, xml);
  const binary = path.join(tools, "chromium/chromium");
  const missing = spawnSync("ldd", [binary], { encoding: "utf8" }).stdout.includes("not found");
  const libraries = missing ? { LD_LIBRARY_PATH: path.join(tools, "chromium/al2023/lib") } : {};
  const browser = await chromium.launch({
    executablePath: binary,
    // CI has no user but root, for whom Chromium has no sandbox; the only pages are the stage's.
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
    env: { PATH: process.env.PATH, HOME: folder, FONTCONFIG_FILE: fonts, ...libraries },
  });
  return {
    browser,
    async stop() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// A page that has noted what went wrong and what was asked of anybody else.
export async function open(browser, stage, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A connection for news ends with its page.
    if (!request.url().includes("/live")) wrong.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${stage.url}/`)) wrong.push(`elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.request().isNavigationRequest()) {
      wrong.push(`${response.status()}: ${response.url()}`);
    }
  });
  return { page, context, wrong };
}
