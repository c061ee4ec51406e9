// Staging's PostgreSQL, an ECS service without storage: every task begins with an empty database, which is what a
// staging deployment wants. Must never run two tasks at once (the second would be another, empty database), nor keep
// anything.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type IConnectable, type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { DnsRecordType, PrivateDnsNamespace } from "aws-cdk-lib/aws-servicediscovery";
import { Construct } from "constructs";
import type { Config } from "../config/config";
import type { Names } from "../config/names";
import { acknowledge } from "../constructs/acknowledge";
import { imageOf } from "../constructs/image";
import { DATABASE_NAME, DATABASE_PORT, DATABASE_USER, DatabaseCredentials } from "./database-credentials";
import { taskRoles } from "./task-roles";
import { mountWritable } from "./writable";

/** Names are asked for anew this often, so the application finds a fresh database's address soon. */
const DNS_TTL = Duration.seconds(10);

const DATA = "/var/lib/postgresql/data";

export interface StagingDatabaseProps {
  readonly config: Config;
  readonly names: Names;
  readonly vpc: IVpc;
  readonly cluster: ecs.ICluster;
  readonly logs: ILogGroup;
}

export class StagingDatabase extends Construct {
  /** DATABASE_URL of the application. */
  readonly url: ISecret;
  private readonly securityGroup: SecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StagingDatabaseProps,
  ) {
    super(scope, id);
    const { names, vpc, cluster } = props;
    const credentials = new DatabaseCredentials(this, "Credentials", {
      prefix: `${names.application}/staging`,
      removalPolicy: RemovalPolicy.DESTROY,
      whyNotRotated: "It opens a database that lives until the next deployment and that only the application can reach",
    });
    this.securityGroup = new SecurityGroup(this, "SecurityGroup", {
      vpc,
      description: "The staging database",
      allowAllOutbound: false,
    });
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "the registry, Secrets Manager, the log");
    const namespace = new PrivateDnsNamespace(this, "Namespace", {
      vpc,
      name: `${names.environments.staging.cluster}.internal`,
    });
    new ecs.FargateService(this, "Service", {
      serviceName: names.stagingDatabase.service,
      cluster,
      taskDefinition: this.taskDefinition(credentials),
      // The old one stops before the new one starts (protocol rule 12).
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      // Moving a task to another zone for balance would need two of them for a while.
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      assignPublicIp: false,
      securityGroups: [this.securityGroup],
      cloudMapOptions: {
        cloudMapNamespace: namespace,
        name: "database",
        dnsRecordType: DnsRecordType.A,
        dnsTtl: DNS_TTL,
      },
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    this.url = credentials.url(`database.${namespace.namespaceName}`);
  }

  /** Lets the application connect. */
  allowFrom(client: IConnectable): void {
    client.connections.allowTo(this.securityGroup, Port.tcp(DATABASE_PORT), "PostgreSQL");
  }

  private taskDefinition(credentials: DatabaseCredentials): ecs.FargateTaskDefinition {
    const { config, names, logs } = this.props;
    const roles = taskRoles(this, config, names.stagingDatabase);
    const definition = new ecs.FargateTaskDefinition(this, "Task", {
      family: names.stagingDatabase.family,
      cpu: 256,
      memoryLimitMiB: 1024,
      ...roles,
    });
    const container = definition.addContainer(names.stagingDatabase.container, {
      image: imageOf(this, "Image", config.application.postgresImage, roles.executionRole),
      portMappings: [{ containerPort: DATABASE_PORT }],
      environment: {
        POSTGRES_USER: DATABASE_USER,
        POSTGRES_DB: DATABASE_NAME,
        // Below the mount and not the mount itself, which need not be empty.
        PGDATA: `${DATA}/pgdata`,
      },
      secrets: { POSTGRES_PASSWORD: ecs.Secret.fromSecretsManager(credentials.login, "password") },
      healthCheck: {
        command: ["CMD-SHELL", `pg_isready --username=${DATABASE_USER} --dbname=${DATABASE_NAME}`],
        interval: Duration.seconds(10),
        retries: 6,
        startPeriod: Duration.seconds(20),
      },
      logging: ecs.LogDrivers.awsLogs({ logGroup: logs, streamPrefix: "staging-database" }),
      readonlyRootFilesystem: true,
    });
    mountWritable(definition, container, { data: DATA, run: "/var/run/postgresql", tmp: "/tmp" });
    acknowledge(definition, { "AwsSolutions-ECS2": "Names and a path; the password comes from Secrets Manager" });
    return definition;
  }
}
