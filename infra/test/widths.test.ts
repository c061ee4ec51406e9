// No identity reaches further than what it is for: every statement of every synthesised policy against a table that is
// written here by hand, and not made of the code that makes the policies. A resource that is wider, an action on one
// resource more, a condition less: each is a difference.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Template } from "aws-cdk-lib/assertions";
import { exampleTemplates, STARTED } from "./support/example";

const templates = exampleTemplates({ ...STARTED, GITHUB_APP_ID: "12345" });

const P = "mattermost-test-system-io";
const HERE = "us-east-1:123456789012";
const QUEUE = `arn:aws:sqs:${HERE}:${P}-lockstep`;
const DEAD_LETTERS = `arn:aws:sqs:${HERE}:${P}-lockstep-dead-letters`;
const TABLE = `arn:aws:dynamodb:${HERE}:table/${P}-lockstep`;
const ecs = (kind: string, ...names: string[]) => names.map((name) => `arn:aws:ecs:${HERE}:${kind}/${name}`);
/** What Lockstep deploys: cluster and service of the application, twice, and staging's database. */
const DEPLOYED = [`${P}-staging/${P}-staging`, `${P}-staging/${P}-staging-database`, `${P}-production/${P}-production`];
const CLUSTERS = [`${P}-staging`, `${P}-production`];
const SERVICES = ecs("service", ...DEPLOYED);
/** Ids of these are ECS's, so they end in a wildcard; what stands before it is whole. */
const DEPLOYMENTS = ecs("service-deployment", ...DEPLOYED.map((name) => `${name}/*`));
const REVISIONS = ecs("service-revision", ...DEPLOYED.map((name) => `${name}/*`));
const TASKS = ecs("task", ...CLUSTERS.map((name) => `${name}/*`));
const FAMILIES = ecs("task-definition", `${P}-staging:*`, `${P}-staging-database:*`, `${P}-production:*`);
const ROLES = ["staging", "staging-database", "production"].flatMap((name) =>
  ["task", "execution"].map((kind) => `arn:aws:iam::123456789012:role/${P}-${name}-${kind}`),
);

/** For an identity, by the name of its role or policy: its actions and the only resources that each may be allowed on. */
type Reach = Readonly<Record<string, readonly string[]>>;
const ASKS: Reach = { "sqs:SendMessage": [QUEUE], "dynamodb:GetItem": [TABLE], "dynamodb:Query": [TABLE] };
const KEEPS_FILES: Reach = {
  "s3:ListBucket": ["<Uploads>"],
  "s3:GetObject": ["<Uploads>/*"],
  "s3:PutObject": ["<Uploads>/*"],
  "s3:DeleteObject": ["<Uploads>/*"],
};
/** ECS starts a task with these: its log, its secrets. */
const starts = (log: string, ...secrets: string[]): Reach => ({
  "logs:CreateLogStream": [log],
  "logs:PutLogEvents": [log],
  "secretsmanager:GetSecretValue": secrets,
  "secretsmanager:DescribeSecret": secrets,
});
const REACH: Readonly<Record<string, Reach>> = {
  [`${P}-deploy-staging`]: ASKS,
  [`${P}-deploy-production`]: ASKS,
  [`${P}-lockstep-operator-staging`]: ASKS,
  [`${P}-lockstep-builder`]: { "sqs:SendMessage": [QUEUE] },
  [`${P}-lockstep-operator`]: {
    "sqs:SendMessage": [QUEUE],
    "sqs:ReceiveMessage": [DEAD_LETTERS],
    "sqs:ChangeMessageVisibility": [DEAD_LETTERS],
    "sqs:DeleteMessage": [DEAD_LETTERS],
    "sqs:GetQueueAttributes": [QUEUE, DEAD_LETTERS],
    "dynamodb:GetItem": [TABLE],
    "dynamodb:Query": [TABLE],
    "dynamodb:PutItem": [TABLE],
    "dynamodb:UpdateItem": [TABLE],
    "dynamodb:DescribeTable": [TABLE],
    "dynamodb:DescribeContinuousBackups": [TABLE],
    "dynamodb:DescribeTimeToLive": [TABLE],
    "ecs:DescribeClusters": [...ecs("cluster", ...CLUSTERS), ...SERVICES],
    "ecs:DescribeServices": [...ecs("cluster", ...CLUSTERS), ...SERVICES],
    "ecs:DescribeTaskDefinition": ["*"],
  },
  [`${P}-lockstep-worker`]: {
    "sqs:ReceiveMessage": [QUEUE],
    "sqs:ChangeMessageVisibility": [QUEUE],
    "sqs:DeleteMessage": [QUEUE],
    "sqs:SendMessage": [QUEUE, DEAD_LETTERS],
    "dynamodb:GetItem": [TABLE],
    "dynamodb:Query": [TABLE],
    "dynamodb:PutItem": [TABLE],
    "dynamodb:UpdateItem": [TABLE],
    "dynamodb:ConditionCheckItem": [TABLE],
    "ecs:DescribeServices": SERVICES,
    "ecs:UpdateService": SERVICES,
    "ecs:ListServiceDeployments": [...SERVICES, ...DEPLOYMENTS, ...REVISIONS],
    "ecs:DescribeServiceDeployments": [...SERVICES, ...DEPLOYMENTS, ...REVISIONS],
    "ecs:DescribeServiceRevisions": [...SERVICES, ...DEPLOYMENTS, ...REVISIONS],
    "ecs:DescribeTasks": TASKS,
    "ecs:ListTasks": ["*"],
    "ecs:RegisterTaskDefinition": FAMILIES,
    "ecs:TagResource": FAMILIES,
    "ecs:DescribeTaskDefinition": ["*"],
    "ecs:ListTaskDefinitions": ["*"],
    "ecs:DeregisterTaskDefinition": ["*"],
    "iam:PassRole": ROLES,
  },
  [`${P}-lockstep-worker-execution`]: starts("<WorkerLogs>", "<SecretsGitHub>", "<SecretsRegistry>"),
  [`${P}-staging-task`]: KEEPS_FILES,
  [`${P}-production-task`]: KEEPS_FILES,
  [`${P}-staging-execution`]: starts("<ApplicationLogs>", "<ApplicationApiKey>", "<DatabaseCredentialsUrl>"),
  [`${P}-production-execution`]: starts("<ApplicationLogs>", "<ApplicationApiKey>", "<DatabaseCredentialsUrl>"),
  [`${P}-staging-database-execution`]: starts("<ApplicationLogs>", "<DatabaseCredentialsLogin>"),
  "<NetworkVpcFlowIAMRole>": {
    "logs:CreateLogStream": ["<NetworkFlowLogs>"],
    "logs:DescribeLogStreams": ["<NetworkFlowLogs>"],
    "logs:PutLogEvents": ["<NetworkFlowLogs>"],
  },
};

/** What narrows an action further. */
const CONDITIONS: Readonly<Record<string, unknown>> = {
  "ecs:ListTasks": { ArnEquals: { "ecs:cluster": ecs("cluster", ...CLUSTERS) } },
  "ecs:TagResource": { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },
  "iam:PassRole": { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
};

interface Allowance {
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  readonly condition: unknown;
}

/** A resource as text: what CloudFormation fills in by its construct's name, without the hash. */
function text(resource: any): string {
  if (typeof resource === "string") return resource;
  if (resource["Fn::Join"]) return resource["Fn::Join"][1].map(text).join("");
  const id: string = resource["Ref"] ?? resource["Fn::GetAtt"]?.[0] ?? "";
  if (/[0-9A-F]{8}$/.test(id)) return `<${id.slice(0, -8)}>`;
  const imported = /^SharedStack:ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}(?:Arn|[0-9A-F])/.exec(
    resource["Fn::ImportValue"] ?? "",
  );
  if (imported !== null) return `<${imported[1]}>`;
  throw new Error(`no text for ${JSON.stringify(resource)}`);
}

/** Every action on every resource that an identity's policy allows. */
function allowances(template: Template): Allowance[] {
  const resources: [string, any][] = Object.entries(template.toJSON()["Resources"]);
  const named = (id: string) => {
    const { RoleName } = resources.find(([other]) => other === id)?.[1].Properties ?? {};
    return RoleName ?? text({ Ref: id });
  };
  const policies = resources.flatMap(([id, { Type, Properties }]) => {
    switch (Type) {
      case "AWS::IAM::Role":
        return (Properties.Policies ?? []).map((policy: any) => ({ who: named(id), policy }));
      case "AWS::IAM::ManagedPolicy":
        assert.deepEqual(
          [Properties.Roles, Properties.Users, Properties.Groups],
          [undefined, undefined, undefined],
          id,
        );
        return [{ who: Properties.ManagedPolicyName, policy: Properties }];
      case "AWS::IAM::Policy":
        assert.deepEqual([Properties.Users, Properties.Groups], [undefined, undefined], id);
        return Properties.Roles.map((role: any) => ({ who: named(role.Ref), policy: Properties }));
      default:
        assert.doesNotMatch(
          Type,
          /^AWS::IAM::(User|Group|RolePolicy|UserPolicy|GroupPolicy|AccessKey)/,
          `${id} is not looked at here`,
        );
        return [];
    }
  });
  return policies.flatMap(({ who, policy }) =>
    policy.PolicyDocument.Statement.flatMap((statement: any) => {
      assert.equal(statement.Effect, "Allow", `${who}: ${statement.Sid}`);
      assert.deepEqual(
        [statement.NotAction, statement.NotResource],
        [undefined, undefined],
        `${who}: all but something`,
      );
      return [statement.Action].flat().flatMap((action: string) =>
        [statement.Resource].flat().map((resource: unknown) => ({
          who,
          action,
          resource: text(resource),
          condition: statement.Condition,
        })),
      );
    }),
  );
}

const ALL = Object.values(templates).flatMap(allowances);

test("every identity reaches exactly the resources that it is for, with each of its actions", () => {
  const reach: Record<string, Record<string, string[]>> = {};
  for (const { who, action, resource } of ALL) {
    const resources = ((reach[who] ??= {})[action] ??= []);
    if (!resources.includes(resource)) resources.push(resource);
  }
  const sorted = (all: Readonly<Record<string, Reach>>) =>
    Object.fromEntries(
      Object.entries(all).map(([who, actions]) => [
        who,
        Object.fromEntries(Object.entries(actions).map(([action, resources]) => [action, [...resources].sort()])),
      ]),
    );
  assert.deepEqual(sorted(reach), sorted(REACH));
});

test("what AWS has no resource for, and what could be misused beyond its resource, is held by a condition or only reads", () => {
  for (const { who, action, resource, condition } of ALL) {
    assert.deepEqual(condition, CONDITIONS[action], `${who}: ${action}`);
    const reads = /^ecs:(Describe|List)/.test(action) || action === "ecs:DeregisterTaskDefinition";
    assert.ok(resource !== "*" || reads, `${who}: ${action} on any resource`);
  }
});

/** Things beside what Lockstep deploys, as near as names get. */
const NEIGHBOURS = [
  ...ecs(
    "service",
    `${P}-staging/other`,
    `${P}-staging/${P}-staging2`,
    `${P}-staging2/${P}-staging`,
    `other/${P}-staging`,
  ),
  ...ecs("service", `${P}-production/${P}-staging`, `${P}-lockstep/${P}-lockstep-worker`),
  ...ecs("service-deployment", `${P}-staging/other/1`, `${P}-staging2/${P}-staging/1`),
  ...ecs("service-revision", `${P}-staging/other/1`, `${P}-lockstep/${P}-lockstep-worker/1`),
  ...ecs("task", `${P}-lockstep/1`, `${P}-staging2/1`),
  ...ecs("task-definition", "other:1", `${P}-staging2:1`, `${P}-lockstep-worker:1`, `x${P}-staging:1`),
  ...ecs("cluster", `${P}-lockstep`, `${P}-staging2`),
  ...[`${P}-lockstep-worker`, `${P}-lockstep-worker-execution`, "Administrator", `${P}-staging-task2`].map(
    (name) => `arn:aws:iam::123456789012:role/${name}`,
  ),
  `${QUEUE}2`,
  `${DEAD_LETTERS}2`,
  `${TABLE}2`,
  `${TABLE}/index/any`,
];
const elsewhere = (arn: string) => [arn.replace("123456789012", "999999999999"), arn.replace("us-east-1", "eu-west-1")];
const ABROAD = [...SERVICES, ...FAMILIES, QUEUE, DEAD_LETTERS, TABLE, ...ecs("cluster", ...CLUSTERS)].flatMap(
  elsewhere,
);

/** Whether a policy's pattern takes this resource: `*` is any run of characters, colons and slashes included (IAM user guide). */
function takes(pattern: string, arn: string): boolean {
  const parts = pattern
    .split(/([*?])/)
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : part.replace(/[^\w]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s").test(arn);
}

test("another service, cluster, family, role, queue or table is out of the worker's and the operator's reach, however near its name", () => {
  for (const { who, action, resource } of ALL) {
    if (resource === "*") continue;
    for (const arn of [...NEIGHBOURS, ...ABROAD])
      assert.ok(!takes(resource, arn), `${who}: ${action} on ${resource} takes ${arn}`);
  }
  // That the question can be answered otherwise.
  assert.ok(takes(`arn:aws:ecs:${HERE}:service/${P}-staging/*`, NEIGHBOURS[0] ?? ""));
  assert.ok(
    takes(`arn:aws:ecs:${HERE}:task-definition/${P}-staging*`, `arn:aws:ecs:${HERE}:task-definition/${P}-staging2:1`),
  );
});
