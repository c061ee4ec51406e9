// Writable folders of a container whose root file system is read-only. They live and die with the task. Must never
// be mounted where the image has something.

import type { ContainerDefinition, FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";

/** Gives the container a writable folder at each of these paths. */
export function mountWritable(
  definition: FargateTaskDefinition,
  container: ContainerDefinition,
  paths: Readonly<Record<string, string>>,
): void {
  for (const [name, containerPath] of Object.entries(paths)) {
    definition.addVolume({ name });
    container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
  }
}
