// The settings: what is refused, and that one run names everything that is wrong.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { toConfig } from "../src/config/config";
import { readSettings, SettingsError } from "../src/config/env-file";
import { namesOf } from "../src/config/names";
import { EXAMPLE, exampleConfig } from "./support/example";

function refusal(changes: Record<string, string>): string {
  try {
    exampleConfig(changes);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message;
  }
  return assert.fail(`${JSON.stringify(changes)} was not refused`);
}

test("the example is a whole configuration", () => {
  const config = exampleConfig();
  assert.equal(config.project, "mattermost-test-system-io");
  assert.deepEqual(config.availabilityZones, ["us-east-1a", "us-east-1b"]);
  assert.equal(config.operatorRoleArn, undefined);
  assert.equal(config.worker.started, false);
});

test("everything that is wrong is named at once, with what is expected", () => {
  const message = refusal({
    AWS_ACCOUNT_ID: "1234",
    PROJECT: "Shop",
    WORKER_IMAGE: "lockstep:latest",
    NAT_GATEWAYS: "0",
    STAGING_DOMAIN: "",
  });
  assert.match(message, /AWS_ACCOUNT_ID is "1234": expected 12 digits/);
  assert.match(message, /PROJECT is "Shop": expected lower-case letters/);
  assert.match(message, /WORKER_IMAGE is "lockstep:latest": expected an image with its digest/);
  assert.match(message, /NAT_GATEWAYS is 0: expected a whole number from 1 to 6/);
  assert.match(message, /STAGING_DOMAIN is missing: expected a host name/);
});

test("a misspelt setting is refused", () => {
  assert.match(refusal({ AWS_REGOIN: "eu-west-1" }), /AWS_REGOIN is not a setting/);
});

test("settings that contradict each other are refused", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      { STAGING_DOMAIN: "staging.example.org" },
      /STAGING_DOMAIN is staging.example.org: expected a name in the hosted zone/,
    ],
    [{ STAGING_DOMAIN: "test-io.test.mattermost.com" }, /each environment needs its own/],
    [{ AWS_REGION: "eu-west-1" }, /AVAILABILITY_ZONES must be zones of eu-west-1/],
    [{ AVAILABILITY_ZONES: "us-east-1a,us-east-1a" }, /no two the same/],
    [{ AVAILABILITY_ZONES: "us-east-1a" }, /2 or more/],
    [{ NAT_GATEWAYS: "3" }, /at most one for each of the 2 zones/],
    [{ WORKER_MIN_TASKS: "5" }, /WORKER_MIN_TASKS \(5\) is above WORKER_MAX_TASKS \(4\)/],
    [{ OPERATOR_ROLE_ARN: "arn:aws:iam::999999999999:role/ops" }, /expected one of account 123456789012/],
    [{ OPERATOR_ROLE_ID: "AROAEXAMPLE7EXAMPLE77" }, /OPERATOR_ROLE_ID is set without OPERATOR_ROLE_ARN/],
    [{ STAGING_OPERATOR_ROLE_ID: "AROAEXAMPLE7EXAMPLE77" }, /STAGING_OPERATOR_ROLE_ID belong together/],
    [{ STAGING_OPERATOR_ROLE_ARN: "arn:aws:iam::123456789012:role/ops" }, /STAGING_OPERATOR_ROLE_ID belong together/],
    [
      {
        STAGING_OPERATOR_ROLE_ARN: "arn:aws:iam::123456789012:role/ops",
        STAGING_OPERATOR_ROLE_ID: "AROAEXAMPLE7EXAMPLE77",
        OPERATOR_ROLE_ARN: "arn:aws:iam::123456789012:role/ops",
      },
      /are one role/,
    ],
    [{ STAGING_MAX_AGE_SECONDS: "0" }, /STAGING_MAX_AGE_SECONDS is 0: expected a whole number from 60/],
    [{ PRODUCTION_REQUIRE_APPROVAL: "true" }, /PRODUCTION_REQUIRE_APPROVAL is "true": expected yes, no or nothing/],
    [{ PRODUCTION_WORKFLOW_MAY_ASK: "off" }, /PRODUCTION_WORKFLOW_MAY_ASK is "off"/],
  ];
  for (const [changes, expected] of cases) assert.match(refusal(changes), expected);
});

test("what is left empty, or is not there at all, is the worker's own default", () => {
  const settings = { ...readSettings(EXAMPLE) };
  for (const name of Object.keys(settings)) {
    if (/_(FREEZE|MAX_AGE_SECONDS|REQUIRE_APPROVAL|WORKFLOW_MAY_ASK)$/.test(name)) delete settings[name];
  }
  for (const config of [exampleConfig(), toConfig(settings, EXAMPLE)]) {
    for (const { requests } of Object.values(config.environments)) {
      assert.deepEqual(requests, { workflow: true, maxAgeSeconds: undefined, requireApproval: undefined, freeze: [] });
    }
  }
});

test("a freeze window is what it says, and one that means nothing is refused with the reason", () => {
  const windows = (text: string) => exampleConfig({ PRODUCTION_FREEZE: text }).environments.production.requests.freeze;
  assert.deepEqual(windows("monday 00:00 to 00:00 UTC: inventory: all day;"), [
    { days: ["monday"], from: "00:00", until: "00:00", zone: "UTC", reason: "inventory: all day" },
  ]);
  assert.equal(windows("2026-12-23T16:00:00Z to 2027-01-04T06:00:00-08:00: a; sunday 10:00 to 12:00 UTC: b").length, 2);
  for (const [text, why] of [
    ["monday 00:00 to 00:00 UTC", /it has no `: reason`/],
    ["monday 00:00 to 00:00 UTC: ", /it has no `: reason`/],
    ["monday 00:00 until 00:00 UTC: x", /it is neither/],
    ["monday 24:00 to 00:00 UTC: x", /24:00 is no time of day/],
    ["Monday 10:00 to 11:00 UTC: x", /are not different days/],
    ["monday,monday 10:00 to 11:00 UTC: x", /are not different days/],
    ["monday 10:00 to 11:00 +02:00: x", /\+02:00 is no time zone's IANA name/],
    ["monday 10:00 to 11:00 Europe/Atlantis: x", /Europe\/Atlantis is no time zone/],
    ["2026-12-23T16:00:00 to 2027-01-04T06:00:00Z: x", /2026-12-23T16:00:00 is no timestamp with its offset/],
    ["2026-02-31T16:00:00Z to 2027-01-04T06:00:00Z: x", /2026-02-31T16:00:00Z is no timestamp/],
    ["2027-01-04T06:00:00Z to 2026-12-23T16:00:00Z: x", /must be later than/],
  ] as const) {
    assert.match(refusal({ PRODUCTION_FREEZE: text }), /PRODUCTION_FREEZE: /);
    assert.match(refusal({ PRODUCTION_FREEZE: text }), why, text);
  }
});

test("a credential in the file is refused whatever its value", () => {
  const path = join(mkdtempSync(join(tmpdir(), "lockstep-infra-")), ".env");
  for (const name of [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN",
    "DOCKERHUB_DEV_TOKEN",
    "DB_PASSWORD",
  ]) {
    writeFileSync(path, `${name}=x\n`);
    assert.throws(() => readSettings(path), new RegExp(`${name} looks like a credential: remove it`));
  }
});

test("a missing file says what to do", () => {
  assert.throws(() => readSettings("/nonexistent/.env"), /copy infra\/.env.example to infra\/.env/);
});

test("names fit into what AWS allows, for the longest project", () => {
  const names = namesOf(toConfig({ ...readSettings(EXAMPLE), PROJECT: "a".repeat(32) }, EXAMPLE));
  const roles = [
    names.workerRole,
    names.workerExecutionRole,
    names.stagingDatabase.executionRole,
    names.environments.production.senderRole,
    names.builderRole,
  ];
  for (const role of roles) assert.ok(role.length <= 64, `${role} is longer than an IAM role's name may be`);
  assert.ok(names.deadLetterQueue.length <= 80 && names.ecsEventsRule.length <= 64);
});
