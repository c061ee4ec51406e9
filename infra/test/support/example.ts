// The example settings as a configuration, and the stacks made of it. Must never differ from what is checked in for
// people to copy.

import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { build, type Stacks, unchecked } from "../../src/app";
import { type Config, toConfig } from "../../src/config/config";
import { readSettings, type Settings } from "../../src/config/env-file";
import { ROOT } from "../../src/policies/actions";

export const EXAMPLE = join(ROOT, ".env.example");

/** `infra/.env.example`, with some settings replaced. */
export function exampleConfig(changes: Settings = {}): Config {
  return toConfig({ ...readSettings(EXAMPLE), ...changes }, EXAMPLE);
}

/** Everything running: what the account looks like after the first deployments. */
export const STARTED: Settings = { WORKER_STARTED: "yes", STAGING_STARTED: "yes", PRODUCTION_STARTED: "yes" };

function scratch(): string {
  const folder = join(ROOT, "build", "synth");
  mkdirSync(folder, { recursive: true });
  return mkdtempSync(join(folder, "test-"));
}

/** The stacks of the example, as `cdk synth` makes them: checked. */
export function exampleStacks(changes: Settings = {}): Stacks {
  return build(exampleConfig(changes), { outdir: scratch() });
}

export interface Templates {
  readonly shared: Template;
  readonly lockstep: Template;
  readonly staging: Template;
  readonly production: Template;
}

/** Their templates, unchecked. */
export function exampleTemplates(changes: Settings = {}): Templates {
  const props = { outdir: scratch(), builtinCloudFormationValidation: false };
  const { shared, lockstep, staging, production } = unchecked(exampleConfig(changes), props);
  return {
    shared: Template.fromStack(shared),
    lockstep: Template.fromStack(lockstep),
    staging: Template.fromStack(staging),
    production: Template.fromStack(production),
  };
}

/** The only resource of a type, or the one of this logical id's beginning. */
export function only(template: Template, type: string, prefix = ""): { id: string; properties: Record<string, any> } {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1)
    throw new Error(`${found.length} resources of type ${type} begin with "${prefix}", expected one`);
  const [id, resource] = found[0] as [string, { Properties: Record<string, any> }];
  return { id, properties: resource.Properties };
}
