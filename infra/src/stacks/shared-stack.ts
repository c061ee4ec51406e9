// SharedStack: what both environments stand on. GitHub's identity, the network, the load balancer, the log group of
// the deployment guide. Deployed first. Must never hold anything that belongs to one environment only.

import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { HostedZone, type IHostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { type EnvironmentName, ENVIRONMENTS } from "../config/config";
import { outputRoleId, publishRoleId } from "../constructs/role-id";
import { AccessLogs } from "../shared/access-logs";
import { GitHubIdentity } from "../shared/github-identity";
import { SharedLoadBalancer } from "../shared/load-balancer";
import { Network } from "../shared/network";
import type { StackInputs } from "./inputs";

export class SharedStack extends Stack {
  readonly network: Network;
  readonly front: SharedLoadBalancer;
  readonly accessLogs: AccessLogs;
  readonly applicationLogs: LogGroup;
  readonly zone: IHostedZone;

  private readonly zones: readonly string[];

  constructor(scope: Construct, id: string, props: StackInputs) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config, names, resources } = props;
    this.zones = config.availabilityZones;
    const identity = new GitHubIdentity(this, "GitHub", { config, names, resources });
    for (const name of ENVIRONMENTS) {
      const parameter = names.environments[name].senderRoleIdParameter;
      publishRoleId(this, `${name}-sender-role-id`, parameter, identity.senders[name]);
    }
    const setting = (environment: EnvironmentName) =>
      `applications.${names.application}.environments.${environment}.requests.workflow_senders`;
    outputRoleId(this, "StagingSenderRoleId", identity.senders.staging, setting("staging"));
    outputRoleId(this, "ProductionSenderRoleId", identity.senders.production, setting("production"));
    outputRoleId(
      this,
      "BuilderRoleId",
      identity.builder,
      "no setting: it asks for nothing, so it stays out of every list",
    );
    this.network = new Network(this, "Network", config);
    this.accessLogs = new AccessLogs(this, "AccessLogs");
    this.zone = HostedZone.fromHostedZoneAttributes(this, "Zone", {
      hostedZoneId: config.hostedZone.id,
      zoneName: config.hostedZone.name,
    });
    this.front = new SharedLoadBalancer(this, "Front", {
      config,
      vpc: this.network.vpc,
      zone: this.zone,
      accessLogs: this.accessLogs.bucket,
    });
    this.applicationLogs = new LogGroup(this, "ApplicationLogs", {
      logGroupName: names.applicationLogGroup,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** As configured: CDK would ask the account. */
  override get availabilityZones(): string[] {
    return [...this.zones];
  }
}
