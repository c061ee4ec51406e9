// An image by its reference. Must never build or copy one: what runs is what was named.

import { Stack } from "aws-cdk-lib";
import { Repository } from "aws-cdk-lib/aws-ecr";
import { ContainerImage } from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledge";

/** A private ECR repository's host: account and region. */
const ECR =
  /^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(.+?)(?::([^@:]+))?(?:@(sha256:[0-9a-f]{64}))?$/;

/**
 * The image of a task that starts under `executionRole`; from ECR also the right to pull from that one repository,
 * which other registries are not asked for.
 */
export function imageOf(scope: Construct, id: string, reference: string, executionRole: Construct): ContainerImage {
  const match = ECR.exec(reference);
  if (match === null) return ContainerImage.fromRegistry(reference);
  const [, account, region, name, tag, digest] = match;
  const repositoryArn = `arn:${Stack.of(scope).partition}:ecr:${region}:${account}:repository/${name}`;
  const repository = Repository.fromRepositoryAttributes(scope, id, { repositoryName: name ?? "", repositoryArn });
  acknowledge(executionRole, { "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken has no resource to name" });
  return ContainerImage.fromEcrRepository(repository, digest ?? tag ?? "latest");
}
