// The ARNs and conditions behind the kinds that infra/policies speaks of. Must never widen one: a wildcard stands
// only for ids that AWS makes up.

import type { Config } from "../config/config";
import { ENVIRONMENTS } from "../config/config";
import type { Names } from "../config/names";
import type { ConditionKind, ResourceKind } from "./actions";

/** Every service that Lockstep deploys, with its cluster, family and roles. */
export interface Deployed {
  readonly cluster: string;
  readonly service: string;
  readonly family: string;
  readonly roles: readonly string[];
}

export function deployedServices(names: Names): readonly Deployed[] {
  const applications = ENVIRONMENTS.map((name) => {
    const { cluster, service, family, taskRole, executionRole } = names.environments[name];
    return { cluster, service, family, roles: [taskRole, executionRole] };
  });
  const { service, family, taskRole, executionRole } = names.stagingDatabase;
  return [
    ...applications,
    { cluster: names.environments.staging.cluster, service, family, roles: [taskRole, executionRole] },
  ];
}

/** AWS's partition; written out, so that policies can be read (and compared) without resolving anything. */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** ARNs made of names, so that a policy can name what another stack creates later. */
export class Resources {
  private readonly deployed: readonly Deployed[];
  private readonly partition: string;

  constructor(
    private readonly config: Pick<Config, "account" | "region">,
    private readonly names: Names,
  ) {
    this.deployed = deployedServices(names);
    this.partition = partitionOf(config.region);
  }

  get queue(): string {
    return this.arn("sqs", this.names.queue);
  }

  get deadLetterQueue(): string {
    return this.arn("sqs", this.names.deadLetterQueue);
  }

  get table(): string {
    return this.arn("dynamodb", `table/${this.names.table}`);
  }

  /** The services, as ECS's events name them too. */
  get services(): readonly string[] {
    return this.deployed.map(({ cluster, service }) => this.arn("ecs", `service/${cluster}/${service}`));
  }

  get clusters(): readonly string[] {
    return this.of(({ cluster }) => this.arn("ecs", `cluster/${cluster}`));
  }

  get ecsEventsRule(): string {
    return this.arn("events", `rule/${this.names.ecsEventsRule}`);
  }

  role(name: string): string {
    return `arn:${this.partition}:iam::${this.config.account}:role/${name}`;
  }

  arns(kind: ResourceKind): readonly string[] {
    switch (kind) {
      case "queue":
        return [this.queue];
      case "dead-letter-queue":
        return [this.deadLetterQueue];
      case "table":
        return [this.table];
      case "clusters":
        return this.clusters;
      case "services":
        return this.services;
      case "service-deployments":
        return this.of(({ cluster, service }) => this.arn("ecs", `service-deployment/${cluster}/${service}/*`));
      case "service-revisions":
        return this.of(({ cluster, service }) => this.arn("ecs", `service-revision/${cluster}/${service}/*`));
      case "tasks":
        return this.of(({ cluster }) => this.arn("ecs", `task/${cluster}/*`));
      case "task-definitions":
        return this.of(({ family }) => this.arn("ecs", `task-definition/${family}:*`));
      case "task-roles":
        return this.deployed.flatMap(({ roles }) => roles.map((role) => this.role(role)));
      case "any":
        return ["*"];
    }
  }

  condition(kind: ConditionKind): Record<string, Record<string, string | readonly string[]>> {
    switch (kind) {
      case "in-clusters":
        return { ArnEquals: { "ecs:cluster": this.clusters } };
      case "while-registering":
        return { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } };
      case "to-ecs-tasks":
        return { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } };
    }
  }

  private of(name: (deployed: Deployed) => string): readonly string[] {
    return [...new Set(this.deployed.map(name))];
  }

  private arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.config.region}:${this.config.account}:${resource}`;
  }
}
