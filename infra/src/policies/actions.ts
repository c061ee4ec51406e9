// Reads the files in infra/policies: who may do what, and which call needs it. Must never add an action of its own:
// a policy says what its file says.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a statement may be about; `resources.ts` knows the ARNs. */
export const RESOURCE_KINDS = [
  "queue",
  "dead-letter-queue",
  "table",
  "clusters",
  "services",
  "service-deployments",
  "service-revisions",
  "tasks",
  "task-definitions",
  "task-roles",
  "any",
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** Conditions that narrow a statement; `resources.ts` knows their text. */
export const CONDITION_KINDS = ["in-clusters", "while-registering", "to-ecs-tasks"] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

export interface ActionStatement {
  readonly sid: string;
  readonly reason: string;
  readonly resources: readonly ResourceKind[];
  readonly condition?: ConditionKind;
  /** Action to the calls that need it, such as `"ecs:UpdateService": ["ECS.UpdateService"]`. */
  readonly actions: Readonly<Record<string, readonly string[]>>;
}

/** Who a file of `infra/policies` is about. */
export type Actor = "worker" | "sender" | "builder" | "operator";

/** The package's folder: the programs run from `build/`, the data stays where it is edited. */
export const ROOT = join(__dirname, "..", "..", "..");

/** @throws Error when the file is not of this shape: it is part of the program, so there is no way on. */
export function actionsOf(actor: Actor): readonly ActionStatement[] {
  const path = join(ROOT, "policies", `${actor}-actions.json`);
  const file = JSON.parse(readFileSync(path, "utf8")) as { statements: ActionStatement[] };
  for (const statement of file.statements) check(path, statement);
  return file.statements;
}

function check(path: string, statement: ActionStatement): void {
  const wrong = (finding: string) => new Error(`${path}, statement ${statement.sid}: ${finding}`);
  if (!/^[A-Za-z0-9]+$/.test(statement.sid)) throw wrong("a sid has letters and digits only");
  if (!statement.reason) throw wrong("it has no reason");
  const kinds: readonly string[] = RESOURCE_KINDS;
  const unknown = statement.resources.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined || statement.resources.length === 0)
    throw wrong(`unknown resource ${unknown}; known: ${kinds.join(", ")}`);
  const conditions: readonly string[] = CONDITION_KINDS;
  if (statement.condition !== undefined && !conditions.includes(statement.condition)) {
    throw wrong(`unknown condition ${statement.condition}; known: ${conditions.join(", ")}`);
  }
  for (const [action, calls] of Object.entries(statement.actions)) {
    if (!/^[a-z]+:[A-Z][A-Za-z]+$/.test(action)) throw wrong(`${action} is not one action, such as ecs:UpdateService`);
    if (calls.length === 0 || !calls.every((call) => /^(SQS|DynamoDB|ECS)\.[A-Z][A-Za-z]+$/.test(call))) {
      throw wrong(`${action} names no call that needs it, such as ECS.UpdateService`);
    }
  }
}
