// Compares a value with a file that is checked in; UPDATE_SNAPSHOTS=1 writes the file anew. Must never create a
// missing one in silence: a test would then compare a value with itself.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../src/policies/actions";

export function matchesSnapshot(name: string, value: unknown): void {
  const path = join(ROOT, "test", "snapshots", `${name}.json`);
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(path, text);
  const expected = readFileSync(path, "utf8");
  assert.deepEqual(
    JSON.parse(text),
    JSON.parse(expected),
    `${path} says otherwise; look at the difference, then UPDATE_SNAPSHOTS=1`,
  );
}
