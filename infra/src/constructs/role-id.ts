// A role's id as an output. It is what SQS attests as the SenderId of a message (`AROA…:session`), so it is what the
// worker's configuration names; a role that is deleted and made again has another. Must never be guessed from a name.

import { CfnOutput, type Stack } from "aws-cdk-lib";
import type { Role } from "aws-cdk-lib/aws-iam";

/** The output's name is exactly `output`; its description says into which setting of `lockstep.toml` the id belongs. */
export function outputRoleId(stack: Stack, output: string, role: Role, setting: string): void {
  new CfnOutput(stack, output, {
    value: role.roleId,
    description: `Role id (SenderId of its messages) in lockstep.toml: ${setting}`,
  });
}
