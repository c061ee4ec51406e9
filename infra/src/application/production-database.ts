// Production's PostgreSQL on RDS. Must never be reachable from outside the network, nor go without a snapshot.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type IConnectable, InstanceType, type IVpc, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import * as rds from "aws-cdk-lib/aws-rds";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Config } from "../config/config";
import type { Names } from "../config/names";
import { acknowledge } from "../constructs/acknowledge";
import { DATABASE_NAME, DATABASE_PORT, DatabaseCredentials } from "./database-credentials";

/** The major version that staging runs too (POSTGRES_IMAGE): a migration is tried on what it will meet. */
const MAJOR_VERSION = "17";

const BACKUPS_KEPT = Duration.days(14);

export interface ProductionDatabaseProps {
  readonly config: Config;
  readonly names: Names;
  readonly vpc: IVpc;
}

export class ProductionDatabase extends Construct {
  /** DATABASE_URL of the application. */
  readonly url: ISecret;
  private readonly instance: rds.DatabaseInstance;

  constructor(scope: Construct, id: string, { config, names, vpc }: ProductionDatabaseProps) {
    super(scope, id);
    const credentials = new DatabaseCredentials(this, "Credentials", {
      prefix: `${names.application}/production`,
      removalPolicy: RemovalPolicy.RETAIN,
      whyNotRotated:
        "The application reads its URL when a task starts: a change is a deployment (README, Secrets), not a schedule",
    });
    const engine = rds.DatabaseInstanceEngine.postgres({
      version: rds.PostgresEngineVersion.of(MAJOR_VERSION, MAJOR_VERSION),
    });
    this.instance = new rds.DatabaseInstance(this, "Instance", {
      engine,
      parameterGroup: new rds.ParameterGroup(this, "Parameters", { engine, parameters: { "rds.force_ssl": "1" } }),
      credentials: rds.Credentials.fromSecret(credentials.login),
      databaseName: DATABASE_NAME,
      port: DATABASE_PORT,
      instanceType: new InstanceType(config.rds.instanceClass),
      multiAz: config.rds.multiAz,
      storageType: rds.StorageType.GP3,
      allocatedStorage: config.rds.storageGib,
      storageEncrypted: true,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      publiclyAccessible: false,
      securityGroups: [
        new SecurityGroup(this, "SecurityGroup", {
          vpc,
          description: "The production database",
          allowAllOutbound: false,
        }),
      ],
      backupRetention: BACKUPS_KEPT,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      cloudwatchLogsExports: ["postgresql"],
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    // The major version only: RDS takes the minor one that it recommends and keeps it current. Unverified in an account.
    (this.instance.node.defaultChild as rds.CfnDBInstance).addMetadata("cfn-lint", {
      config: { ignore_checks: ["W3691"] },
    });
    this.url = credentials.url(this.instance.dbInstanceEndpointAddress, "?sslmode=require");
    acknowledge(this.instance, {
      "AwsSolutions-RDS11": "Another port hides nothing from somebody inside the network, and nobody else reaches it",
    });
  }

  /** Lets the application connect. */
  allowFrom(client: IConnectable): void {
    client.connections.allowTo(this.instance, Port.tcp(DATABASE_PORT), "PostgreSQL");
  }
}
