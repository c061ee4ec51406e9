// The two roles of a task definition, under the names that the worker may pass. Must never be given a policy here:
// each construct grants what it needs.

import { Role } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { Config } from "../config/config";
import { ecsTasksOf } from "../policies/task-trust";

export interface TaskRoles {
  /** What the program may do. */
  readonly taskRole: Role;
  /** What starting it takes: image, secrets, log. */
  readonly executionRole: Role;
}

export function taskRoles(
  scope: Construct,
  config: Config,
  names: { readonly taskRole: string; readonly executionRole: string },
): TaskRoles {
  const assumedBy = ecsTasksOf(config);
  return {
    taskRole: new Role(scope, "TaskRole", { roleName: names.taskRole, assumedBy }),
    executionRole: new Role(scope, "ExecutionRole", { roleName: names.executionRole, assumedBy }),
  };
}
