// The bucket that an environment's application keeps files in. Must never be public.

import { RemovalPolicy } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";
import { BUCKET_LOGS } from "../shared/access-logs";

export interface UploadsProps {
  readonly accessLogs: IBucket;
  /** Whether what is in it can be made again. */
  readonly removalPolicy: RemovalPolicy;
}

export function uploads(scope: Construct, id: string, { accessLogs, removalPolicy }: UploadsProps): Bucket {
  const bucket = new Bucket(scope, id, {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    // By name, because the shared stack's policy lets all buckets of the account log there already.
    serverAccessLogsBucket: Bucket.fromBucketName(scope, `${id}Logs`, accessLogs.bucketName),
    serverAccessLogsPrefix: BUCKET_LOGS,
    removalPolicy,
  });
  acknowledge(bucket, {
    "Annotation::@aws-cdk/aws-s3:accessLogsPolicyNotAdded":
      "The shared stack's policy lets all buckets of the account log there",
  });
  return bucket;
}
