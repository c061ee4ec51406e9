// Least privilege: every policy document as a snapshot, no wildcard without its reason, and every action with the call
// in the worker's source that needs it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Template } from "aws-cdk-lib/assertions";
import { type ActionStatement, type Actor, actionsOf, ROOT } from "../src/policies/actions";
import { exampleTemplates, STARTED } from "./support/example";
import { matchesSnapshot } from "./support/snapshot";

const templates = exampleTemplates({ ...STARTED, GITHUB_APP_ID: "12345" });
const ACTORS: readonly Actor[] = ["worker", "sender", "builder", "operator"];

/** Where policy documents are, by type. */
const DOCUMENTS: Readonly<Record<string, (properties: any) => unknown>> = {
  "AWS::IAM::Role": ({ RoleName, AssumeRolePolicyDocument, Policies, ManagedPolicyArns }) => ({
    name: RoleName,
    trust: AssumeRolePolicyDocument.Statement,
    inline: (Policies ?? []).map((policy: any) => policy.PolicyDocument.Statement),
    managed: ManagedPolicyArns ?? [],
  }),
  "AWS::IAM::Policy": ({ PolicyDocument }) => PolicyDocument.Statement,
  "AWS::IAM::ManagedPolicy": ({ PolicyDocument }) => PolicyDocument.Statement,
  "AWS::SQS::QueuePolicy": ({ PolicyDocument }) => PolicyDocument.Statement,
  "AWS::S3::BucketPolicy": ({ PolicyDocument }) => PolicyDocument.Statement,
  "AWS::SNS::TopicPolicy": ({ PolicyDocument }) => PolicyDocument.Statement,
  "AWS::KMS::Key": ({ KeyPolicy }) => KeyPolicy.Statement,
};

function documents(template: Template): Record<string, unknown> {
  const found = Object.entries(DOCUMENTS).flatMap(([type, read]) =>
    Object.entries(template.findResources(type)).map(
      ([id, resource]) => [`${type} ${id}`, read(resource["Properties"])] as const,
    ),
  );
  return Object.fromEntries(found.sort(([a], [b]) => a.localeCompare(b)));
}

function properties(template: Template, type: string): any[] {
  return Object.values<any>(template.findResources(type)).map((resource) => resource.Properties);
}

for (const [name, template] of Object.entries(templates)) {
  test(`the policies of ${name} are as they were reviewed`, () =>
    matchesSnapshot(`policies-${name}`, documents(template)));
}

test("no identity may do all of anything, and `*` is a resource only where the action files say why", () => {
  const allowed = new Set(
    ACTORS.flatMap((actor) =>
      actionsOf(actor)
        .filter(({ resources }) => resources.includes("any"))
        .map(({ sid }) => sid),
    ),
  );
  for (const [name, template] of Object.entries(templates)) {
    const roles = properties(template, "AWS::IAM::Role");
    const inline = roles.flatMap((role) => role.Policies ?? []);
    const attached = [...properties(template, "AWS::IAM::Policy"), ...properties(template, "AWS::IAM::ManagedPolicy")];
    const statements = [...inline, ...attached].flatMap((policy) => policy.PolicyDocument.Statement);
    for (const { Sid, Action, Resource } of statements) {
      for (const action of [Action].flat())
        assert.ok(!String(action).includes("*"), `${name}: ${Sid ?? ""} allows ${action}`);
      for (const resource of [Resource].flat())
        assert.ok(resource !== "*" || allowed.has(Sid), `${name}: ${Sid ?? JSON.stringify(Action)} is on any resource`);
    }
    const managed = roles.flatMap((role) => role.ManagedPolicyArns ?? []);
    assert.deepEqual(managed, [], "AWS's own policies are wider than anything here needs");
  }
});

/** The operations that the adapters name: their constants are what faults and the tests' call logs say. */
function operationsInTheSource(): Map<string, string> {
  const services = { dynamodb: "DynamoDB", sqs: "SQS", ecs: "ECS" };
  const found = new Map<string, string>();
  for (const [folder, service] of Object.entries(services)) {
    const path = join(ROOT, "..", "worker", "src", "adapters", folder);
    for (const file of readdirSync(path)) {
      const source = readFileSync(join(path, file), "utf8").split("#[cfg(test)]")[0] ?? "";
      for (const [, operation] of source.matchAll(
        /(?:const [A-Z_]+: &str = |classify\((?:faults::)?Service::[A-Za-z]+, )"([A-Z][A-Za-z]+)"/g,
      )) {
        found.set(`${service}.${operation}`, file);
      }
    }
  }
  return found;
}

/** What only `lockstep init` calls, against local endpoints; in an account this app makes table and queues. */
const INIT_ONLY = ["DynamoDB.CreateTable", "SQS.CreateQueue", "SQS.SetQueueAttributes"];

/** What only `lockstep doctor` calls, and a worker never: it reads how things are set up. */
const DOCTOR_ONLY = [
  "DynamoDB.DescribeContinuousBackups",
  "DynamoDB.DescribeTable",
  "DynamoDB.DescribeTimeToLive",
  "ECS.DescribeClusters",
  "SQS.GetQueueAttributes",
];

function callsOf(statements: readonly ActionStatement[]): string[] {
  return [...new Set(statements.flatMap(({ actions }) => Object.values(actions).flat()))].sort();
}

test("every call that the adapters make is allowed to somebody, and every allowance has a call", () => {
  const inSource = [...operationsInTheSource().keys()].filter((call) => !INIT_ONLY.includes(call)).sort();
  const allowed = [...new Set(ACTORS.flatMap((actor) => callsOf(actionsOf(actor))))].sort();
  assert.deepEqual(allowed, inSource);
});

test("the worker is allowed every call of the adapters but those that only doctor makes", () => {
  // An operator's other calls are a subset: the dead-letter port makes the same three calls on the other queue.
  const worker = [...callsOf(actionsOf("worker")), ...DOCTOR_ONLY];
  for (const call of callsOf(actionsOf("worker"))) assert.ok(!DOCTOR_ONLY.includes(call), call);
  for (const actor of ["sender", "builder", "operator"] as const) {
    for (const call of callsOf(actionsOf(actor))) assert.ok(worker.includes(call), `${actor}: ${call}`);
  }
});

test("a sid stands once in a policy", () => {
  for (const actor of ACTORS) {
    const sids = actionsOf(actor).map(({ sid }) => sid);
    assert.equal(new Set(sids).size, sids.length, actor);
  }
});
