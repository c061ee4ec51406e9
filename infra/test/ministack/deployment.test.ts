// A real CloudFormation deployment of the shared and the Lockstep stack's queue, table, rule, roles and alarms into
// ministack, looked at through AWS's SDK as Lockstep needs it. What ministack does not do (seen in version 1.5.33): it
// decides nothing by the queue's policy, leaves out a table's encryption and point-in-time recovery when CloudFormation
// makes it, and lets nobody send events as aws.ecs (nor does AWS); the templates' own tests look at those. Must never be taken for a proof that AWS accepts the whole stack.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import {
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { GetRoleCommand, GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { namesOf } from "../../src/config/names";
import { unchecked } from "../../src/app";
import { actionsOf } from "../../src/policies/actions";
import { deployedServices } from "../../src/policies/resources";
import { exampleConfig, STARTED } from "../support/example";
import { deployable, type Template } from "./deployable";
import { type Server, startMinistack } from "./server";
import { clientSettings, deploy } from "./stack";

const config = exampleConfig({
  ...STARTED,
  GITHUB_OIDC_PROVIDER_ARN: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
});
const names = namesOf(config);

let server: Server;
let outputs: Record<string, string>;
let settings: ReturnType<typeof clientSettings>;

before(async () => {
  server = await startMinistack(config.account, config.region);
  settings = clientSettings(server.endpoint, config.region);
  const assembly = unchecked(config, { builtinCloudFormationValidation: false }).app.synth();
  const cloudFormation = new CloudFormationClient(settings);
  const templateOf = (stack: string) => assembly.getStackByName(stack).template as Template;
  await deploy(cloudFormation, "SharedStack", deployable(templateOf("SharedStack")).template);
  outputs = await deploy(cloudFormation, "LockstepStack", deployable(templateOf("LockstepStack")).template);
});

after(async () => server?.stop());

test("only what needs a network, ECS or autoscaling is left out of the Lockstep stack", () => {
  const template = unchecked(config, { builtinCloudFormationValidation: false })
    .app.synth()
    .getStackByName("LockstepStack").template as Template;
  assert.deepEqual(deployable(template).leftOut, [
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::SecurityGroup",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
  ]);
});

test("the queue has the worker's visibility, ten deliveries, its dead-letter queue and its policy", async () => {
  const sqs = new SQSClient(settings);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: outputs["QueueUrl"], AttributeNames: ["All"] }),
  );
  assert.equal(Attributes?.["VisibilityTimeout"], "60");
  assert.equal(Attributes?.["MessageRetentionPeriod"], "1209600");
  const redrive = JSON.parse(Attributes?.["RedrivePolicy"] ?? "{}");
  assert.equal(Number(redrive.maxReceiveCount), 10);
  const dead = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: outputs["DeadLetterQueueUrl"], AttributeNames: ["All"] }),
  );
  assert.equal(redrive.deadLetterTargetArn, dead.Attributes?.["QueueArn"]);
  const sids = JSON.parse(Attributes?.["Policy"] ?? "{}").Statement.map((statement: { Sid: string }) => statement.Sid);
  assert.deepEqual(sids, ["DenyPlainHttp", "AllowEcsEvents", "DenyOtherSenders", "DenyServicesButTheRule"]);
});

test("a message goes through the queue as the worker sends and takes it", async () => {
  const sqs = new SQSClient(settings);
  const QueueUrl = outputs["QueueUrl"];
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}", DelaySeconds: 0 }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  assert.equal(Messages?.length, 1);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
});

test("the table has the worker's keys, is billed per request and protected", async () => {
  const dynamodb = new DynamoDBClient(settings);
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: outputs["TableName"] }));
  assert.deepEqual(
    Table?.KeySchema?.map(({ AttributeName, KeyType }) => [AttributeName, KeyType]),
    [
      ["pk", "HASH"],
      ["sk", "RANGE"],
    ],
  );
  assert.equal(Table?.BillingModeSummary?.BillingMode, "PAY_PER_REQUEST");
  assert.equal(Table?.DeletionProtectionEnabled, true);
});

test("the table takes the worker's kinds of writes: put if absent, and a transaction with a condition", async () => {
  const dynamodb = new DynamoDBClient(settings);
  const TableName = outputs["TableName"];
  const entry = (seq: string) => ({ pk: { S: "deployment#1" }, sk: { S: `event#${seq}` } });
  const ConditionExpression = "attribute_not_exists(pk)";
  await dynamodb.send(new PutItemCommand({ TableName, Item: entry("0000000001"), ConditionExpression }));
  await assert.rejects(
    dynamodb.send(new PutItemCommand({ TableName, Item: entry("0000000001"), ConditionExpression })),
    { name: "ConditionalCheckFailedException" },
  );
  const close = new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName, Item: entry("0000000002"), ConditionExpression } },
      {
        Update: {
          TableName,
          Key: { pk: { S: "environment#app#staging" }, sk: { S: "lock" } },
          UpdateExpression: "REMOVE holder",
          ConditionExpression: "holder = :holder",
          ExpressionAttributeValues: { ":holder": { S: "1" } },
        },
      },
    ],
  });
  await assert.rejects(dynamodb.send(close), { name: "TransactionCanceledException" });
});

test("the rule takes ECS's deployment events of the deployed services to the queue, and no others", async () => {
  const events = new EventBridgeClient(settings);
  const rule = await events.send(new DescribeRuleCommand({ Name: names.ecsEventsRule }));
  assert.equal(rule.State, "ENABLED");
  const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: names.ecsEventsRule }));
  assert.deepEqual(
    Targets?.map(({ Arn }) => Arn),
    [`arn:aws:sqs:us-east-1:123456789012:${names.queue}`],
  );
  const matches = async (event: object) => {
    const answer = await events.send(
      new TestEventPatternCommand({ EventPattern: rule.EventPattern, Event: JSON.stringify(event) }),
    );
    return answer.Result;
  };
  for (const { cluster, service } of deployedServices(names))
    assert.equal(await matches(ecsEvent(`${cluster}/${service}`)), true, service);
  const { cluster, service } = names.environments.production;
  assert.equal(await matches(ecsEvent("other/other")), false);
  assert.equal(await matches(ecsEvent(`${cluster}/${service}-2`)), false);
  assert.equal(await matches({ ...ecsEvent(`${cluster}/${service}`), "detail-type": "ECS Task State Change" }), false);
  assert.equal(await matches({ ...ecsEvent(`${cluster}/${service}`), source: "somebody" }), false);
});

/** In the shape of the ECS developer guide's sample of a service deployment event. */
function ecsEvent(service: string) {
  return {
    version: "0",
    id: "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
    "detail-type": "ECS Deployment State Change",
    source: "aws.ecs",
    account: "123456789012",
    time: "2026-11-23T12:31:14Z",
    region: "us-east-1",
    resources: [`arn:aws:ecs:us-east-1:123456789012:service/${service}`],
    detail: {
      eventType: "INFO",
      eventName: "SERVICE_DEPLOYMENT_COMPLETED",
      deploymentId: "ecs-svc/123",
      updatedAt: "2026-11-23T11:11:11Z",
      reason: "ECS deployment ecs-svc/123 completed.",
    },
  };
}

test("the roles exist under the names that policies speak of, with the worker's statements", async () => {
  const iam = new IAMClient(settings);
  for (const name of [
    names.workerRole,
    names.workerExecutionRole,
    names.environments.staging.senderRole,
    names.environments.production.senderRole,
    names.builderRole,
  ]) {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: name }));
    assert.equal(Role?.Arn, `arn:aws:iam::123456789012:role/${name}`);
  }
  const { PolicyDocument } = await iam.send(
    new GetRolePolicyCommand({ RoleName: names.workerRole, PolicyName: "worker" }),
  );
  const document = JSON.parse(decodeURIComponent(PolicyDocument ?? ""));
  assert.deepEqual(
    document.Statement.map((statement: { Sid: string }) => statement.Sid),
    actionsOf("worker").map(({ sid }) => sid),
  );
});
