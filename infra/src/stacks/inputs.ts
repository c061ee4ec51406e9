// What every stack is given. Must never hold a construct: stacks that share one say so in their own properties.

import type { StackProps } from "aws-cdk-lib";
import type { Config } from "../config/config";
import type { Names } from "../config/names";
import type { Resources } from "../policies/resources";

export interface StackInputs extends StackProps {
  readonly config: Config;
  readonly names: Names;
  readonly resources: Resources;
}
