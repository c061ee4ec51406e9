// cdk-nag findings that are right as they are. Each construct acknowledges its own, with the reason beside the code
// that causes it. Must never acknowledge a finding for a whole stack or app.

import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Findings (such as `AwsSolutions-ECS2`) by id, each with the reason why it stands. */
export function acknowledge(construct: IConstruct, findings: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(findings)) Validations.of(construct).acknowledge({ id, reason });
}
