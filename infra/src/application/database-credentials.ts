// A database's password and the URL that the application is given, both in Secrets Manager. Must never let the
// password into a template, a parameter or an output: CloudFormation puts it in while it creates the URL.

import { RemovalPolicy, SecretValue } from "aws-cdk-lib";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "../constructs/acknowledge";

export const DATABASE_USER = "app";
export const DATABASE_NAME = "app";
export const DATABASE_PORT = 5432;

const PASSWORD_LENGTH = 40;

export interface DatabaseCredentialsProps {
  /** The beginning of the secrets' names. */
  readonly prefix: string;
  readonly removalPolicy: RemovalPolicy;
  /** Why nothing changes the password by itself. */
  readonly whyNotRotated: string;
}

export class DatabaseCredentials extends Construct {
  /** `username` and `password`, JSON. */
  readonly login: Secret;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DatabaseCredentialsProps,
  ) {
    super(scope, id);
    this.login = new Secret(this, "Login", {
      secretName: `${props.prefix}/database`,
      description: "The database's user and password",
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: DATABASE_USER }),
        generateStringKey: "password",
        // It becomes a part of a URL.
        excludePunctuation: true,
        passwordLength: PASSWORD_LENGTH,
      },
      removalPolicy: props.removalPolicy,
    });
    this.notRotated(this.login);
  }

  /** The secret that holds the URL of the database at `host`. */
  url(host: string, options = ""): ISecret {
    const password = this.login.secretValueFromJson("password").unsafeUnwrap();
    const url = `postgres://${DATABASE_USER}:${password}@${host}:${DATABASE_PORT}/${DATABASE_NAME}${options}`;
    const secret = new Secret(this, "Url", {
      secretName: `${this.props.prefix}/database-url`,
      description: "DATABASE_URL of the application",
      // Plain only in name: what stands here is a reference to the password, not the password.
      secretStringValue: SecretValue.unsafePlainText(url),
      removalPolicy: this.props.removalPolicy,
    });
    this.notRotated(secret);
    return secret;
  }

  private notRotated(secret: Secret): void {
    acknowledge(secret, { "AwsSolutions-SMG4": this.props.whyNotRotated });
  }
}
