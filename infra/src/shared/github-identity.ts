// GitHub's identity in this account: the OIDC provider, one role per environment that its workflows assume to send
// deploy requests, and one that the build workflow assumes to say that it has ended. Must never trust a branch, a repository or an environment by pattern: every claim is compared
// with one exact value (or, for the subject, one of its two spellings).

import { CfnOutput, Duration } from "aws-cdk-lib";
import { CfnOIDCProvider, FederatedPrincipal, PolicyDocument, Role } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Config, EnvironmentName } from "../config/config";
import type { Names } from "../config/names";
import type { Resources } from "../policies/resources";
import { statementsOf } from "../policies/statements";

const ISSUER = "token.actions.githubusercontent.com";
const AUDIENCE = "sts.amazonaws.com";

/** The GitHub environment of the build workflow (infra/github/workflows/build-image.yml). */
const BUILD_ENVIRONMENT = "build";

/** A workflow follows its deployment to the end; the default of one hour is shorter than a slow build. */
const LONGEST_SESSION = Duration.hours(4);

export interface GitHubIdentityProps {
  readonly config: Config;
  readonly names: Names;
  readonly resources: Resources;
}

export class GitHubIdentity extends Construct {
  readonly senders: Readonly<Record<EnvironmentName, Role>>;
  readonly builder: Role;

  constructor(scope: Construct, id: string, props: GitHubIdentityProps) {
    super(scope, id);
    const provider = props.config.github.oidcProviderArn ?? this.provider();
    const sender = (environment: EnvironmentName) => this.sender(environment, provider, props);
    this.senders = { staging: sender("staging"), production: sender("production") };
    this.builder = this.build(provider, props);
  }

  private provider(): string {
    // Without a thumbprint: for GitHub, AWS checks the issuer's certificate against its own trusted authorities.
    return new CfnOIDCProvider(this, "Provider", { url: `https://${ISSUER}`, clientIdList: [AUDIENCE] }).attrArn;
  }

  private sender(environment: EnvironmentName, provider: string, props: GitHubIdentityProps): Role {
    const { senderRole, senderRoleExport } = props.names.environments[environment];
    const role = new Role(this, `${environment}-sender`, {
      roleName: senderRole,
      description: `Workflows of the GitHub environment ${environment}: ask Lockstep for a deployment and follow it`,
      assumedBy: new FederatedPrincipal(
        provider,
        { StringEquals: claims(environment, props.config.github) },
        "sts:AssumeRoleWithWebIdentity",
      ),
      maxSessionDuration: LONGEST_SESSION,
      inlinePolicies: { deploy: new PolicyDocument({ statements: statementsOf("sender", props.resources) }) },
    });
    new CfnOutput(this, `${environment}-sender-arn`, {
      value: role.roleArn,
      exportName: senderRoleExport,
      description: `The role that workflows of ${environment} assume (GitHub variable AWS_DEPLOY_ROLE_ARN of that environment)`,
    });
    return role;
  }

  private build(provider: string, { config, names, resources }: GitHubIdentityProps): Role {
    const role = new Role(this, "builder", {
      roleName: names.builderRole,
      description: "The build workflow: tells Lockstep that a build has ended",
      assumedBy: new FederatedPrincipal(
        provider,
        { StringEquals: claims(BUILD_ENVIRONMENT, config.github) },
        "sts:AssumeRoleWithWebIdentity",
      ),
      inlinePolicies: { tell: new PolicyDocument({ statements: statementsOf("builder", resources) }) },
    });
    new CfnOutput(this, "builder-arn", {
      value: role.roleArn,
      exportName: names.builderRoleExport,
      description: `The role that the build workflow assumes (GitHub secret AWS_BUILDER_ROLE_ARN of the environment ${BUILD_ENVIRONMENT})`,
    });
    return role;
  }
}

/** What a token of GitHub must say to become the role of a GitHub environment. */
export function claims(environment: string, github: Config["github"]): Record<string, string | string[]> {
  const { owner, ownerId, repository, repositoryId, defaultBranch } = github;
  return {
    // Made for AWS, and not for another service that would pass it on.
    [`${ISSUER}:aud`]: AUDIENCE,
    // A job that runs in this GitHub environment, so its protection rules have let it pass. Repositories made, renamed
    // or transferred after 2026-07-15 have the second spelling, with numbers that cannot be taken over.
    [`${ISSUER}:sub`]: [
      `repo:${owner}/${repository}:environment:${environment}`,
      `repo:${owner}@${ownerId}/${repository}@${repositoryId}:environment:${environment}`,
    ],
    // Closes the gap of the first spelling: somebody who takes over a freed name has another number.
    [`${ISSUER}:repository_id`]: repositoryId,
    // The workflow file comes from this branch, which nobody pushes to without a review.
    [`${ISSUER}:ref`]: `refs/heads/${defaultBranch}`,
  };
}
