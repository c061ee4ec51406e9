// The application of one environment as a Fargate service. Lockstep deploys it: after the first deployment neither its
// task definition nor its task count is CloudFormation's. Must never set a task count once tasks may run, nor name a revision.

import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { CfnBucket, IBucket } from "aws-cdk-lib/aws-s3";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Config, EnvironmentName } from "../config/config";
import type { Names } from "../config/names";
import { acknowledge } from "../constructs/acknowledge";
import { imageOf } from "../constructs/image";
import { taskRoles } from "./task-roles";
import { mountWritable } from "./writable";

/** Migrations run before the application answers. */
const GRACE = Duration.seconds(120);

export interface ApplicationServiceProps {
  readonly config: Config;
  readonly names: Names;
  readonly environment: EnvironmentName;
  readonly vpc: IVpc;
  readonly cluster: ecs.ICluster;
  readonly logs: ILogGroup;
  readonly databaseUrl: ISecret;
  readonly bucket: IBucket;
}

export class ApplicationService extends Construct {
  readonly service: ecs.FargateService;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ApplicationServiceProps,
  ) {
    super(scope, id);
    const { config, names, environment, vpc, cluster } = props;
    const group = new SecurityGroup(this, "SecurityGroup", {
      vpc,
      description: `The application in ${environment}`,
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "AWS, the registry, and what the application calls");
    const taskDefinition = this.taskDefinition();
    this.service = new ecs.FargateService(this, "Service", {
      serviceName: names.environments[environment].service,
      cluster,
      taskDefinition,
      // By its family alone: a stack's update of the service sends all of its properties, and with a revision named it
      // would put that one back in the place of what Lockstep deployed. So it asks for the newest, which that is.
      taskDefinitionRevision: ecs.TaskDefinitionRevision.LATEST,
      // Without a count CloudFormation leaves it as it is; before the first deployment there is no image to run.
      ...(config.environments[environment].started ? {} : { desiredCount: 0 }),
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      // What Lockstep's verdicts rest on; it asks for both before it deploys.
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: GRACE,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      assignPublicIp: false,
      securityGroups: [group],
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    // The name refers to nothing, and there must be a first revision.
    const made = this.service.node.defaultChild as ecs.CfnService;
    made.addResourceDependency(taskDefinition.node.defaultChild as ecs.CfnTaskDefinition);
  }

  private taskDefinition(): ecs.FargateTaskDefinition {
    const { config, names, environment, logs, databaseUrl, bucket } = this.props;
    const { family, container: containerName } = names.environments[environment];
    const roles = taskRoles(this, config, names.environments[environment]);
    const definition = new ecs.FargateTaskDefinition(this, "Task", {
      family,
      cpu: config.application.cpu,
      memoryLimitMiB: config.application.memory,
      ...roles,
    });
    const container = definition.addContainer(containerName, {
      image: imageOf(this, "Image", config.environments[environment].image, roles.executionRole),
      portMappings: [{ containerPort: config.application.port }],
      // The three names that the deployment guide tells operators to check.
      environment: { S3_BUCKET: bucket.bucketName },
      secrets: {
        DATABASE_URL: ecs.Secret.fromSecretsManager(databaseUrl),
        API_KEY: ecs.Secret.fromSecretsManager(this.apiKey()),
      },
      logging: ecs.LogDrivers.awsLogs({ logGroup: logs, streamPrefix: environment }),
      readonlyRootFilesystem: true,
    });
    mountWritable(definition, container, { tmp: "/tmp" });
    useBucket(roles.taskRole, bucket);
    acknowledge(definition, { "AwsSolutions-ECS2": "A bucket's name; what is secret comes from Secrets Manager" });
    return definition;
  }

  private apiKey(): Secret {
    const { names, environment } = this.props;
    const secret = new Secret(this, "ApiKey", {
      secretName: `${names.application}/${environment}/api-key`,
      description: "API_KEY of the application",
      generateSecretString: { excludePunctuation: true, passwordLength: 48 },
      removalPolicy: environment === "production" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(secret, {
      "AwsSolutions-SMG4": "The application's clients hold it: changing it is agreed with them, not scheduled",
    });
    return secret;
  }
}

/** Objects of this one bucket, read, written and deleted; nothing about the bucket itself but listing it. */
function useBucket(role: Role, bucket: IBucket): void {
  const objects = bucket.arnForObjects("*");
  role.addToPolicy(
    new PolicyStatement({ sid: "ListItsFiles", actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
  );
  role.addToPolicy(
    new PolicyStatement({
      sid: "KeepFiles",
      actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      resources: [objects],
    }),
  );
  const logicalId = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
  acknowledge(role, {
    [`AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/*]`]:
      "The application names its files as it likes, in its own bucket",
  });
}
