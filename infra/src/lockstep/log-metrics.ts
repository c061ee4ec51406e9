// Metrics out of the worker's log. Patterns are written so that a test can hold them against real lines and against
// the worker's source. Must never match on words that a person may have written (reasons, details).

import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";

/**
 * The terminal states that somebody should hear of, as the field `state.to` of a line "transition" shows them. A
 * regular expression, since the field's name has a dot; `.` stands for the quotation marks, which CloudWatch's
 * expressions cannot hold (CloudWatch Logs user guide, "Filter pattern syntax").
 */
export const ENDED_AS = {
  "rolled-back": "state\\.to.:.rolled-back.",
  failed: "state\\.to.:.failed.",
} as const;
export type Ending = keyof typeof ENDED_AS;

/** The field of the line that the reconciler writes for every held lock, in seconds. */
export const LOCK_HELD_FIELD = "lock_held_seconds";

export class LogMetrics extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly logs: ILogGroup,
    private readonly namespace: string,
  ) {
    super(scope, id);
  }

  /** How many deployments ended this way. */
  ended(ending: Ending): Metric {
    const pattern: IFilterPattern = FilterPattern.literal(`%${ENDED_AS[ending]}%`);
    return this.metric(`Ended-${ending}`, pattern, "1", "Sum");
  }

  /** How long the oldest lock has been held, in seconds. */
  lockHeld(): Metric {
    return this.metric(
      "LockHeldSeconds",
      FilterPattern.numberValue(`$.${LOCK_HELD_FIELD}`, ">=", 0),
      `$.${LOCK_HELD_FIELD}`,
      "Maximum",
    );
  }

  private metric(metricName: string, filterPattern: IFilterPattern, metricValue: string, statistic: string): Metric {
    const filter = new MetricFilter(this, metricName, {
      logGroup: this.logs,
      metricNamespace: this.namespace,
      metricName,
      filterPattern,
      metricValue,
    });
    return filter.metric({ statistic, period: Duration.minutes(5) });
  }
}
