// The bucket that the load balancer and other buckets log into. Must never be readable from outside the account, nor
// hold anything but access logs.

import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";

/** Long enough to look into an incident that was noticed late. */
const KEPT = Duration.days(90);

/** Where S3 puts the logs of other buckets. */
export const BUCKET_LOGS = "buckets/";

/** Where the load balancer puts its own. */
export const LOAD_BALANCER_LOGS = "load-balancer";

export class AccessLogs extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, "Bucket", {
      // Load balancers cannot write to a bucket that is encrypted with a KMS key (ELB user guide, access logs).
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: KEPT }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const logging = new ServicePrincipal("logging.s3.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
    });
    // S3's logging service, for buckets of this account. The environments' stacks come later, so they are not named.
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: "LetBucketsLog",
        principals: [logging],
        actions: ["s3:PutObject"],
        resources: [this.bucket.arnForObjects(`${BUCKET_LOGS}*`)],
      }),
    );
    acknowledge(this.bucket, {
      "AwsSolutions-S1": "It holds the access logs; logging access to itself would never end",
    });
  }
}
