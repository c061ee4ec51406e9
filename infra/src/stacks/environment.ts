// What StagingStack and ProductionStack have in common: cluster, service, way in. Must never reach into the other
// environment.

import { RemovalPolicy } from "aws-cdk-lib";
import { Cluster } from "aws-cdk-lib/aws-ecs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { ApplicationService } from "../application/application-service";
import { FrontDoor } from "../application/front-door";
import { uploads } from "../application/uploads";
import type { EnvironmentName } from "../config/config";
import { acknowledge } from "../constructs/acknowledge";
import type { StackInputs } from "./inputs";
import type { SharedStack } from "./shared-stack";

export interface EnvironmentInputs extends StackInputs {
  readonly shared: SharedStack;
}

/** The environment's cluster. */
export function cluster(scope: Construct, environment: EnvironmentName, { names, shared }: EnvironmentInputs): Cluster {
  const made = new Cluster(scope, "Cluster", {
    vpc: shared.network.vpc,
    clusterName: names.environments[environment].cluster,
  });
  acknowledge(made, {
    "AwsSolutions-ECS4":
      "Container Insights is charged per metric; turn it on here when somebody looks at it (README, cost)",
  });
  return made;
}

/** The application with its bucket and its way in. */
export function application(
  scope: Construct,
  environment: EnvironmentName,
  inputs: EnvironmentInputs,
  parts: { readonly cluster: Cluster; readonly databaseUrl: ISecret },
): ApplicationService {
  const { config, names, shared } = inputs;
  const { vpc } = shared.network;
  const bucket = uploads(scope, "Uploads", {
    accessLogs: shared.accessLogs.bucket,
    removalPolicy: environment === "production" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  const made = new ApplicationService(scope, "Application", {
    config,
    names,
    environment,
    vpc,
    logs: shared.applicationLogs,
    bucket,
    ...parts,
  });
  new FrontDoor(scope, "FrontDoor", {
    config,
    environment,
    vpc,
    front: shared.front,
    zone: shared.zone,
    service: made.service,
    container: names.environments[environment].container,
  });
  return made;
}
