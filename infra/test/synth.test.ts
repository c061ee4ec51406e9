// Synthesis as a whole: without an account, without lookups, without findings.

import assert from "node:assert/strict";
import { test } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { inline } from "../src/lockstep/toml";
import { exampleStacks, STARTED } from "./support/example";

test("nothing is looked up in an account, and nothing is uploaded but templates", () => {
  const assembly = exampleStacks().app.synth();
  assert.deepEqual(assembly.manifest.missing ?? [], []);
  for (const stack of assembly.stacks)
    assert.deepEqual(
      stack.assets.filter((asset) => asset.packaging !== "file"),
      [],
    );
});

test("cdk-nag finds nothing, in either form of the stacks", () => {
  for (const changes of [
    {},
    STARTED,
    { ...STARTED, ALARM_EMAIL: "ops@example.org", GITHUB_APP_ID: "7", RDS_MULTI_AZ: "yes" },
  ]) {
    const { app } = exampleStacks(changes);
    assert.deepEqual(findings(app), []);
  }
});

test("cdk-nag does look: a bare bucket is found", () => {
  const app = new App();
  new Bucket(new Stack(app, "Bare"), "Bucket");
  assert.ok(findings(app).includes("AwsSolutions-S1"));
});

function findings(app: App): string[] {
  const report = new AwsSolutionsChecks(app).validateScope(app);
  return report.violations
    .map((violation) => violation.ruleName)
    .map((name) => name.replace(/^.*::/, ""))
    .sort();
}

test("images from ECR are pulled from that one repository", () => {
  const repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/lockstep";
  const { app } = exampleStacks({ WORKER_IMAGE: `${repository}@sha256:${"a".repeat(64)}` });
  const template = app.synth().getStackByName("LockstepStack").template;
  assert.match(JSON.stringify(template), /repository\/lockstep/);
});

test("an inline table survives every character", () => {
  assert.equal(
    inline({ a: 'x"y\\z\n', "b c": 1, d: undefined, e: { f: true, g: ["h", '"'] } }),
    '{ a = "x\\"y\\\\z\\n", "b c" = 1, e = { f = true, g = ["h", "\\""] } }',
  );
});
