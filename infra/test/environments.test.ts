// StagingStack and ProductionStack: what Lockstep's deployments rest on, and what must outlive mistakes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { exampleStacks, exampleTemplates, only, STARTED } from "./support/example";

const running = exampleTemplates(STARTED);
const empty = exampleTemplates();
const environments: ["staging" | "production", Template][] = [
  ["staging", running.staging],
  ["production", running.production],
];

test("each application has the circuit breaker with rollback, and a configuration that can make progress", () => {
  for (const [name, template] of environments) {
    template.hasResourceProperties("AWS::ECS::Service", {
      ServiceName: `mattermost-test-system-io-${name}`,
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
      },
      LoadBalancers: [{ ContainerName: "app", ContainerPort: 8080, TargetGroupArn: Match.anyValue() }],
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: "DISABLED" } },
    });
  }
});

test("CloudFormation names no task count once tasks may run, and none before", () => {
  for (const name of ["staging", "production"] as const) {
    assert.equal(only(running[name], "AWS::ECS::Service", "ApplicationService").properties["DesiredCount"], undefined);
    assert.equal(only(empty[name], "AWS::ECS::Service", "ApplicationService").properties["DesiredCount"], 0);
  }
});

test("CloudFormation names the family and no revision, so that no update of a service puts an old release back", () => {
  for (const started of [empty, running]) {
    for (const name of ["staging", "production"] as const) {
      const template = started[name];
      const family = `mattermost-test-system-io-${name}`;
      const { TaskDefinition } = only(template, "AWS::ECS::Service", "ApplicationService").properties;
      assert.equal(TaskDefinition, family);
      const definition = only(template, "AWS::ECS::TaskDefinition", "ApplicationTask");
      assert.equal(definition.properties["Family"], family);
      const service = Object.entries(template.findResources("AWS::ECS::Service")).find(([id]) =>
        id.startsWith("ApplicationService"),
      );
      assert.ok(
        [service?.[1]["DependsOn"]].flat().includes(definition.id),
        "a family without a revision cannot be started",
      );
    }
  }
});

test("every container has a read-only root file system and writes its log to the guide's group", () => {
  for (const [, template] of environments) {
    for (const definition of Object.values(template.findResources("AWS::ECS::TaskDefinition"))) {
      for (const container of definition["Properties"].ContainerDefinitions) {
        assert.equal(container.ReadonlyRootFilesystem, true, container.Name);
        assert.match(JSON.stringify(container.LogConfiguration.Options["awslogs-group"]), /ApplicationLogs/);
      }
    }
  }
});

test("the application gets the three settings that the guide tells operators to check, secrets as secrets", () => {
  for (const [, template] of environments) {
    const container = only(template, "AWS::ECS::TaskDefinition", "ApplicationTask").properties[
      "ContainerDefinitions"
    ][0];
    assert.deepEqual(
      container.Environment.map((one: any) => one.Name),
      ["S3_BUCKET"],
    );
    assert.deepEqual(
      container.Secrets.map((one: any) => one.Name),
      ["DATABASE_URL", "API_KEY"],
    );
  }
});

test("no password is in a template", () => {
  for (const [, template] of environments) {
    for (const secret of Object.values(template.findResources("AWS::SecretsManager::Secret"))) {
      const { SecretString, GenerateSecretString } = secret["Properties"];
      if (GenerateSecretString !== undefined) continue;
      assert.match(
        JSON.stringify(SecretString),
        /postgres:\/\/app:\{\{resolve:secretsmanager:.*:SecretString:password::\}\}@/,
      );
    }
  }
});

test("staging's database stops before it starts, keeps nothing, and only the application connects", () => {
  running.staging.hasResourceProperties("AWS::ECS::Service", {
    ServiceName: "mattermost-test-system-io-staging-database",
    DeploymentConfiguration: Match.objectLike({ MinimumHealthyPercent: 0, MaximumPercent: 100 }),
    AvailabilityZoneRebalancing: "DISABLED",
  });
  const definition = only(running.staging, "AWS::ECS::TaskDefinition", "DatabaseTask").properties;
  // Volumes without a host or a file system live and die with the task.
  assert.deepEqual(definition["Volumes"], [{ Name: "data" }, { Name: "run" }, { Name: "tmp" }]);
  running.staging.resourceCountIs("AWS::RDS::DBInstance", 0);
  const ingress = Object.values(
    running.staging.findResources("AWS::EC2::SecurityGroupIngress", { Properties: { FromPort: 5432 } }),
  );
  assert.equal(ingress.length, 1);
});

test("production's database is encrypted, doubled, backed up, and cannot be deleted or reached from outside", () => {
  running.production.hasResource("AWS::RDS::DBInstance", {
    DeletionPolicy: "Snapshot",
    Properties: {
      StorageEncrypted: true,
      MultiAZ: true,
      BackupRetentionPeriod: 14,
      DeletionProtection: true,
      PubliclyAccessible: false,
    },
  });
  running.production.hasResourceProperties("AWS::RDS::DBParameterGroup", { Parameters: { "rds.force_ssl": "1" } });
  const ingress = Object.values(
    running.production.findResources("AWS::EC2::SecurityGroupIngress", { Properties: { FromPort: 5432 } }),
  );
  assert.equal(ingress.length, 1);
});

test("production's data is kept when its stack is deleted, staging's is not", () => {
  for (const [name, policy] of [
    ["production", "Retain"],
    ["staging", "Delete"],
  ] as const) {
    for (const type of ["AWS::S3::Bucket", "AWS::SecretsManager::Secret"]) {
      for (const [id, resource] of Object.entries(running[name].findResources(type)))
        assert.equal(resource["DeletionPolicy"], policy, id);
    }
  }
});

test("all stacks but staging's are protected against deletion", () => {
  const { shared, lockstep, staging, production } = exampleStacks();
  assert.deepEqual(
    [shared, lockstep, staging, production].map((stack) => [stack.stackName, stack.terminationProtection ?? false]),
    [
      ["SharedStack", true],
      ["LockstepStack", true],
      ["StagingStack", false],
      ["ProductionStack", true],
    ],
  );
});

test("each environment answers to its own name", () => {
  running.staging.hasResourceProperties("AWS::ElasticLoadBalancingV2::ListenerRule", {
    Conditions: [{ Field: "host-header", HostHeaderConfig: { Values: ["staging-test-io.test.mattermost.com"] } }],
  });
  running.production.hasResourceProperties("AWS::Route53::RecordSet", {
    Name: "test-io.test.mattermost.com.",
    Type: "A",
  });
});
