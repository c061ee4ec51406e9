// The alarms' filters against the worker's log: a filter that matches no line is an alarm that never goes off.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ENDED_AS, LOCK_HELD_FIELD } from "../src/lockstep/log-metrics";
import { ROOT } from "../src/policies/actions";

/** A transition as the worker writes it with LOCKSTEP_LOG_FORMAT=json. */
function transition(to: string, detail: string): string {
  return JSON.stringify({
    timestamp: "2026-11-23T12:00:00.000000Z",
    level: "INFO",
    message: "transition",
    "deployment.id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "history.seq": 14,
    "state.from": "rolling-back/retiring-revisions",
    "state.to": to,
    event: "done",
    detail,
    target: "lockstep::engine::commit",
  });
}

test("the end of a deployment is recognised by its state and not by what a person wrote", () => {
  for (const [ending, expression] of Object.entries(ENDED_AS)) {
    const pattern = new RegExp(expression);
    assert.match(transition(ending, "0.1.0 runs again"), pattern);
    assert.doesNotMatch(transition("healthy", `not ${ending}; "${ending}"`), pattern);
    assert.doesNotMatch(transition("rolling-back/checking-restored", ending), pattern);
  }
});

test("the filters use only what CloudWatch's expressions have", () => {
  for (const expression of Object.values(ENDED_AS)) assert.match(expression, /^[A-Za-z0-9:_#=@/;,\-^$?[\]{}|\\*+.]+$/);
});

test("the worker writes the lines that the filters look for", () => {
  const source = (path: string) => readFileSync(join(ROOT, "..", "worker", "src", path), "utf8");
  assert.match(source("engine/commit.rs"), /state\.to = %[\s\S]{0,120}"transition"/);
  assert.match(
    source("engine/reconcile.rs"),
    new RegExp(`\\b${LOCK_HELD_FIELD}\\b`),
    `the reconciler logs no ${LOCK_HELD_FIELD}: the alarm LockHeldTooLong could never go off`,
  );
});
