// LockstepStack: everything that Lockstep itself is made of. Deployed after SharedStack. Must never hold anything of
// the deployed application.

import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IVpc } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type EnvironmentName, ENVIRONMENTS } from "../config/config";
import type { Names } from "../config/names";
import { outputRoleId, publishedRoleId } from "../constructs/role-id";
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
}

export class LockstepStack extends Stack {
  constructor(scope: Construct, id: string, props: LockstepStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config, names, resources, vpc } = props;
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
      senders: this.senderIds(names),
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
    // What a workflow's role may do: which environments it may ask for is the worker's to say, by the role's id.
    new ManagedPolicy(this, "StagingOperator", {
      managedPolicyName: names.stagingOperatorPolicy,
      description: "For people who may ask for deployments to staging alone; attached to nobody here",
      statements: statementsOf("sender", resources),
    });
    const outputs = {
      QueueUrl: places.queueUrl,
      DeadLetterQueueUrl: places.deadLetterQueueUrl,
      TableName: places.tableName,
      AlarmTopicArn: alarms.topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
    outputRoleId(this, "WorkerRoleId", worker.taskRole, "queue.worker_senders");
  }

  /** The ids of the roles that each environment's workflow sends with, as SharedStack wrote them down. */
  private senderIds(names: Names): Readonly<Record<EnvironmentName, string>> {
    const id = (name: EnvironmentName) => publishedRoleId(this, names.environments[name].senderRoleIdParameter);
    return { staging: id("staging"), production: id("production") };
  }

  /** Roles by their ARNs' text: an ARN in a policy stays what it says when a role is deleted and made again. */
  private senders({ config, names, resources }: StackInputs) {
    const asking = ENVIRONMENTS.filter((name) => config.environments[name].requests.workflow);
    const senders = asking.map((name) => names.environments[name].senderRole);
    const roles = [...senders, names.workerRole, names.builderRole].map((role) => resources.role(role));
    const people = [config.operatorRoleArn, config.stagingOperator?.arn].filter((arn) => arn !== undefined);
    return { roles: [...roles, ...people], rule: resources.ecsEventsRule };
  }
}
