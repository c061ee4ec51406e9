// The deploy queue and its dead-letter queue. Must never lose a message that nobody has looked at: what cannot be
// handled is kept for as long as SQS can.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Queue, QueueEncryption, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Names } from "../config/names";
import type { Resources } from "../policies/resources";
import { type QueueSenders, restrictSenders, restrictTransport } from "./queue-policy";
import { MAX_RECEIVE_COUNT, VISIBILITY_SECONDS } from "./timing";

/** SQS's longest; on the way to the dead-letter queue a message's age goes on counting from when it was first sent. */
const RETENTION = Duration.days(14);

export interface QueuesProps {
  readonly names: Names;
  readonly resources: Resources;
  readonly senders: QueueSenders;
}

export class Queues extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { names, resources, senders }: QueuesProps) {
    super(scope, id);
    // SQS's own keys: with a KMS key every sender and EventBridge would need rights on it for no further secrecy;
    // messages hold names and ids.
    const encryption = QueueEncryption.SQS_MANAGED;
    this.deadLetters = new Queue(this, "DeadLetters", {
      queueName: names.deadLetterQueue,
      encryption,
      retentionPeriod: RETENTION,
      // By ARN and not by reference: each queue names the other.
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [Queue.fromQueueArn(this, "Source", resources.queue)],
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.queue = new Queue(this, "Deploy", {
      queueName: names.queue,
      encryption,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
      // Holds nothing that the table does not hold: a queue only wakes.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    restrictTransport(this.queue);
    restrictTransport(this.deadLetters);
    restrictSenders(this.queue, senders);
  }
}
