// The CDK app: four stacks out of one configuration. Must never look anything up in an account.

import { App, type AppProps, Tags, Validations } from "aws-cdk-lib";
import * as cxapi from "aws-cdk-lib/cx-api";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Config } from "./config/config";
import { namesOf } from "./config/names";
import { Resources } from "./policies/resources";
import { LockstepStack } from "./stacks/lockstep-stack";
import { ProductionStack } from "./stacks/production-stack";
import { SharedStack } from "./stacks/shared-stack";
import { StagingStack } from "./stacks/staging-stack";

/**
 * All that the pinned version of CDK recommends, set here and not in cdk.json, so that tests look at the templates
 * that are deployed.
 */
const FLAGS: Readonly<Record<string, unknown>> = {
  ...cxapi.CURRENTLY_RECOMMENDED_FLAGS,
  // Ordinary exports: CloudFormation then refuses to take away what another stack still uses.
  "@aws-cdk/core:defaultCrossStackReferences": "strong",
};

export interface Stacks {
  readonly app: App;
  readonly shared: SharedStack;
  readonly lockstep: LockstepStack;
  readonly staging: StagingStack;
  readonly production: ProductionStack;
}

/** The app; cdk-nag and CDK's own rules look at it when it is synthesised, and a finding fails the synthesis. */
export function build(config: Config, props: AppProps = {}): Stacks {
  const stacks = unchecked(config, props);
  Validations.of(stacks.app).addPlugins(new AwsSolutionsChecks(stacks.app));
  return stacks;
}

/** The same without cdk-nag: for tests that read templates; others check them. */
export function unchecked(config: Config, props: AppProps = {}): Stacks {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  const names = namesOf(config);
  const inputs = {
    config,
    names,
    resources: new Resources(config, names),
    env: { account: config.account, region: config.region },
  };

  const shared = new SharedStack(app, "SharedStack", inputs);
  const lockstep = new LockstepStack(app, "LockstepStack", { ...inputs, vpc: shared.network.vpc });
  const staging = new StagingStack(app, "StagingStack", { ...inputs, shared });
  const production = new ProductionStack(app, "ProductionStack", { ...inputs, shared });

  Tags.of(app).add("project", config.project);
  return { app, shared, lockstep, staging, production };
}
