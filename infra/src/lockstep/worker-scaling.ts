// How many workers run: more when messages get old. Must never scale by the length of the queue: a deployment that
// waits has one delayed message and costs a worker nothing.

import { Duration } from "aws-cdk-lib";
import { AdjustmentType } from "aws-cdk-lib/aws-applicationautoscaling";
import { MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Config } from "../config/config";
import { RETRY_CAP_SECONDS, VISIBILITY_SECONDS } from "./timing";

/**
 * A message older than this is waiting for a worker and not for its time: no delay in ordinary running is longer,
 * and a worker that died holds one back for the visibility time-out. Whether AWS counts a delay into the age is
 * unverified; this is right either way.
 */
export const OLD_SECONDS = RETRY_CAP_SECONDS + VISIBILITY_SECONDS;

/** One more worker for old messages, two more for very old ones, one fewer when there are none. */
export function scaleOnAge(service: FargateService, queue: IQueue, worker: Config["worker"]): void {
  const minCapacity = worker.started ? worker.minTasks : 0;
  const capacity = service.autoScaleTaskCount({ minCapacity, maxCapacity: worker.started ? worker.maxTasks : 0 });
  const period = Duration.minutes(1);
  capacity.scaleOnMetric("QueueAge", {
    // An empty queue reports no age; without a number for it nothing would ever be scaled in.
    metric: new MathExpression({
      expression: "FILL(age, 0)",
      usingMetrics: { age: queue.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" }) },
      period,
      label: "age of the oldest message",
    }),
    adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
    scalingSteps: [
      { upper: OLD_SECONDS / 6, change: -1 },
      { lower: OLD_SECONDS, change: +1 },
      { lower: OLD_SECONDS * 3, change: +2 },
    ],
    // One slow message is no reason.
    evaluationPeriods: 3,
    cooldown: Duration.minutes(3),
  });
}
