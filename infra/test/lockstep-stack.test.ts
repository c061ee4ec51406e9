// LockstepStack: queue, table, rule, worker, alarms, each as the worker needs it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { RETRY_CAP_SECONDS } from "../src/lockstep/timing";
import { exampleTemplates, only, STARTED } from "./support/example";
import { decide, type Statement } from "./support/iam";

const { lockstep } = exampleTemplates(STARTED);
const QUEUE = "mattermost-test-system-io-lockstep";
const ROLE = "arn:aws:iam::123456789012:role/mattermost-test-system-io";
const RULE = "arn:aws:events:us-east-1:123456789012:rule/mattermost-test-system-io-lockstep-ecs-events";

test("the queue hides a message for a minute and gives up on it after ten deliveries", () => {
  const deadLetters = only(lockstep, "AWS::SQS::Queue", "QueuesDeadLetters");
  lockstep.hasResourceProperties("AWS::SQS::Queue", {
    QueueName: QUEUE,
    VisibilityTimeout: 60,
    MessageRetentionPeriod: 1_209_600,
    SqsManagedSseEnabled: true,
    RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: { "Fn::GetAtt": [deadLetters.id, "Arn"] } },
  });
  assert.equal(deadLetters.properties["MessageRetentionPeriod"], 1_209_600);
  assert.equal(deadLetters.properties["SqsManagedSseEnabled"], true);
  assert.deepEqual(deadLetters.properties["RedriveAllowPolicy"].sourceQueueArns, [
    `arn:aws:sqs:us-east-1:123456789012:${QUEUE}`,
  ]);
});

test("the table has the worker's keys, recovery to a point in time, and cannot be deleted", () => {
  lockstep.hasResource("AWS::DynamoDB::Table", {
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
      GlobalSecondaryIndexes: Match.absent(),
      TimeToLiveSpecification: Match.absent(),
    },
  });
});

test("events of the deployed services, and of no other, go to the queue", () => {
  const service = (name: string) => `arn:aws:ecs:us-east-1:123456789012:service/${name}`;
  lockstep.hasResourceProperties("AWS::Events::Rule", {
    EventPattern: {
      source: ["aws.ecs"],
      "detail-type": ["ECS Deployment State Change"],
      resources: [
        service("mattermost-test-system-io-staging/mattermost-test-system-io-staging"),
        service("mattermost-test-system-io-production/mattermost-test-system-io-production"),
        service("mattermost-test-system-io-staging/mattermost-test-system-io-staging-database"),
      ],
    },
    Targets: [Match.objectLike({ Arn: `arn:aws:sqs:us-east-1:123456789012:${QUEUE}` })],
  });
});

test("the queue takes messages from the senders, the worker and the rule, over TLS, and from nobody else", () => {
  const statements: Statement[] = only(lockstep, "AWS::SQS::QueuePolicy", "QueuesDeployPolicy").properties[
    "PolicyDocument"
  ].Statement;
  const send = (context: Record<string, string>, service?: string) =>
    decide(statements, {
      action: "sqs:SendMessage",
      context: { "aws:SecureTransport": "true", ...context },
      allowedByIdentity: service === undefined,
      ...(service === undefined ? {} : { service }),
    });
  const person = (arn: string) => ({ "aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false" });
  for (const name of ["deploy-staging", "deploy-production", "lockstep-worker", "lockstep-builder"]) {
    assert.equal(send(person(`${ROLE}-${name}`)), "allowed", name);
    assert.equal(
      send({ ...person(`${ROLE}-${name}`), "aws:SecureTransport": "false" }),
      "denied",
      `${name} over plain HTTP`,
    );
  }
  for (const arn of [
    "arn:aws:iam::123456789012:role/Administrator",
    "arn:aws:iam::123456789012:user/root",
    `${ROLE}-deploy-staging2`,
  ]) {
    assert.equal(send(person(arn)), "denied", arn);
  }
  const rule = (arn: string) => ({ "aws:SourceArn": arn, "aws:PrincipalIsAWSService": "true" });
  assert.equal(send(rule(RULE), "events.amazonaws.com"), "allowed");
  assert.equal(send(rule(`${RULE}-2`), "events.amazonaws.com"), "denied");
  assert.equal(send(rule(RULE.replace("123456789012", "999999999999")), "events.amazonaws.com"), "denied");
  assert.equal(send(rule("arn:aws:sns:us-east-1:123456789012:topic"), "sns.amazonaws.com"), "denied");
});

test("the worker's role id is an output, named as the setting that it belongs into", () => {
  const [output] = Object.values(lockstep.findOutputs("WorkerRoleId"));
  const role = only(lockstep, "AWS::IAM::Role", "WorkerRole");
  assert.deepEqual(output?.["Value"], { "Fn::GetAtt": [role.id, "RoleId"] });
  assert.match(output?.["Description"], /queue\.worker_senders/);
});

/** The variable's text, with `<logical id>` for what CloudFormation fills in. */
function variable(template: Template, name: string): string {
  const [container] = only(template, "AWS::ECS::TaskDefinition").properties["ContainerDefinitions"];
  const value = container.Environment.find(({ Name }: any) => Name === name).Value;
  if (typeof value === "string") return value;
  const part = (each: any) => each["Fn::ImportValue"] ?? each["Fn::GetAtt"]?.join(".") ?? each["Ref"];
  return value["Fn::Join"][1].map((each: any) => (typeof each === "string" ? each : `<${part(each)}>`)).join("");
}

test("the worker obeys its own role's wake-ups, and each environment's workflow alone", () => {
  assert.match(variable(lockstep, "LOCKSTEP__QUEUE"), /worker_senders = \["<WorkerRole\w*\.RoleId>"\]/);
  const applications = variable(lockstep, "LOCKSTEP__APPLICATIONS");
  const requests = (environment: string) =>
    new RegExp(
      `${environment} = \\{ kind[^<]*requests = \\{ workflow = "deploy-${environment}\\.yml", ` +
        `workflow_senders = \\["<\\w*lockstep${environment}senderroleid\\w*>"\\] \\}`,
    );
  assert.match(applications, requests("staging"));
  assert.match(applications, requests("production"));
  assert.doesNotMatch(applications, /people_senders|builder/);
});

test("an operator may ask without a run if the role's id is configured", () => {
  const applications = variable(exampleTemplates(OPS).lockstep, "LOCKSTEP__APPLICATIONS");
  assert.equal(applications.split(`people_senders = ["${OPS.OPERATOR_ROLE_ID}"]`).length - 1, 2);
});

test("a remade role's id is no export in use: LockstepStack reads it from a parameter each time that it is deployed", () => {
  const { shared } = exampleTemplates(STARTED);
  for (const environment of ["staging", "production"]) {
    const Name = `/mattermost-test-system-io/lockstep/${environment}-sender-role-id`;
    const role = only(shared, "AWS::IAM::Role", `GitHub${environment}`);
    shared.hasResourceProperties("AWS::SSM::Parameter", { Name, Value: { "Fn::GetAtt": [role.id, "RoleId"] } });
    const read = Object.values(lockstep.findParameters("*", { Default: Name }));
    assert.deepEqual(
      read.map(({ Type }) => Type),
      ["AWS::SSM::Parameter::Value<String>"],
    );
  }
  const exported = Object.values(shared.findOutputs("*")).filter((output) => output["Export"] !== undefined);
  assert.doesNotMatch(JSON.stringify(exported), /RoleId/);
  assert.doesNotMatch(JSON.stringify(lockstep.toJSON()), /ImportValue[^}]*RoleId/);
});

const OPS = { OPERATOR_ROLE_ARN: "arn:aws:iam::123456789012:role/ops", OPERATOR_ROLE_ID: "AROAEXAMPLE7EXAMPLE77" };
const STAGERS = {
  STAGING_OPERATOR_ROLE_ARN: "arn:aws:iam::123456789012:role/stagers",
  STAGING_OPERATOR_ROLE_ID: "AROAEXAMPLE7EXAMPLE88",
};

/** The section `requests` of an environment, and what follows it. */
function requestsOf(template: Template, environment: "staging" | "production"): string {
  const [, rest = ""] = variable(template, "LOCKSTEP__APPLICATIONS").split(`${environment} = { kind`);
  return (rest.split("requests = ")[1] ?? "").split("production = { kind")[0] ?? "";
}

test("an operator of staging alone may ask there and may send, and production knows nothing of that role", () => {
  for (const settings of [STAGERS, { ...OPS, ...STAGERS }]) {
    const { lockstep } = exampleTemplates(settings);
    assert.match(requestsOf(lockstep, "staging"), /people_senders = \[[^\]]*"AROAEXAMPLE7EXAMPLE88"\]/);
    assert.doesNotMatch(requestsOf(lockstep, "production"), /AROAEXAMPLE7EXAMPLE88/);
    assert.equal(sends(lockstep, STAGERS.STAGING_OPERATOR_ROLE_ARN), "allowed");
  }
  const policy = only(lockstep, "AWS::IAM::ManagedPolicy", "StagingOperator").properties["PolicyDocument"].Statement;
  assert.deepEqual(
    policy.flatMap(({ Action }: any) => Action),
    ["sqs:SendMessage", "dynamodb:GetItem", "dynamodb:Query"],
    "it can put nothing on hold and force nothing open: that would be production's too",
  );
});

test("a workflow that may not ask is in no list, cannot send, and leaves the other and the rules as they are", () => {
  const { lockstep: without } = exampleTemplates({ PRODUCTION_WORKFLOW_MAY_ASK: "no" });
  assert.match(
    requestsOf(without, "production"),
    /workflow = "deploy-production.yml", workflow_senders = \["NOBODY"\]/,
  );
  assert.match(requestsOf(without, "staging"), /workflow_senders = \["<\w*stagingsenderroleid\w*>"\]/);
  assert.equal(sends(without, `${ROLE}-deploy-production`), "denied");
  assert.equal(sends(without, `${ROLE}-deploy-staging`), "allowed");
});

test("an age, an approval and freeze windows reach the worker's configuration, each in its own environment", () => {
  const { lockstep: strict } = exampleTemplates({
    STAGING_MAX_AGE_SECONDS: "600",
    STAGING_REQUIRE_APPROVAL: "yes",
    PRODUCTION_FREEZE:
      'friday,saturday 16:00 to 08:00 Europe/Berlin: week "end"; 2026-12-23T16:00:00Z to 2027-01-04T06:00:00+01:00: holidays',
  });
  assert.match(requestsOf(strict, "staging"), /max_age_seconds = 600, require_approval = true \}/);
  assert.doesNotMatch(requestsOf(strict, "staging"), /freeze/);
  assert.doesNotMatch(requestsOf(strict, "production"), /max_age_seconds|require_approval/);
  assert.ok(
    requestsOf(strict, "production").includes(
      'freeze = [{ days = ["friday", "saturday"], from = "16:00", until = "08:00", zone = "Europe/Berlin", reason = "week \\"end\\"" }, ' +
        '{ from = "2026-12-23T16:00:00Z", until = "2027-01-04T06:00:00+01:00", reason = "holidays" }]',
    ),
    requestsOf(strict, "production"),
  );
});

test("looks are no further apart than the alarms on a message's age allow for", () => {
  const [container] = only(lockstep, "AWS::ECS::TaskDefinition").properties["ContainerDefinitions"];
  const worker: string = container.Environment.find(({ Name }: any) => Name === "LOCKSTEP__WORKER").Value;
  const [, cap] = worker.match(/poll_cap_seconds = (\d+)/) ?? [];
  assert.ok(Number(cap) > 0 && Number(cap) <= RETRY_CAP_SECONDS, worker);
});

/** What the queue's policy makes of a role's message. */
function sends(template: Template, arn: string): string {
  const statements: Statement[] = only(template, "AWS::SQS::QueuePolicy", "QueuesDeployPolicy").properties[
    "PolicyDocument"
  ].Statement;
  const context = { "aws:SecureTransport": "true", "aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false" };
  return decide(statements, { action: "sqs:SendMessage", context, allowedByIdentity: true });
}

test("an operator's role may send when it is configured", () => {
  assert.equal(sends(exampleTemplates(OPS).lockstep, OPS.OPERATOR_ROLE_ARN), "allowed");
  assert.equal(sends(lockstep, OPS.OPERATOR_ROLE_ARN), "denied");
});

test("the worker runs in private subnets, read-only, with its own circuit breaker, and nobody can connect to it", () => {
  lockstep.hasResourceProperties("AWS::ECS::Service", {
    DesiredCount: 1,
    DeploymentConfiguration: { DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
    NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: "DISABLED" } },
  });
  const container = only(lockstep, "AWS::ECS::TaskDefinition").properties["ContainerDefinitions"][0];
  assert.equal(container.ReadonlyRootFilesystem, true);
  assert.equal(container.StopTimeout, 120);
  assert.match(container.Image, /@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(
    container.Secrets.map((secret: any) => secret.Name),
    ["LOCKSTEP_GITHUB_CREDENTIAL", "LOCKSTEP_REGISTRY_PASSWORD"],
  );
  const group = only(lockstep, "AWS::EC2::SecurityGroup").properties;
  assert.equal(group["SecurityGroupIngress"], undefined);
  lockstep.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
});

test("without a registry user there is no registry secret", () => {
  const template = exampleTemplates({ REGISTRY_USERNAME: "" }).lockstep;
  template.resourceCountIs("AWS::SecretsManager::Secret", 1);
});

test("no secret's value is in the template", () => {
  for (const secret of Object.values(lockstep.findResources("AWS::SecretsManager::Secret"))) {
    assert.equal(secret["Properties"].SecretString, undefined);
    assert.equal(secret["DeletionPolicy"], "Retain");
  }
});

test("workers are added when messages get old and taken away when there are none", () => {
  lockstep.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", { MinCapacity: 1, MaxCapacity: 4 });
  const age = Match.arrayWith([
    Match.objectLike({
      MetricStat: Match.objectLike({ Metric: Match.objectLike({ MetricName: "ApproximateAgeOfOldestMessage" }) }),
    }),
  ]);
  for (const [ComparisonOperator, Threshold] of [
    ["GreaterThanOrEqualToThreshold", 180],
    ["LessThanOrEqualToThreshold", 30],
  ]) {
    lockstep.hasResourceProperties("AWS::CloudWatch::Alarm", { ComparisonOperator, Threshold, Metrics: age });
  }
});

test("before the worker is started it has no task, and its absence is no alarm", () => {
  const template = exampleTemplates({ WORKER_STARTED: "no" }).lockstep;
  template.hasResourceProperties("AWS::ECS::Service", { DesiredCount: 0 });
  template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", { MinCapacity: 0, MaxCapacity: 0 });
  assert.equal(
    Object.keys(template.findResources("AWS::CloudWatch::Alarm")).filter((id) => id.startsWith("AlarmsWorkerDown"))
      .length,
    0,
  );
});

test("each alarm reaches people through an encrypted topic and says what to do", () => {
  const alarms = Object.entries(lockstep.findResources("AWS::CloudWatch::Alarm")).filter(([id]) =>
    id.startsWith("Alarms"),
  );
  const topic = only(lockstep, "AWS::SNS::Topic");
  assert.ok(topic.properties["KmsMasterKeyId"]);
  assert.deepEqual(
    alarms.map(([, alarm]) => [
      alarm["Properties"].AlarmName.split("-").pop(),
      alarm["Properties"].Threshold,
      alarm["Properties"].TreatMissingData,
    ]),
    [
      ["DeadLetters", 1, "notBreaching"],
      ["OldestMessage", 900, "notBreaching"],
      ["LockHeldTooLong", 7200, "notBreaching"],
      ["WorkerDown", 1, "breaching"],
      ["RolledBack", 1, "notBreaching"],
      ["Failed", 1, "notBreaching"],
    ],
  );
  for (const [, alarm] of alarms) {
    assert.deepEqual(alarm["Properties"].AlarmActions, [{ Ref: topic.id }]);
    assert.ok(alarm["Properties"].AlarmDescription.length > 40);
  }
});
