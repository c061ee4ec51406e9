// The real `lockstep` against what CloudFormation made, with the very environment of the worker's task definition.
// Needs LOCKSTEP_BIN (check.sh sets it). GitHub is a closed port: the deployment gets as far as its lock. Must never
// reach anything but 127.0.0.1.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { unchecked } from "../../src/app";
import { namesOf } from "../../src/config/names";
import { workerEnvironment } from "../../src/lockstep/worker-configuration";
import { exampleConfig, STARTED } from "../support/example";
import { deployable, type Template } from "./deployable";
import { type Server, startMinistack } from "./server";
import { clientSettings, deploy } from "./stack";

const PATIENCE_MS = 60_000;
const POLL_MS = 250;
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const REFUSED = "01890a5d-ac96-774b-bcce-b302099a8058";

// Every setting about who may ask, so that the program itself reads what is made of them; the window is over.
const config = exampleConfig({
  ...STARTED,
  STAGING_MAX_AGE_SECONDS: "600",
  STAGING_REQUIRE_APPROVAL: "yes",
  STAGING_FREEZE: "2020-12-23T16:00:00Z to 2021-01-04T06:00:00+01:00: holidays",
  PRODUCTION_WORKFLOW_MAY_ASK: "no",
  PRODUCTION_FREEZE: 'friday,saturday 16:00 to 08:00 Europe/Berlin: weekend; monday 00:00 to 00:00 UTC: "all" day',
});
const names = namesOf(config);
const program = process.env["LOCKSTEP_BIN"];
let server: Server;
let environment: Record<string, string>;

before(async () => {
  assert.ok(program, "LOCKSTEP_BIN must name the lockstep binary: `cargo build -p lockstep`, or run infra/check.sh");
  server = await startMinistack(config.account, config.region);
  const template = unchecked(config, { builtinCloudFormationValidation: false })
    .app.synth()
    .getStackByName("LockstepStack").template as Template;
  const outputs = await deploy(
    new CloudFormationClient(clientSettings(server.endpoint, config.region)),
    "LockstepStack",
    deployable(template).template,
  );
  const places = {
    queueUrl: outputs["QueueUrl"] ?? "",
    deadLetterQueueUrl: outputs["DeadLetterQueueUrl"] ?? "",
    tableName: outputs["TableName"] ?? "",
  };
  // ministack attests the account's number as every message's sender.
  const senders = { staging: "AROASTAGING", production: "AROAPRODUCTION", worker: config.account };
  const made = workerEnvironment(config, names, places, senders);
  environment = {
    ...made,
    // Only where the services are differs from an account.
    LOCKSTEP__AWS:
      made["LOCKSTEP__AWS"]?.replace(
        " }",
        `, ${["dynamodb", "sqs", "ecs"].map((service) => `${service}_endpoint = "${server.endpoint}"`).join(", ")} }`,
      ) ?? "",
    LOCKSTEP__APPLICATIONS:
      made["LOCKSTEP__APPLICATIONS"]
        ?.replace("github = { ", 'github = { api_url = "http://127.0.0.1:9", ')
        // Staging's only: there the sender is a person who may ask.
        .replace("requests = { ", `requests = { people_senders = ["${config.account}"], `) ?? "",
    LOCKSTEP_GITHUB_CREDENTIAL: "none",
    LOCKSTEP_REGISTRY_PASSWORD: "none",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    PATH: process.env["PATH"] ?? "",
  };
});

after(async () => server?.stop());

async function lockstep(...command: string[]): Promise<string> {
  return (await promisify(execFile)(program ?? "", command, { env: environment })).stdout;
}

test("the generated environment is a configuration that lockstep takes, and the table answers it", async () => {
  const lines = (await lockstep("status", "--json"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.match(JSON.stringify(lines), /"staging"[\s\S]*"production"|"production"[\s\S]*"staging"/);
});

test("a request goes through the queue, and a worker takes the lock in the table, but not a stranger's", async () => {
  await lockstep("promote", "0.1.0-abcdef0.beta", "--id", REFUSED, "--json");
  await lockstep("deploy", "--id", ID, "--ref", "main", "--json");
  const worker = spawn(program ?? "", ["worker"], { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  const log: string[] = [];
  worker.stderr.on("data", (data: Buffer) => log.push(data.toString()));
  try {
    const items = await history(ID, () => log.join("").slice(-3000));
    assert.equal(items[0]?.["to"]?.S, "locked/checking-source");
    const [refused] = await history(REFUSED, () => log.join("").slice(-3000));
    assert.equal(refused?.["to"]?.S, "rejected");
    assert.match(
      JSON.stringify(refused),
      new RegExp(`sender ${config.account} may not ask for deployments to production`),
    );
    const lines = log
      .join("")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    assert.ok(
      lines.some((line) => line.message === "ready"),
      "the worker logs JSON, which the alarms' filters read",
    );
  } finally {
    const ended = once(worker, "exit");
    worker.kill("SIGTERM");
    const force = setTimeout(() => worker.kill("SIGKILL"), PATIENCE_MS);
    await ended;
    clearTimeout(force);
  }
});

/** The deployment's history, once it has begun. */
async function history(id: string, log: () => string) {
  const dynamodb = new DynamoDBClient(clientSettings(server.endpoint, config.region));
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await sleep(POLL_MS)) {
    const { Items } = await dynamodb.send(
      new QueryCommand({
        TableName: names.table,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: `deployment#${id}` } },
      }),
    );
    if (Items !== undefined && Items.length > 0) return Items;
  }
  throw new Error(`no history within ${PATIENCE_MS / 1000} seconds; the worker's log:\n${log()}`);
}
