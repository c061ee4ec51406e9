// LockstepStack: everything that Lockstep itself is made of. Deployed after SharedStack. Must never hold anything of
// the deployed application.

import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IVpc } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type EnvironmentName, ENVIRONMENTS } from "../config/config";
import { outputRoleId } from "../constructs/role-id";
import { Alarms } from "../lockstep/alarms";
import { EcsEvents } from "../lockstep/ecs-events";
import { HistoryTable } from "../lockstep/history-table";
import { LogMetrics } from "../lockstep/log-metrics";
import { Queues } from "../lockstep/queues";
import { scaleOnAge } from "../lockstep/worker-scaling";
import { WorkerSecrets } from "../lockstep/worker-secrets";
import { WorkerService } from "../lockstep/worker-service";
import { statementsOf } from "../policies/statements";
import { acknowledgeWildcards } from "../policies/wildcards";
import type { StackInputs } from "./inputs";

export interface LockstepStackProps extends StackInputs {
  readonly vpc: IVpc;
  /** The ids of the roles that each environment's workflow sends with. */
  readonly senders: Readonly<Record<EnvironmentName, string>>;
}

export class LockstepStack extends Stack {
  constructor(scope: Construct, id: string, props: LockstepStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config, names, resources, vpc, senders } = props;
    const table = new HistoryTable(this, "History", names).table;
    const queues = new Queues(this, "Queues", { names, resources, senders: this.senders(props) });
    new EcsEvents(this, "EcsEvents", { names, resources, queue: queues.queue });

    const logs = new LogGroup(this, "WorkerLogs", {
      logGroupName: names.workerLogGroup,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const places = {
      queueUrl: queues.queue.queueUrl,
      deadLetterQueueUrl: queues.deadLetters.queueUrl,
      tableName: table.tableName,
    };
    const secrets = new WorkerSecrets(this, "Secrets", config, names);
    const worker = new WorkerService(this, "Worker", {
      config,
      names,
      resources,
      vpc,
      logs,
      places,
      secrets,
      senders,
    });
    scaleOnAge(worker.service, queues.queue, config.worker);

    const metrics = new LogMetrics(this, "Metrics", logs, names.metricNamespace);
    const alarms = new Alarms(this, "Alarms", { config, names, queues, metrics });

    const operator = new ManagedPolicy(this, "Operator", {
      managedPolicyName: names.operatorPolicy,
      description: "For people at a terminal; attached to nobody here",
      statements: statementsOf("operator", resources),
    });
    acknowledgeWildcards(operator, "operator", resources);
    const outputs = {
      QueueUrl: places.queueUrl,
      DeadLetterQueueUrl: places.deadLetterQueueUrl,
      TableName: places.tableName,
      AlarmTopicArn: alarms.topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
    outputRoleId(this, "WorkerRoleId", worker.taskRole, "queue.worker_senders");
  }

  /** Roles by their ARNs' text: an ARN in a policy stays what it says when a role is deleted and made again. */
  private senders({ config, names, resources }: StackInputs) {
    const senders = ENVIRONMENTS.map((name) => names.environments[name].senderRole);
    const roles = [...senders, names.workerRole, names.builderRole].map((role) => resources.role(role));
    const operators = config.operatorRoleArn === undefined ? [] : [config.operatorRoleArn];
    return { roles: [...roles, ...operators], rule: resources.ecsEventsRule };
  }
}
