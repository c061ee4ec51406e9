// What the stacks are built from: every value that differs from account to account, checked. Must never hold a
// credential, nor a default that names somebody's application.

import type { Settings } from "./env-file";
import * as forms from "./forms";
import { EXPECTED, type FreezeWindow, freezeWindows } from "./freeze";
import { SettingsReader } from "./reader";

/** The two environments, in the order in which a change passes through them. */
export const ENVIRONMENTS = ["staging", "production"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** As long as the queue keeps a message: older ones there are none of. */
const LONGEST_AGE_SECONDS = 1_209_600;

/** One environment of the application. */
export interface EnvironmentConfig {
  /** Its host name, in the hosted zone. */
  readonly domain: string;
  /** Tasks that Lockstep starts when it finds the service at zero. */
  readonly desiredCount: number;
  /** The image that the task definition made by CloudFormation names. */
  readonly image: string;
  /** Whether the service may have tasks; before the first deployment there is no image to run. */
  readonly started: boolean;
  readonly requests: RequestsConfig;
}

/** Who may ask for deployments there, and when (worker/src/config/requests.rs, freeze.rs). */
export interface RequestsConfig {
  /** Whether runs of the environment's workflow may ask. */
  readonly workflow: boolean;
  /** The worker's default if undefined, as the next. */
  readonly maxAgeSeconds: number | undefined;
  readonly requireApproval: boolean | undefined;
  readonly freeze: readonly FreezeWindow[];
}

/** A role of people, whose sessions may ask without a workflow's run. */
export interface PeopleRole {
  readonly arn: string;
  readonly id: string;
}

export interface Config {
  readonly account: string;
  readonly region: string;
  readonly availabilityZones: readonly string[];
  readonly natGateways: number;
  readonly project: string;
  readonly hostedZone: { readonly id: string; readonly name: string };
  readonly github: {
    readonly owner: string;
    readonly ownerId: string;
    readonly repository: string;
    readonly repositoryId: string;
    readonly defaultBranch: string;
    readonly oidcProviderArn: string | undefined;
    readonly appId: string | undefined;
    readonly buildWorkflow: string;
    readonly versionFile: string;
  };
  readonly application: {
    readonly imageRepository: string;
    readonly registryUsername: string | undefined;
    readonly port: number;
    readonly readinessPath: string;
    /** Fargate CPU units. */
    readonly cpu: number;
    /** MiB. */
    readonly memory: number;
    readonly postgresImage: string;
  };
  readonly rds: { readonly instanceClass: string; readonly storageGib: number; readonly multiAz: boolean };
  readonly environments: Readonly<Record<EnvironmentName, EnvironmentConfig>>;
  readonly worker: {
    readonly image: string;
    readonly minTasks: number;
    readonly maxTasks: number;
    readonly started: boolean;
  };
  readonly alarmEmail: string | undefined;
  readonly operatorRoleArn: string | undefined;
  /** That role's id, if its sessions may also ask for deployments without a workflow's run. */
  readonly operatorRoleId: string | undefined;
  /** A role whose sessions may ask so in staging, and do nothing else. */
  readonly stagingOperator: PeopleRole | undefined;
  readonly lockAlarmMinutes: number;
}

/**
 * Checks the settings. `place` is where they stand, for the message.
 *
 * @throws SettingsError naming everything that is missing, malformed, contradictory or unknown.
 */
export function toConfig(settings: Settings, place: string): Config {
  const read = new SettingsReader(settings, place);
  const environment = (name: EnvironmentName): EnvironmentConfig => {
    const prefix = name.toUpperCase();
    return {
      domain: read.required(`${prefix}_DOMAIN`, forms.DOMAIN),
      desiredCount: read.number(`${prefix}_DESIRED_COUNT`, 1, 100),
      image: read.required(`${prefix}_IMAGE`, forms.IMAGE),
      started: read.yes(`${prefix}_STARTED`),
      requests: {
        workflow: read.perhaps(`${prefix}_WORKFLOW_MAY_ASK`) ?? true,
        maxAgeSeconds: read.optionalNumber(`${prefix}_MAX_AGE_SECONDS`, 60, LONGEST_AGE_SECONDS),
        requireApproval: read.perhaps(`${prefix}_REQUIRE_APPROVAL`),
        freeze: read.parsed(`${prefix}_FREEZE`, EXPECTED, freezeWindows),
      },
    };
  };
  const config: Config = {
    account: read.required("AWS_ACCOUNT_ID", forms.ACCOUNT),
    region: read.required("AWS_REGION", forms.REGION),
    availabilityZones: read.list("AVAILABILITY_ZONES", 2, forms.ZONE),
    natGateways: read.number("NAT_GATEWAYS", 1, 6),
    project: read.required("PROJECT", forms.PROJECT),
    hostedZone: {
      id: read.required("HOSTED_ZONE_ID", forms.ZONE_ID),
      name: read.required("HOSTED_ZONE_NAME", forms.DOMAIN),
    },
    github: {
      owner: read.required("GITHUB_OWNER", forms.GITHUB_NAME),
      ownerId: read.required("GITHUB_OWNER_ID", forms.NUMBER),
      repository: read.required("GITHUB_REPOSITORY", forms.GITHUB_NAME),
      repositoryId: read.required("GITHUB_REPOSITORY_ID", forms.NUMBER),
      defaultBranch: read.required("GITHUB_DEFAULT_BRANCH", forms.BRANCH),
      oidcProviderArn: read.optional("GITHUB_OIDC_PROVIDER_ARN", forms.OIDC_PROVIDER_ARN),
      appId: read.optional("GITHUB_APP_ID", forms.NUMBER),
      buildWorkflow: read.required("BUILD_WORKFLOW", forms.WORKFLOW),
      versionFile: read.required("VERSION_FILE", forms.FILE),
    },
    application: {
      imageRepository: read.required("IMAGE_REPOSITORY", forms.IMAGE_REPOSITORY),
      registryUsername: read.optional("REGISTRY_USERNAME", forms.WORD),
      port: read.number("APP_PORT", 1, 65_535),
      readinessPath: read.required("READINESS_PATH", forms.URL_PATH),
      cpu: read.number("APP_CPU", 256, 4096),
      memory: read.number("APP_MEMORY", 512, 30_720),
      postgresImage: read.required("POSTGRES_IMAGE", forms.IMAGE),
    },
    rds: {
      instanceClass: read.required("RDS_INSTANCE_CLASS", forms.INSTANCE_CLASS),
      storageGib: read.number("RDS_STORAGE_GIB", 20, 65_536),
      multiAz: read.yes("RDS_MULTI_AZ"),
    },
    environments: { staging: environment("staging"), production: environment("production") },
    worker: {
      image: read.required("WORKER_IMAGE", forms.PINNED_IMAGE),
      minTasks: read.number("WORKER_MIN_TASKS", 1, 10),
      maxTasks: read.number("WORKER_MAX_TASKS", 1, 10),
      started: read.yes("WORKER_STARTED"),
    },
    alarmEmail: read.optional("ALARM_EMAIL", forms.EMAIL),
    operatorRoleArn: read.optional("OPERATOR_ROLE_ARN", forms.ROLE_ARN),
    operatorRoleId: read.optional("OPERATOR_ROLE_ID", forms.ROLE_ID),
    stagingOperator: stagingOperator(read),
    lockAlarmMinutes: read.number("LOCK_ALARM_MINUTES", 1, 1440),
  };
  checkTogether(config, read);
  read.finish();
  return config;
}

/** Both or neither: the queue knows a role by its ARN, the worker by its id. */
function stagingOperator(read: SettingsReader): PeopleRole | undefined {
  const arn = read.optional("STAGING_OPERATOR_ROLE_ARN", forms.ROLE_ARN);
  const id = read.optional("STAGING_OPERATOR_ROLE_ID", forms.ROLE_ID);
  read.require(
    (arn === undefined) === (id === undefined),
    "STAGING_OPERATOR_ROLE_ARN and STAGING_OPERATOR_ROLE_ID belong together: the queue takes a role's messages by its ARN, the worker by its id",
  );
  return arn === undefined || id === undefined ? undefined : { arn, id };
}

function checkTogether(config: Config, read: SettingsReader): void {
  const { staging, production } = config.environments;
  for (const [name, environment] of Object.entries(config.environments)) {
    read.require(
      environment.domain.endsWith(`.${config.hostedZone.name}`) || environment.domain === config.hostedZone.name,
      `${name.toUpperCase()}_DOMAIN is ${environment.domain}: expected a name in the hosted zone ${config.hostedZone.name}`,
    );
  }
  read.require(
    staging.domain !== production.domain,
    "STAGING_DOMAIN and PRODUCTION_DOMAIN are the same: each environment needs its own",
  );
  read.require(
    config.availabilityZones.every((zone) => zone.startsWith(config.region)),
    `AVAILABILITY_ZONES must be zones of ${config.region}`,
  );
  read.require(
    config.natGateways <= config.availabilityZones.length,
    `NAT_GATEWAYS is ${config.natGateways}: expected at most one for each of the ${config.availabilityZones.length} zones`,
  );
  read.require(
    config.worker.minTasks <= config.worker.maxTasks,
    `WORKER_MIN_TASKS (${config.worker.minTasks}) is above WORKER_MAX_TASKS (${config.worker.maxTasks})`,
  );
  read.require(
    config.operatorRoleId === undefined || config.operatorRoleArn !== undefined,
    "OPERATOR_ROLE_ID is set without OPERATOR_ROLE_ARN: the queue would refuse that role's messages",
  );
  read.require(
    config.stagingOperator === undefined ||
      (config.stagingOperator.arn !== config.operatorRoleArn && config.stagingOperator.id !== config.operatorRoleId),
    "STAGING_OPERATOR_ROLE_ARN and OPERATOR_ROLE_ARN are one role: that one may ask in both environments already",
  );
  for (const [setting, arn] of [
    ["OPERATOR_ROLE_ARN", config.operatorRoleArn],
    ["STAGING_OPERATOR_ROLE_ARN", config.stagingOperator?.arn],
    ["GITHUB_OIDC_PROVIDER_ARN", config.github.oidcProviderArn],
  ] as const) {
    read.require(
      arn === undefined || arn.includes(`::${config.account}:`),
      `${setting} is ${arn}: expected one of account ${config.account}`,
    );
  }
}
