// SharedStack: who may become a sender and what a sender may do; the way in from the internet.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { exampleTemplates, only } from "./support/example";

const { shared } = exampleTemplates();
const ISSUER = "token.actions.githubusercontent.com";

test("only workflows of the environment, the repository and the default branch become its sender", () => {
  for (const environment of ["staging", "production"]) {
    const { properties } = only(shared, "AWS::IAM::Role", `GitHub${environment}`);
    assert.deepEqual(properties["AssumeRolePolicyDocument"].Statement, [
      {
        Effect: "Allow",
        Action: "sts:AssumeRoleWithWebIdentity",
        Principal: { Federated: { "Fn::GetAtt": [only(shared, "AWS::IAM::OIDCProvider").id, "Arn"] } },
        Condition: {
          StringEquals: {
            [`${ISSUER}:aud`]: "sts.amazonaws.com",
            [`${ISSUER}:sub`]: [
              `repo:mattermost/mattermost-test-system-io:environment:${environment}`,
              `repo:mattermost@1000001/mattermost-test-system-io@1000002:environment:${environment}`,
            ],
            [`${ISSUER}:repository_id`]: "1000002",
            [`${ISSUER}:ref`]: "refs/heads/main",
          },
        },
      },
    ]);
  }
});

test("a sender can send to the queue and read the table, and nothing else", () => {
  for (const environment of ["staging", "production"]) {
    const { properties } = only(shared, "AWS::IAM::Role", `GitHub${environment}`);
    assert.equal(properties["ManagedPolicyArns"], undefined);
    const statements = properties["Policies"].flatMap((policy: any) => policy.PolicyDocument.Statement);
    assert.deepEqual(
      statements.map(({ Action, Resource }: any) => [Action, Resource]),
      [
        ["sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:mattermost-test-system-io-lockstep"],
        [
          ["dynamodb:GetItem", "dynamodb:Query"],
          "arn:aws:dynamodb:us-east-1:123456789012:table/mattermost-test-system-io-lockstep",
        ],
      ],
    );
  }
});

test("only the build workflow of the default branch becomes the builder, which can send to the queue and nothing else", () => {
  const { properties } = only(shared, "AWS::IAM::Role", "GitHubbuilder");
  const [trust] = properties["AssumeRolePolicyDocument"].Statement;
  assert.equal(trust.Action, "sts:AssumeRoleWithWebIdentity");
  assert.deepEqual(trust.Condition, {
    StringEquals: {
      [`${ISSUER}:aud`]: "sts.amazonaws.com",
      [`${ISSUER}:sub`]: [
        "repo:mattermost/mattermost-test-system-io:environment:build",
        "repo:mattermost@1000001/mattermost-test-system-io@1000002:environment:build",
      ],
      [`${ISSUER}:repository_id`]: "1000002",
      [`${ISSUER}:ref`]: "refs/heads/main",
    },
  });
  assert.equal(properties["ManagedPolicyArns"], undefined);
  const statements = properties["Policies"].flatMap((policy: any) => policy.PolicyDocument.Statement);
  assert.deepEqual(
    statements.map(({ Effect, Action, Resource }: any) => [Effect, Action, Resource]),
    [["Allow", "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:mattermost-test-system-io-lockstep"]],
  );
});

test("the role ids are outputs, named as the settings that they belong into", () => {
  for (const [output, role, setting] of [
    ["StagingSenderRoleId", "GitHubstaging", ".environments.staging.requests.workflow_senders"],
    ["ProductionSenderRoleId", "GitHubproduction", ".environments.production.requests.workflow_senders"],
    ["BuilderRoleId", "GitHubbuilder", "no setting"],
  ] as const) {
    const [found] = Object.values(shared.findOutputs(output));
    assert.deepEqual(found?.["Value"], { "Fn::GetAtt": [only(shared, "AWS::IAM::Role", role).id, "RoleId"] });
    assert.ok(found?.["Description"].includes(setting), found?.["Description"]);
  }
});

test("the deployment guide's export names staging's role, and production has its own", () => {
  const exports = Object.values(shared.findOutputs("*")).filter((output) =>
    output["Export"]?.Name?.includes?.("deploy-role-arn"),
  );
  assert.deepEqual(
    exports.map((output) => [output["Export"].Name, output["Value"]["Fn::GetAtt"][0]]),
    [
      ["mattermost-test-system-io-deploy-role-arn", only(shared, "AWS::IAM::Role", "GitHubstaging").id],
      ["mattermost-test-system-io-deploy-role-arn-production", only(shared, "AWS::IAM::Role", "GitHubproduction").id],
    ],
  );
});

test("an account that has GitHub's provider already keeps it", () => {
  const arn = `arn:aws:iam::123456789012:oidc-provider/${ISSUER}`;
  const template = exampleTemplates({ GITHUB_OIDC_PROVIDER_ARN: arn }).shared;
  template.resourceCountIs("AWS::IAM::OIDCProvider", 0);
  const { properties } = only(template, "AWS::IAM::Role", "GitHubstaging");
  assert.deepEqual(properties["AssumeRolePolicyDocument"].Statement[0].Principal, { Federated: arn });
});

test("the internet reaches the load balancer by TLS only, and an unknown host gets nothing", () => {
  shared.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
    Port: 443,
    SslPolicy: Match.stringLikeRegexp("TLS13"),
    DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }],
  });
  shared.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
    Port: 80,
    DefaultActions: [{ Type: "redirect", RedirectConfig: { Protocol: "HTTPS" } }],
  });
  shared.resourceCountIs("AWS::ElasticLoadBalancingV2::Listener", 2);
});

test("the log group of the guide's troubleshooting exists and is kept", () => {
  shared.hasResource("AWS::Logs::LogGroup", {
    Properties: { LogGroupName: "/ecs/mattermost-test-system-io-shared" },
    DeletionPolicy: "Retain",
  });
});

test("no subnet but the public ones has a way in", () => {
  const subnets = Object.values(shared.findResources("AWS::EC2::Subnet"));
  assert.equal(subnets.length, 6);
  for (const subnet of subnets) assert.equal(subnet["Properties"].MapPublicIpOnLaunch, false);
  shared.resourceCountIs("AWS::EC2::NatGateway", 1);
});
