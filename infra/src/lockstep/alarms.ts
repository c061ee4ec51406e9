// What a person is told of. Each alarm says in its description what to do. Must never go off in ordinary running.

import { Duration, Stack } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import type { Config } from "../config/config";
import type { Names } from "../config/names";
import type { LogMetrics } from "./log-metrics";
import type { Queues } from "./queues";
import { OLD_SECONDS } from "./worker-scaling";

export interface AlarmsProps {
  readonly config: Config;
  readonly names: Names;
  readonly queues: Queues;
  readonly metrics: LogMetrics;
}

interface Condition {
  readonly metric: IMetric;
  readonly threshold: number;
  readonly periods: number;
  readonly description: string;
  /** What no data means; nothing happened, unless the data is a sign of life. */
  readonly missing?: TreatMissingData;
  readonly below?: boolean;
}

export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AlarmsProps,
  ) {
    super(scope, id);
    this.topic = this.encryptedTopic();
    const { config, queues, metrics } = props;
    const minute = { period: Duration.minutes(1), statistic: "Maximum" };
    this.alarm("DeadLetters", {
      metric: queues.deadLetters.metricApproximateNumberOfMessagesVisible(minute),
      threshold: 1,
      periods: 1,
      description: "A message was parked or received too often. Read it and its reason, mend the cause, redrive it.",
    });
    this.alarm("OldestMessage", {
      metric: queues.queue.metricApproximateAgeOfOldestMessage(minute),
      threshold: OLD_SECONDS * 5,
      periods: 5,
      description:
        "Messages wait and more workers did not help. Look at the worker's log: is the table or the queue out of reach?",
    });
    this.alarm("LockHeldTooLong", {
      metric: metrics.lockHeld(),
      threshold: config.lockAlarmMinutes * 60,
      periods: 1,
      description:
        "A deployment has held its environment longer than any should. `lockstep status` names it, `lockstep history` says what it waits for.",
    });
    if (config.worker.started) this.workerDown();
    this.alarm("RolledBack", {
      metric: metrics.ended("rolled-back"),
      threshold: 1,
      periods: 1,
      description:
        "A deployment was rolled back: the environment runs the release before it. `lockstep history` says why.",
    });
    this.alarm("Failed", {
      metric: metrics.ended("failed"),
      threshold: 1,
      periods: 1,
      description:
        "A deployment ended without a verified way back, or before anything was deployed. `lockstep history` says which.",
    });
  }

  private workerDown(): void {
    this.alarm("WorkerDown", {
      // Every running task reports its CPU once a minute: the number of reports is the number of tasks, and no
      // report is no task (ECS developer guide, "CloudWatch metrics", service RUNNING task count).
      metric: new Metric({
        namespace: "AWS/ECS",
        metricName: "CPUUtilization",
        dimensionsMap: { ClusterName: this.props.names.workerCluster, ServiceName: this.props.names.workerService },
        statistic: "SampleCount",
        period: Duration.minutes(1),
      }),
      threshold: 1,
      below: true,
      periods: 5,
      missing: TreatMissingData.BREACHING,
      description:
        "No worker has run for five minutes: deployments stand still, nothing is lost. Look at the service's events and the log.",
    });
  }

  private alarm(name: string, { metric, threshold, periods, description, missing, below }: Condition): void {
    const alarm = new Alarm(this, name, {
      alarmName: `${this.props.names.application}-lockstep-${name}`,
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }

  private encryptedTopic(): Topic {
    // A key of our own, because AWS's key for SNS cannot be used by CloudWatch (CloudWatch user guide, "encrypted topics").
    const key = new Key(this, "Key", {
      description: "Alarms of Lockstep on their way to people",
      enableKeyRotation: true,
    });
    const alarms = new ServicePrincipal("cloudwatch.amazonaws.com");
    const ofThisAccount = { StringEquals: { "aws:SourceAccount": Stack.of(this).account } };
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: "LetAlarmsPublish",
        principals: [alarms],
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        // In a key's policy, "*" is the key itself.
        resources: ["*"],
        conditions: ofThisAccount,
      }),
    );
    const topic = new Topic(this, "Topic", {
      topicName: `${this.props.names.application}-lockstep-alarms`,
      masterKey: key,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "LetAlarmsPublish",
        principals: [alarms],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: ofThisAccount,
      }),
    );
    const { alarmEmail } = this.props.config;
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}
