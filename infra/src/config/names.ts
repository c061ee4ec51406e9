// Every physical name, made of the project's. Stacks agree on names here instead of exporting values to each other,
// so that policies can name what a later stack creates. Must never name what CloudFormation can name by itself.

import type { Config, EnvironmentName } from "./config";

export interface EnvironmentNames {
  readonly cluster: string;
  /** The application's service. */
  readonly service: string;
  /** Its container, whose image Lockstep replaces. */
  readonly container: string;
  /** Its task definitions' family. */
  readonly family: string;
  readonly taskRole: string;
  readonly executionRole: string;
  /** The role that a workflow of this environment assumes. */
  readonly senderRole: string;
  /** The export that holds the sender role's ARN. */
  readonly senderRoleExport: string;
  /** The parameter (SSM) that holds its id. */
  readonly senderRoleIdParameter: string;
}

export interface DatabaseNames {
  readonly service: string;
  readonly container: string;
  readonly family: string;
  readonly taskRole: string;
  readonly executionRole: string;
}

export interface Names {
  readonly application: string;
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly table: string;
  readonly ecsEventsRule: string;
  readonly workerCluster: string;
  readonly workerService: string;
  readonly workerRole: string;
  readonly workerExecutionRole: string;
  readonly workerLogGroup: string;
  /** The role that the build workflow assumes. */
  readonly builderRole: string;
  /** The export that holds its ARN. */
  readonly builderRoleExport: string;
  readonly operatorPolicy: string;
  /** For people who may ask in staging alone. */
  readonly stagingOperatorPolicy: string;
  /** The deployment guide's troubleshooting commands name this one. */
  readonly applicationLogGroup: string;
  readonly metricNamespace: string;
  readonly environments: Readonly<Record<EnvironmentName, EnvironmentNames>>;
  /** Staging's database, which is an ECS service. */
  readonly stagingDatabase: DatabaseNames;
}

export function namesOf(config: Pick<Config, "project">): Names {
  const { project } = config;
  const environment = (name: EnvironmentName, senderRoleExport: string): EnvironmentNames => ({
    cluster: `${project}-${name}`,
    service: `${project}-${name}`,
    container: "app",
    family: `${project}-${name}`,
    taskRole: `${project}-${name}-task`,
    executionRole: `${project}-${name}-execution`,
    senderRole: `${project}-deploy-${name}`,
    senderRoleExport,
    senderRoleIdParameter: `/${project}/lockstep/${name}-sender-role-id`,
  });
  return {
    application: project,
    queue: `${project}-lockstep`,
    deadLetterQueue: `${project}-lockstep-dead-letters`,
    table: `${project}-lockstep`,
    ecsEventsRule: `${project}-lockstep-ecs-events`,
    workerCluster: `${project}-lockstep`,
    workerService: `${project}-lockstep-worker`,
    workerRole: `${project}-lockstep-worker`,
    workerExecutionRole: `${project}-lockstep-worker-execution`,
    builderRole: `${project}-lockstep-builder`,
    builderRoleExport: `${project}-builder-role-arn`,
    workerLogGroup: `/ecs/${project}-lockstep`,
    operatorPolicy: `${project}-lockstep-operator`,
    stagingOperatorPolicy: `${project}-lockstep-operator-staging`,
    applicationLogGroup: `/ecs/${project}-shared`,
    metricNamespace: `Lockstep/${project}`,
    environments: {
      // The guide reads this export by this name: it stays, and is staging's.
      staging: environment("staging", `${project}-deploy-role-arn`),
      production: environment("production", `${project}-deploy-role-arn-production`),
    },
    stagingDatabase: {
      service: `${project}-staging-database`,
      container: "postgres",
      family: `${project}-staging-database`,
      taskRole: `${project}-staging-database-task`,
      executionRole: `${project}-staging-database-execution`,
    },
  };
}
