// A CloudFormation deployment through its own API. Must never be pointed at AWS: the endpoint and the credentials are
// a stand-in's.

import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { setTimeout as sleep } from "node:timers/promises";
import type { Template } from "./deployable";

const PATIENCE_MS = 120_000;
const POLL_MS = 200;

/** For every client of a test. */
export function clientSettings(endpoint: string, region: string) {
  return { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
}

/** Creates the stack and waits; its outputs by name. */
export async function deploy(
  client: CloudFormationClient,
  StackName: string,
  template: Template,
): Promise<Record<string, string>> {
  await client.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(template),
      Capabilities: ["CAPABILITY_NAMED_IAM"],
    }),
  );
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await sleep(POLL_MS)) {
    const stack = (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
    if (stack?.StackStatus === "CREATE_COMPLETE") {
      return Object.fromEntries(
        (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? "", OutputValue ?? ""]),
      );
    }
    if (stack?.StackStatus !== "CREATE_IN_PROGRESS") {
      const events = (await client.send(new DescribeStackEventsCommand({ StackName }))).StackEvents ?? [];
      const reasons = events
        .filter((event) => event.ResourceStatus?.endsWith("FAILED"))
        .map((event) => `${event.LogicalResourceId}: ${event.ResourceStatusReason}`);
      throw new Error(`${StackName} is ${stack?.StackStatus}: ${reasons.join("; ")}`);
    }
  }
  throw new Error(`${StackName} was not created within ${PATIENCE_MS / 1000} seconds`);
}
