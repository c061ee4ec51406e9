// Who may hand a task's role to a task. Must never trust ECS on behalf of another account.

import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Config } from "../config/config";

/** ECS tasks of this account and region (IAM user guide, "confused deputy"). */
export function ecsTasksOf(config: Pick<Config, "account" | "region">): ServicePrincipal {
  return new ServicePrincipal("ecs-tasks.amazonaws.com", {
    conditions: {
      StringEquals: { "aws:SourceAccount": config.account },
      ArnLike: { "aws:SourceArn": `arn:*:ecs:${config.region}:${config.account}:*` },
    },
  });
}
