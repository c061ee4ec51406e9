// What each kind of setting looks like. Sources: the naming rules in the API references of IAM, EC2, RDS, Route 53
// and GitHub. Must never be stricter than the service, nor let a value through that breaks a policy's text.

import type { Form } from "./reader";

const form = (pattern: RegExp, expected: string): Form => ({ pattern, expected });

export const ACCOUNT = form(/^[0-9]{12}$/, "12 digits, such as 123456789012");
export const REGION = form(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, "a region, such as us-east-1");
export const ZONE = form(/^[a-z]{2}(?:-[a-z]+)+-[0-9][a-z]$/, "a zone, such as us-east-1a");
/** Short enough that every name made of it fits: the longest adds 30 to it, an IAM role holds 64. */
export const PROJECT = form(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$(?<=^.{1,32})/,
  "lower-case letters, digits and single hyphens, at most 32, beginning with a letter",
);
export const ZONE_ID = form(/^[A-Z0-9]{1,32}$/, "a hosted zone's id, such as Z0123456789ABCDEFGHIJ");
export const DOMAIN = form(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
  "a host name without a trailing dot",
);
export const GITHUB_NAME = form(/^[A-Za-z0-9_.-]{1,100}$/, "a name as in github.com/OWNER/NAME");
export const NUMBER = form(/^[0-9]{1,20}$/, "digits only");
export const BRANCH = form(/^[A-Za-z0-9][A-Za-z0-9_./-]*$/, "a branch, such as main");
export const WORKFLOW = form(/^[A-Za-z0-9_.-]+\.ya?ml$/, "a workflow's file name, such as build-image.yml");
export const FILE = form(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, "a file's path in the repository");
export const IMAGE_REPOSITORY = form(
  /^[a-z0-9.-]+\.[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)+$/,
  "host/name without tag or digest, such as docker.io/owner/name",
);
export const IMAGE = form(/^[a-z0-9._:/-]+(:[A-Za-z0-9_.-]+|@sha256:[0-9a-f]{64})$/, "an image with a tag or a digest");
export const PINNED_IMAGE = form(/^[a-z0-9._:/-]+@sha256:[0-9a-f]{64}$/, "an image with its digest, name@sha256:…");
export const WORD = form(/^[A-Za-z0-9_.@+-]+$/, "letters, digits and _ . @ + -");
export const URL_PATH = form(/^\/[A-Za-z0-9_./-]*$/, "a path that begins with /");
export const INSTANCE_CLASS = form(
  /^[a-z0-9]+\.[a-z0-9]+$/,
  "an RDS instance class without the leading `db.`, such as t4g.small",
);
export const EMAIL = form(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, "an e-mail address");
export const ROLE_ARN = form(/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]+$/, "an IAM role's ARN");
export const ROLE_ID = form(/^AROA[A-Z0-9]{12,}$/, "an IAM role's id, such as AROAEXAMPLE7EXAMPLE77");
export const OIDC_PROVIDER_ARN = form(
  /^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/,
  "the ARN of the account's provider for token.actions.githubusercontent.com",
);
