// What somebody on call sees in a real browser.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { open, startBrowser, startStage } from "./support.js";

const LATE = 15_000;
let stage, chrome, opened;

before(async () => {
  stage = await startStage();
  chrome = await startBrowser();
});
after(async () => {
  await chrome?.stop();
  await stage?.stop();
});

async function visit(address, options) {
  opened = await open(chrome.browser, stage, options);
  await opened.page.goto(address, { waitUntil: "load" });
  return opened.page;
}

// Every page, whatever the test is about: nothing complained, and nobody else was asked.
afterEach(async () => {
  await opened?.context.close();
  assert.deepEqual(opened?.wrong ?? [], []);
  opened = undefined;
});

const text = async (page, selector) => (await page.locator(selector).innerText()).replace(/\s+/g, " ");

describe("the first page", () => {
  it("shows the environments side by side, with what runs and what is under way", async () => {
    const page = await visit(stage.url);
    const cards = page.locator(".environments > .card");
    assert.equal(await cards.count(), 2);
    const [staging, production] = await Promise.all([0, 1].map((n) => cards.nth(n).boundingBox()));
    assert.equal(staging.y, production.y);
    assert.ok(staging.x < production.x, "staging comes first");
    assert.match(await cards.nth(0).innerText(), /fault\(s\) in a row; next try at/);
    assert.match(await cards.nth(0).innerText(), /On hold\s+the load test needs it to itself \(by carol since .*, until 2026-11-24 10:00:00\)/);
    assert.match(await cards.nth(1).innerText(), /Runs\s+0\.1\.0, healthy for/);
    assert.equal(await cards.nth(1).locator(".picture .here").getAttribute("data-phase"), "deploying");
    assert.match(await page.title(), /Environments/);
  });

  it("filters by environment, state and person, and keeps the filter in the address", async () => {
    const page = await visit(stage.url);
    const rows = page.locator("#live-deployments tbody tr");
    assert.equal(await rows.count(), 8);
    await page.getByLabel("Environment").selectOption("production");
    await page.getByLabel("State", { exact: true }).selectOption("rejected");
    await page.getByLabel("Person").fill("ERIN");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/person=ERIN/);
    assert.equal(await rows.count(), 1);
    assert.match(await rows.first().innerText(), /rejected\s+erin\s+Another production deployment/);
    assert.equal(await page.getByLabel("State", { exact: true }).inputValue(), "rejected");
    await page.getByRole("link", { name: "Show all" }).click();
    await page.waitForURL(`${stage.url}/`);
    assert.equal(await rows.count(), 8);
  });
});

describe("a deployment's page", () => {
  it("tells why it was rolled back, and leaves what came from outside text", async () => {
    const page = await visit(stage.page(stage.deployments.rolledBack));
    const report = await text(page, ".report");
    for (const words of [
      "ECS gave up the rollout",
      "deployment failed: tasks failed to start",
      "container app: exit code 3",
      "https://shop.example.test/api/ready : 503",
      "<script>document.title='taken'</script>",
      "What runs again",
    ]) {
      assert.ok(report.includes(words.replace(" :", ":")) || report.includes(words), `${words} in ${report}`);
    }
    assert.doesNotMatch(await page.title(), /taken/);
    const logs = page.getByRole("link", { name: /Logs of the service/ });
    assert.match(await logs.getAttribute("href"), /^https:\/\/eu-west-1\.console\.aws\.amazon\.com\/ecs\/v2\/clusters\/production\/services\/shop\/logs/);
    assert.equal(await page.locator(".picture .here").getAttribute("data-phase"), "rolled-back");
  });

  it("shows the chain from the commit to what runs, and its proof", async () => {
    const page = await visit(stage.page(stage.deployments.healthy));
    assert.match(await text(page, ".verdict"), /^Parity proven: the same bytes all the way, sha256:[0-9a-f]{64}$/);
    const links = page.locator("ol.chain > li");
    assert.equal(await links.count(), 4);
    const digests = await page.locator("ol.chain code.digest").allInnerTexts();
    assert.equal(new Set(digests).size, 1, "one digest, wherever it stands");
    assert.match(await links.first().locator("a").first().getAttribute("href"), /^https:\/\/github\.com\/example\/shop\/commit\/[0-9a-f]{40}$/);
  });

  it("has a row for each step, with how long it took and the faults that were met", async () => {
    const page = await visit(stage.page(stage.deployments.healthy));
    const build = page.locator("table.steps tr", { hasText: "awaiting-build" });
    assert.match(await build.innerText(), /3 min 34 s/);
    assert.match(await text(page, "table.steps"), /transient-fault: registry: PUT manifest: 503/);
    await page.locator("#items > summary").click();
    assert.match(await text(page, "#items table"), /lock-taken/);
  });

  it("is linked to down to a step", async () => {
    const page = await visit(`${stage.page(stage.deployments.rolledBack)}#step-4`);
    const step = page.locator("#step-4");
    assert.ok(await step.evaluate((row) => row.matches(":target")));
    await page.locator("#step-6 td a").click();
    assert.match(page.url(), /#step-6$/);
  });

  it("says that there is none", async () => {
    const page = await visit(stage.page("01890a5d-ac96-774b-bcce-b302099a8057"));
    assert.match(await text(page, "main"), /No such deployment/);
    // Chromium itself complains of the page's status.
    opened.wrong.length = 0;
  });
});

describe("without JavaScript", () => {
  it("everything is there, and a form filters", async () => {
    const page = await visit(stage.page(stage.deployments.rolledBack), { javaScriptEnabled: false });
    assert.match(await text(page, ".report"), /exit code 3/);
    assert.equal(await page.locator("table.steps tbody tr").count() > 5, true);
    await page.goto(stage.url);
    assert.match(await text(page, "#status"), /load it again for news/);
    await page.getByLabel("State", { exact: true }).selectOption("failed");
    await page.getByRole("button", { name: "Show" }).click();
    assert.equal(await page.locator("#live-deployments tbody tr").count(), 1);
  });
});

describe("the keyboard", () => {
  it("reaches everything that can be used, in the order in which it is read, and what has it is seen to", async () => {
    const page = await visit(stage.url);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    const wanted = await page.locator("a[href], button, input, select, summary, [tabindex='0']").count();
    const reached = new Set();
    for (let n = 0; n < wanted; n += 1) {
      const outline = await page.evaluate(() => {
        const element = document.activeElement;
        element.dataset.reached = "yes";
        return getComputedStyle(element).outlineStyle;
      });
      assert.notEqual(outline, "none", "focus is seen");
      reached.add(await page.evaluate(() => document.activeElement.outerHTML));
      await page.keyboard.press("Tab");
    }
    assert.equal(await page.locator("[data-reached]").count(), wanted);
  });

  it("skips to the content", async () => {
    const page = await visit(stage.url);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  });
});

describe("live", () => {
  it("a page that is refused news asks again", async () => {
    opened = await open(chrome.browser, stage);
    const { page, wrong } = opened;
    let refused = 0;
    await page.route("**/live*", (route) => {
      if (refused === 2) return route.continue();
      refused += 1;
      return route.fulfill({ status: 503, body: "too many pages wait for news" });
    });
    await page.goto(stage.url, { waitUntil: "load" });
    await page.locator("#status", { hasText: "The connection is lost" }).waitFor({ timeout: LATE });
    await page.locator("#status", { hasText: "Live" }).waitFor({ timeout: 2 * LATE });
    assert.equal(refused, 2);
    // What the browser complains of is what this test made.
    assert.ok(wrong.length > 0 && wrong.every((line) => line.includes("503")), wrong.join("\n"));
    wrong.length = 0;
  });

  it("a page whose table could not be read for a moment says so, and that it can again", async () => {
    opened = await open(chrome.browser, stage);
    const { page } = opened;
    await page.addInitScript(() => {
      window.said = [];
      document.addEventListener("DOMContentLoaded", () => {
        const status = document.getElementById("status");
        new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
      });
    });
    let first = true;
    await page.route("**/live*", async (route) => {
      if (!first) return route.continue();
      first = false;
      const mark = await page.evaluate(() => document.body.dataset.mark);
      const body = `event: trouble\ndata: -\n\nevent: mark\ndata: ${mark}\n\n`;
      return route.fulfill({ status: 200, contentType: "text/event-stream", body });
    });
    await page.goto(stage.url, { waitUntil: "load" });
    await page.waitForFunction(() => window.said.some((text) => text.includes("connection is lost")), null, { timeout: LATE });
    const said = await page.evaluate(() => window.said);
    const trouble = said.findIndex((text) => text.startsWith("The table cannot be read"));
    assert.ok(trouble >= 0 && said[trouble + 1].startsWith("Live"), said.join(" | "));
  });

  it("a page is kept up to date without being loaded again, to the end", async () => {
    const page = await visit(stage.page(stage.deployments.underWay));
    await page.locator("#status", { hasText: "Live" }).waitFor({ timeout: LATE });
    await page.evaluate(() => {
      window.sameDocument = true;
      document.getElementById("items").open = true;
    });
    await page.locator("#items > summary").focus();
    assert.equal(await page.locator(".picture .here .step").textContent(), "rolling-out-candidate");

    assert.equal(await stage.advance(), "deploying/checking-readiness");
    await page.locator(".picture .here .step", { hasText: "checking-readiness" }).waitFor({ timeout: LATE });
    assert.match(await page.locator("#status").innerText(), /Now: deploying\/checking-readiness/);
    assert.ok(await page.evaluate(() => document.getElementById("items").open), "what was opened stays open");

    assert.equal(await stage.advance(), "healthy");
    await page.locator(".outcome .badge.good").waitFor({ timeout: LATE });
    assert.match(await text(page, ".verdict"), /^Parity proven/);
    assert.match(await page.title(), /healthy/);
    assert.ok(await page.evaluate(() => window.sameDocument), "it is the same document");
  });

  it("the first page is, too", async () => {
    const page = await visit(stage.url);
    await page.locator("#status", { hasText: "Live" }).waitFor({ timeout: LATE });
    assert.match(await page.locator("#shop-production").innerText(), /nothing under way/);
  });
});
