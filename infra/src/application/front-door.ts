// An environment's way in: its rule on the shared listener, its target group, its name in the DNS. Must never change
// the shared load balancer itself.

import { Duration } from "aws-cdk-lib";
import { type IVpc, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import {
  ApplicationListener,
  ApplicationListenerRule,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerCondition,
  TargetType,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";
import type { Config, EnvironmentName } from "../config/config";
import type { SharedLoadBalancer } from "../shared/load-balancer";

/** Rules are tried in this order; host names differ, so it does not matter which is first. */
const PRIORITY: Readonly<Record<EnvironmentName, number>> = { staging: 10, production: 20 };

export interface FrontDoorProps {
  readonly config: Config;
  readonly environment: EnvironmentName;
  readonly vpc: IVpc;
  readonly front: SharedLoadBalancer;
  readonly zone: IHostedZone;
  readonly service: FargateService;
  readonly container: string;
}

export class FrontDoor extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { config, environment, vpc, front, zone, service, container }: FrontDoorProps,
  ) {
    super(scope, id);
    const { port, readinessPath } = config.application;
    const { domain } = config.environments[environment];
    const targets = new ApplicationTargetGroup(this, "Targets", {
      vpc,
      port,
      protocol: ApplicationProtocol.HTTP,
      targetType: TargetType.IP,
      targets: [service.loadBalancerTarget({ containerName: container, containerPort: port })],
      healthCheck: {
        path: readinessPath,
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
      deregistrationDelay: Duration.seconds(30),
    });
    // Imported, so that the rule from the load balancer to the service is the service's alone.
    const listener = ApplicationListener.fromApplicationListenerAttributes(this, "Listener", {
      listenerArn: front.listener.listenerArn,
      securityGroup: SecurityGroup.fromSecurityGroupId(this, "Front", front.securityGroup.securityGroupId, {
        mutable: false,
      }),
    });
    const rule = new ApplicationListenerRule(this, "Rule", {
      listener,
      priority: PRIORITY[environment],
      conditions: [ListenerCondition.hostHeaders([domain])],
      targetGroups: [targets],
    });
    // ECS refuses a service whose target group no load balancer uses.
    service.node.addDependency(rule);
    new ARecord(this, "Name", {
      zone,
      recordName: domain,
      target: RecordTarget.fromAlias(new LoadBalancerTarget(front.loadBalancer)),
    });
  }
}
