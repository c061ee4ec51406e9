// The worker's whole configuration, as environment variables made of the same names as the resources. Its file is
// /dev/null: the image needs none, and nothing can disagree with what was created. Must never carry a secret.

import type { Config, EnvironmentName } from "../config/config";
import type { Names } from "../config/names";
import * as timing from "./timing";
import { inline } from "./toml";

export interface WorkerPlaces {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly tableName: string;
}

/** The ids of the roles whose messages the worker obeys, as SQS attests them: what each may ask for differs. */
export type SenderIds = Readonly<Record<EnvironmentName | "worker", string>>;

/** The workflows whose runs may ask: the files of infra/github/workflows. */
const DEPLOY_WORKFLOWS: Readonly<Record<EnvironmentName, string>> = {
  staging: "deploy-staging.yml",
  production: "deploy-production.yml",
};

/**
 * An id that no sender has: those of roles begin with AROA. Without anybody in its lists the section would have to go, and
 * with it every rule about who may ask.
 */
const NOBODY = "NOBODY";

/** Names of the variables that hold the secrets; the defaults of worker/src/config/types.rs. */
export const GITHUB_VARIABLE = "LOCKSTEP_GITHUB_CREDENTIAL";
export const REGISTRY_VARIABLE = "LOCKSTEP_REGISTRY_PASSWORD";

/** Every variable but the secrets. Values are TOML, one section a variable (worker/src/config/overlay.rs). */
export function workerEnvironment(
  config: Config,
  names: Names,
  places: WorkerPlaces,
  senders: SenderIds,
): Record<string, string> {
  return {
    LOCKSTEP_CONFIG: "/dev/null",
    LOCKSTEP_LOG_FORMAT: "json",
    LOCKSTEP__TABLE: places.tableName,
    LOCKSTEP__QUEUE: inline({
      url: places.queueUrl,
      dead_letter_url: places.deadLetterQueueUrl,
      worker_senders: [senders.worker],
    }),
    LOCKSTEP__AWS: inline({ region: config.region }),
    LOCKSTEP__WORKER: inline({
      visibility_seconds: timing.VISIBILITY_SECONDS,
      claim_lease_seconds: timing.CLAIM_LEASE_SECONDS,
      call_timeout_seconds: timing.CALL_TIMEOUT_SECONDS,
      poll_seconds: timing.POLL_SECONDS,
      poll_cap_seconds: timing.POLL_CAP_SECONDS,
      reconcile_seconds: timing.RECONCILE_SECONDS,
    }),
    LOCKSTEP__RETRY: inline({ cap_seconds: timing.RETRY_CAP_SECONDS }),
    LOCKSTEP__APPLICATIONS: inline({ [names.application]: application(config, names, senders) }),
  };
}

function application(config: Config, names: Names, senders: SenderIds) {
  const { github, application } = config;
  return {
    github: {
      owner: github.owner,
      repository: github.repository,
      version_file: github.versionFile,
      build_workflow: github.buildWorkflow,
      credential_variable: GITHUB_VARIABLE,
      app_id: github.appId === undefined ? undefined : Number(github.appId),
    },
    registry: {
      repository: application.imageRepository,
      username: application.registryUsername,
      password_variable: REGISTRY_VARIABLE,
    },
    environments: {
      staging: {
        ...environment("staging", config, names, senders),
        database: { service: names.stagingDatabase.service },
      },
      production: environment("production", config, names, senders),
    },
  };
}

function environment(name: EnvironmentName, config: Config, names: Names, senders: SenderIds) {
  const { cluster, service, container } = names.environments[name];
  const { domain, desiredCount, requests } = config.environments[name];
  return {
    kind: name,
    cluster,
    service,
    container,
    desired_count: desiredCount,
    readiness: { url: `https://${domain}${config.application.readinessPath}` },
    requests: {
      workflow: DEPLOY_WORKFLOWS[name],
      workflow_senders: [requests.workflow ? senders[name] : NOBODY],
      people_senders: people(name, config),
      max_age_seconds: requests.maxAgeSeconds,
      require_approval: requests.requireApproval,
    },
    freeze: requests.freeze.length === 0 ? undefined : requests.freeze,
  };
}

function people(name: EnvironmentName, config: Config): readonly string[] | undefined {
  const staging = name === "staging" ? config.stagingOperator?.id : undefined;
  const ids = [config.operatorRoleId, staging].filter((id) => id !== undefined);
  return ids.length === 0 ? undefined : ids;
}
