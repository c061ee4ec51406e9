// The worker's two secrets, created with a random stand-in; a person puts the real values in (README, "Secrets").
// Must never be given a value from here: it would be in a template.

import { RemovalPolicy } from "aws-cdk-lib";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";
import type { Config } from "../config/config";
import type { Names } from "../config/names";

export class WorkerSecrets extends Construct {
  /** The GitHub App's private key, or a token. */
  readonly github: Secret;
  /** The registry's password or access token; without a user there is none. */
  readonly registry: Secret | undefined;

  constructor(scope: Construct, id: string, config: Config, names: Names) {
    super(scope, id);
    const what = config.github.appId === undefined ? "token" : "App's private key (PEM)";
    this.github = this.secret("GitHub", `${names.application}/lockstep/github`, `The GitHub ${what} of the worker`);
    this.registry =
      config.application.registryUsername === undefined
        ? undefined
        : this.secret("Registry", `${names.application}/lockstep/registry`, "The registry's password or access token");
  }

  private secret(id: string, secretName: string, description: string): Secret {
    const secret = new Secret(this, id, { secretName, description, removalPolicy: RemovalPolicy.RETAIN });
    acknowledge(secret, {
      "AwsSolutions-SMG4": "GitHub and the registry issue it: only a person can renew it there (README, Secrets)",
    });
    return secret;
  }
}
