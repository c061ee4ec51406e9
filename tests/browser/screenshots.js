// The pictures of docs/dashboard.md: which page, in which colours, how much of it.

import path from "node:path";
import { open, startBrowser, startStage } from "./support.js";

const folder = process.argv[2];
const stage = await startStage();
const chrome = await startBrowser();
const { rolledBack, healthy, underWay } = stage.deployments;

for (const [name, address, options, height] of [
  ["environments", stage.url, { colorScheme: "light" }, 1240],
  ["rolled-back", stage.page(rolledBack), { colorScheme: "light" }, 1500],
  ["healthy-dark", stage.page(healthy), { colorScheme: "dark" }, 1180],
  ["under-way-narrow", stage.page(underWay), { colorScheme: "light", viewport: { width: 390, height: 900 } }, 900],
]) {
  const { page, context } = await open(chrome.browser, stage, { reducedMotion: "reduce", ...options });
  const width = options.viewport?.width ?? 1280;
  await page.setViewportSize({ width, height });
  await page.goto(address);
  await page.waitForTimeout(500);
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
  await context.close();
}
// What is further down on those pages.
for (const [name, address, selector] of [
  ["timeline", stage.page(healthy), "section:has(#timeline)"],
]) {
  const { page, context } = await open(chrome.browser, stage, { reducedMotion: "reduce" });
  await page.goto(address);
  await page.locator(selector).screenshot({ path: path.join(folder, `${name}.png`) });
  await context.close();
}
await chrome.stop();
await stage.stop();
