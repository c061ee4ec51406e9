// The one load balancer of both environments: TLS ends here, each environment adds a rule for its host name. Must
// never forward a request that names no environment.

import { Duration } from "aws-cdk-lib";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { Peer, Port, SecurityGroup, type IVpc } from "aws-cdk-lib/aws-ec2";
import {
  ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ListenerAction,
  SslPolicy,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type { IHostedZone } from "aws-cdk-lib/aws-route53";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";
import type { Config } from "../config/config";
import { LOAD_BALANCER_LOGS } from "./access-logs";

export interface SharedLoadBalancerProps {
  readonly config: Config;
  readonly vpc: IVpc;
  readonly zone: IHostedZone;
  readonly accessLogs: IBucket;
}

export class SharedLoadBalancer extends Construct {
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly listener: ApplicationListener;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { config, vpc, zone, accessLogs }: SharedLoadBalancerProps) {
    super(scope, id);
    this.securityGroup = this.openToTheWorld(vpc, config.application.port);
    this.loadBalancer = new ApplicationLoadBalancer(this, "LoadBalancer", {
      vpc,
      internetFacing: true,
      securityGroup: this.securityGroup,
      deletionProtection: true,
      dropInvalidHeaderFields: true,
      idleTimeout: Duration.seconds(60),
    });
    this.loadBalancer.logAccessLogs(accessLogs, LOAD_BALANCER_LOGS);
    const { staging, production } = config.environments;
    const certificate = new Certificate(this, "Certificate", {
      domainName: production.domain,
      subjectAlternativeNames: [staging.domain],
      validation: CertificateValidation.fromDns(zone),
    });
    this.listener = this.loadBalancer.addListener("Https", {
      port: 443,
      certificates: [certificate],
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      open: false,
      defaultAction: ListenerAction.fixedResponse(404, { contentType: "text/plain", messageBody: "no such host" }),
    });
    this.loadBalancer.addListener("Http", {
      port: 80,
      protocol: ApplicationProtocol.HTTP,
      open: false,
      defaultAction: ListenerAction.redirect({ protocol: "HTTPS", port: "443", permanent: true }),
    });
  }

  private openToTheWorld(vpc: IVpc, applicationPort: number): SecurityGroup {
    const group = new SecurityGroup(this, "SecurityGroup", {
      vpc,
      description: "The load balancer: HTTPS from anywhere, the application port into the network",
      allowAllOutbound: false,
    });
    group.addIngressRule(Peer.anyIpv4(), Port.tcp(443), "HTTPS");
    group.addIngressRule(Peer.anyIpv4(), Port.tcp(80), "redirected to HTTPS");
    // To the network's addresses and not to the services' groups: those belong to stacks that depend on this one.
    group.addEgressRule(Peer.ipv4(vpc.vpcCidrBlock), Port.tcp(applicationPort), "to the application");
    acknowledge(group, {
      "AwsSolutions-EC23": "A public web application: 443 is open to the world, 80 only redirects to it",
    });
    return group;
  }
}
