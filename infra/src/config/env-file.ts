// Reads the file of settings. Must never accept a credential: whatever stands in the file ends up in templates,
// terminals and backups.

import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** Settings as they stand in the file, by name. */
export type Settings = Readonly<Record<string, string>>;

/** Why the settings cannot be used; the message lists every finding. */
export class SettingsError extends Error {
  constructor(place: string, findings: readonly string[]) {
    const list = findings.map((finding) => `  - ${finding}`).join("\n");
    super(`${place} cannot be used:\n${list}\nSee infra/.env.example for every setting.`);
    this.name = "SettingsError";
  }
}

/** Names that hold credentials wherever the AWS CLI, GitHub's CLI or Docker is used. */
const CREDENTIAL = /SECRET|PASSWORD|TOKEN|PRIVATE_KEY|ACCESS_KEY/;

/**
 * Reads `NAME=value` lines.
 *
 * @throws SettingsError when the file cannot be read or a name says that its value is a credential.
 */
export function readSettings(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SettingsError(path, [
      `it cannot be read (${problem}): copy infra/.env.example to infra/.env and fill it in`,
    ]);
  }
  const settings = parseEnv(text) as Settings;
  const credentials = Object.keys(settings).filter((name) => CREDENTIAL.test(name));
  if (credentials.length > 0) {
    const findings = credentials.map(
      (name) =>
        `${name} looks like a credential: remove it; AWS credentials come from the CLI, other secrets go into Secrets Manager`,
    );
    throw new SettingsError(path, findings);
  }
  return settings;
}
