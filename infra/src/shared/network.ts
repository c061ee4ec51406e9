// The network that both environments and the worker share. Must never put a task or a database into a public subnet.

import { RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Config } from "../config/config";
import { acknowledge } from "../constructs/acknowledge";

export class Network extends Construct {
  readonly vpc: Vpc;

  constructor(scope: Construct, id: string, config: Pick<Config, "availabilityZones" | "natGateways">) {
    super(scope, id);
    this.vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.0.0.0/16"),
      availabilityZones: [...config.availabilityZones],
      natGateways: config.natGateways,
      subnetConfiguration: [
        // The load balancer and the NAT gateways, nothing else.
        { name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        // Tasks: they reach GitHub, registries and AWS through NAT, and nobody reaches them but the load balancer.
        { name: "private", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
        // Production's database has no way out.
        { name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      // Emptying the default security group would need a Lambda function; nothing here uses that group.
      restrictDefaultSecurityGroup: false,
    });
    acknowledge(this.vpc, {
      "CloudFormation-Validate::W3010":
        "The zones are a setting: a zone chosen by the account could change under the subnets",
    });
    // Free of charge, and keeps the table's and the registry layers' traffic off the NAT gateway.
    this.vpc.addGatewayEndpoint("DynamoDb", { service: GatewayVpcEndpointAwsService.DYNAMODB });
    this.vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
    const logs = new LogGroup(this, "FlowLogs", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc.addFlowLog("Flow", {
      destination: FlowLogDestination.toCloudWatchLogs(logs),
      // What was refused tells of attacks and of missing rules; what was accepted would cost a multiple.
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}
