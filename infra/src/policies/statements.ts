// Policy statements out of action files. Must never leave a statement without its sid.

import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type Actor, actionsOf } from "./actions";
import type { Resources } from "./resources";

/** What an actor may do, one statement for each of its file. */
export function statementsOf(actor: Actor, resources: Resources): PolicyStatement[] {
  return actionsOf(actor).map(
    ({ sid, actions, resources: kinds, condition }) =>
      new PolicyStatement({
        sid,
        actions: Object.keys(actions),
        resources: kinds.flatMap((kind) => resources.arns(kind)),
        ...(condition === undefined ? {} : { conditions: resources.condition(condition) }),
      }),
  );
}
