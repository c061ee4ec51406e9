// Who may send to the deploy queue. Denials, because an allowance elsewhere in the account (an administrator's policy,
// a forgotten role) cannot undo one. Must never allow a principal by pattern.

import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";

export interface QueueSenders {
  /** The roles whose sessions may send: each environment's sender, the worker (wake-ups to itself), the
   *  build workflow (that it has ended), the operator. */
  readonly roles: readonly string[];
  /** The EventBridge rule that forwards ECS's events. */
  readonly rule: string;
}

/** Refuses plain HTTP. */
export function restrictTransport(queue: Queue): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: "DenyPlainHttp",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["sqs:*"],
      resources: [queue.queueArn],
      conditions: { Bool: { "aws:SecureTransport": "false" } },
    }),
  );
}

/** Refuses every sender but these. The dead-letter queue has no such list: SQS itself moves messages there. */
export function restrictSenders(queue: Queue, { roles, rule }: QueueSenders): void {
  const send = { actions: ["sqs:SendMessage"], resources: [queue.queueArn] };
  const statements = [
    // Roles are allowed by policies of their own; a service has none, so the queue allows it.
    new PolicyStatement({
      sid: "AllowEcsEvents",
      principals: [new ServicePrincipal("events.amazonaws.com")],
      conditions: { ArnEquals: { "aws:SourceArn": rule } },
      ...send,
    }),
    // aws:PrincipalArn is the role's ARN for every session of it. aws:PrincipalIsAWSService is in every signed request;
    // an unsigned one is refused for want of an allowance.
    new PolicyStatement({
      sid: "DenyOtherSenders",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": roles }, Bool: { "aws:PrincipalIsAWSService": "false" } },
      ...send,
    }),
    new PolicyStatement({
      sid: "DenyServicesButTheRule",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      conditions: { ArnNotEquals: { "aws:SourceArn": rule }, Bool: { "aws:PrincipalIsAWSService": "true" } },
      ...send,
    }),
  ];
  for (const statement of statements) queue.addToResourcePolicy(statement);
}
