// What `cdk` runs: reads the settings (ENV_FILE, else infra/.env) and synthesises. Must never print more than what is
// wrong with the settings.

import { join } from "node:path";
import { build } from "./app";
import { toConfig } from "./config/config";
import { readSettings, SettingsError } from "./config/env-file";
import { ROOT } from "./policies/actions";

const path = process.env["ENV_FILE"] ?? join(ROOT, ".env");
try {
  build(toConfig(readSettings(path), path)).app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
