// Every kind of page, in light and in dark, wide and narrow, as axe judges it: WCAG 2.2 A and AA, and its own good practice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, it } from "node:test";
import { open, startBrowser, startStage } from "./support.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let stage, chrome;

before(async () => {
  stage = await startStage();
  chrome = await startBrowser();
});
after(async () => {
  await chrome?.stop();
  await stage?.stop();
});

const pages = {
  "the first page": () => stage.url,
  "a filter that lets nothing through": () => `${stage.url}/?state=cancelled`,
  "one under way": () => stage.page(stage.deployments.underWay),
  "one that retries": () => stage.page(stage.deployments.retrying),
  "a healthy one": () => stage.page(stage.deployments.healthy),
  "one rolled back": () => stage.page(stage.deployments.rolledBack),
  "a failed one": () => stage.page(stage.deployments.failed),
  "a rejected one": () => stage.page(stage.deployments.rejected),
};

for (const [name, address] of Object.entries(pages)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      it(`${name}, ${colorScheme}, ${width} wide`, async () => {
        const viewport = { width, height: 900 };
        const { page, context } = await open(chrome.browser, stage, { colorScheme, viewport, reducedMotion: "reduce" });
        await page.goto(address());
        // Evaluated by the debugger, which the page's own policy does not bind.
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n  ")}`);
        assert.deepEqual(found, []);
        assert.ok(passes.length > 20, "axe has looked");
        const { scrollWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth }));
        assert.ok(scrollWidth <= width, `nothing stands out: ${scrollWidth}`);
        await context.close();
      });
    }
  }
}
