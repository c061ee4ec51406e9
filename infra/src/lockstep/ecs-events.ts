// ECS's deployment events, put into the deploy queue. They are hints that wake the right deployment at once: losing
// one costs a poll's time. Must never forward events of services that Lockstep does not deploy.

import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Names } from "../config/names";
import type { Resources } from "../policies/resources";

export interface EcsEventsProps {
  readonly names: Names;
  readonly resources: Resources;
  readonly queue: IQueue;
}

export class EcsEvents extends Construct {
  constructor(scope: Construct, id: string, { names, resources, queue }: EcsEventsProps) {
    super(scope, id);
    // Imported, so that CDK adds no allowance of its own: the queue's policy names this rule already.
    const target = Queue.fromQueueArn(this, "Target", resources.queue);
    const rule = new Rule(this, "Rule", {
      ruleName: names.ecsEventsRule,
      description: "ECS deployment events of the services that Lockstep deploys, to its queue",
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Deployment State Change"],
        // The first resource of such an event is the service's ARN (ECS developer guide, service deployment events).
        resources: [...resources.services],
      },
      targets: [new SqsQueue(target)],
    });
    rule.node.addDependency(queue);
  }
}
