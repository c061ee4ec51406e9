// The wildcards that the action files need, acknowledged one by one with the reason of their statement; cdk-nag
// reports any other. Must never be given a pattern.

import type { IConstruct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";
import { type Actor, actionsOf } from "./actions";
import type { Resources } from "./resources";

/** For the construct that holds the actor's policy. */
export function acknowledgeWildcards(construct: IConstruct, actor: Actor, resources: Resources): void {
  for (const { resources: kinds, sid, reason } of actionsOf(actor)) {
    const wildcards = kinds.flatMap((kind) => resources.arns(kind)).filter((arn) => arn.includes("*"));
    acknowledge(
      construct,
      Object.fromEntries(wildcards.map((arn) => [`AwsSolutions-IAM5[Resource::${arn}]`, `${sid}: ${reason}`])),
    );
  }
}
