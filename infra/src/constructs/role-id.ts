// A role's id: what SQS attests as the SenderId of a message (`AROA…:session`), so it is what the worker's configuration
// names; a role that is deleted and made again has another. Must never be guessed from a name, nor exported: CloudFormation
// changes no export that another stack uses, and a remade role could then not be deployed.

import { CfnOutput, type Stack } from "aws-cdk-lib";
import type { Role } from "aws-cdk-lib/aws-iam";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";

/** The output's name is exactly `output`; its description says into which setting of `lockstep.toml` the id belongs. */
export function outputRoleId(stack: Stack, output: string, role: Role, setting: string): void {
  new CfnOutput(stack, output, {
    value: role.roleId,
    description: `Role id (SenderId of its messages) in lockstep.toml: ${setting}`,
  });
}

/** Writes it down under `parameter`, for a stack that is deployed later. */
export function publishRoleId(scope: Construct, id: string, parameter: string, role: Role): void {
  new StringParameter(scope, id, {
    parameterName: parameter,
    stringValue: role.roleId,
    description: "A role's id, which SQS attests of its messages",
  });
}

/** What stands under `parameter` whenever the stack of `scope` is deployed. */
export function publishedRoleId(scope: Construct, parameter: string): string {
  return StringParameter.valueForStringParameter(scope, parameter);
}
