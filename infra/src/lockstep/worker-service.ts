// The worker as a Fargate service. Must never accept a connection, keep a file, or run under a role that can do more
// than policies/worker-actions.json says.

import { Duration } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { PolicyDocument, Role } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Config, EnvironmentName } from "../config/config";
import type { Names } from "../config/names";
import { acknowledge } from "../constructs/acknowledge";
import { imageOf } from "../constructs/image";
import type { Resources } from "../policies/resources";
import { statementsOf } from "../policies/statements";
import { ecsTasksOf } from "../policies/task-trust";
import { acknowledgeWildcards } from "../policies/wildcards";
import { GITHUB_VARIABLE, REGISTRY_VARIABLE, type WorkerPlaces, workerEnvironment } from "./worker-configuration";
import type { WorkerSecrets } from "./worker-secrets";

/** The smallest that Fargate has: the worker waits for far more than it works. */
const CPU = 256;
const MEMORY_MIB = 512;

/** Fargate's longest: on SIGTERM the worker finishes what is under way. */
const STOP_TIMEOUT = Duration.seconds(120);

export interface WorkerServiceProps {
  readonly config: Config;
  readonly names: Names;
  readonly resources: Resources;
  readonly vpc: IVpc;
  readonly logs: ILogGroup;
  readonly places: WorkerPlaces;
  /** The ids of the roles that each environment's workflow sends with. */
  readonly senders: Readonly<Record<EnvironmentName, string>>;
  readonly secrets: WorkerSecrets;
}

export class WorkerService extends Construct {
  readonly service: ecs.FargateService;
  readonly cluster: ecs.Cluster;
  readonly taskRole: Role;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: WorkerServiceProps,
  ) {
    super(scope, id);
    const { config, names, vpc } = props;
    this.cluster = new ecs.Cluster(this, "Cluster", { vpc, clusterName: names.workerCluster });
    acknowledge(this.cluster, {
      "AwsSolutions-ECS4":
        "The alarms use ECS's own metrics and the log; Container Insights would cost more than the worker",
    });
    this.taskRole = this.role();
    this.service = new ecs.FargateService(this, "Service", {
      serviceName: names.workerService,
      cluster: this.cluster,
      taskDefinition: this.taskDefinition(),
      // Set back with every change made here; autoscaling takes it up again within minutes.
      desiredCount: config.worker.started ? config.worker.minTasks : 0,
      // The new worker before the old one ends: any number may run side by side.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      assignPublicIp: false,
      securityGroups: [this.onlyOutwards(vpc)],
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
  }

  private role(): Role {
    const { config, names, resources } = this.props;
    const role = new Role(this, "Role", {
      roleName: names.workerRole,
      description: "The worker: policies/worker-actions.json says why each action is here",
      assumedBy: ecsTasksOf(config),
      inlinePolicies: { worker: new PolicyDocument({ statements: statementsOf("worker", resources) }) },
    });
    acknowledgeWildcards(role, "worker", resources);
    return role;
  }

  private taskDefinition(): ecs.FargateTaskDefinition {
    const { config, names, logs, places, secrets, senders } = this.props;
    const executionRole = new Role(this, "ExecutionRole", {
      roleName: names.workerExecutionRole,
      description: "Starts the worker: pulls its image, reads its secrets, writes its log",
      assumedBy: ecsTasksOf(config),
    });
    const definition = new ecs.FargateTaskDefinition(this, "Task", {
      family: names.workerService,
      cpu: CPU,
      memoryLimitMiB: MEMORY_MIB,
      taskRole: this.taskRole,
      executionRole,
    });
    definition.addContainer("worker", {
      image: imageOf(this, "Image", config.worker.image, executionRole),
      command: ["worker"],
      environment: workerEnvironment(config, names, places, { ...senders, worker: this.taskRole.roleId }),
      secrets: {
        [GITHUB_VARIABLE]: ecs.Secret.fromSecretsManager(secrets.github),
        ...(secrets.registry === undefined
          ? {}
          : { [REGISTRY_VARIABLE]: ecs.Secret.fromSecretsManager(secrets.registry) }),
      },
      logging: ecs.LogDrivers.awsLogs({ logGroup: logs, streamPrefix: "worker" }),
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
    });
    acknowledge(definition, {
      "AwsSolutions-ECS2":
        "Names, URLs and times, made of the same values as the resources; both secrets come from Secrets Manager",
    });
    return definition;
  }

  private onlyOutwards(vpc: IVpc): SecurityGroup {
    const group = new SecurityGroup(this, "SecurityGroup", {
      vpc,
      description: "The worker: nobody connects to it",
      allowAllOutbound: false,
    });
    // AWS, GitHub, registries and the applications' readiness URLs have no fixed addresses.
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "AWS, GitHub, the registry, readiness");
    return group;
  }
}
