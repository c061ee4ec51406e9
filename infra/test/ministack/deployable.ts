// The part of a template that ministack can create. It says what it leaves out, so that nobody takes a deployment
// there for one of everything. Must never change a resource that it keeps.

/** What is deployed for real: queue, table, rule, roles, and what they and the alarms hang on. */
const DEPLOYED = new Set([
  "AWS::SQS::Queue",
  "AWS::SQS::QueuePolicy",
  "AWS::DynamoDB::Table",
  "AWS::Events::Rule",
  "AWS::IAM::Role",
  "AWS::IAM::Policy",
  "AWS::IAM::ManagedPolicy",
  "AWS::KMS::Key",
  "AWS::SNS::Topic",
  "AWS::SNS::TopicPolicy",
  "AWS::Logs::LogGroup",
  "AWS::Logs::MetricFilter",
  "AWS::CloudWatch::Alarm",
  "AWS::SecretsManager::Secret",
]);

interface Resource {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly [key: string]: unknown;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface Deployable {
  readonly template: Template;
  /** Resource types that are not deployed, each once. */
  readonly leftOut: readonly string[];
}

/** Resources of the deployed types that refer to nothing but each other, and the outputs about them. */
export function deployable(whole: Template): Deployable {
  let kept = Object.entries(whole.Resources).filter(([, resource]) => DEPLOYED.has(resource.Type));
  for (;;) {
    const ids = new Set(kept.map(([id]) => id));
    const next = kept.filter(([, resource]) => standsAlone(resource, ids));
    if (next.length === kept.length) break;
    kept = next;
  }
  const ids = new Set(kept.map(([id]) => id));
  const outputs = Object.entries(whole.Outputs ?? {}).filter(([, output]) => standsAlone(output, ids));
  const leftOut = Object.entries(whole.Resources).filter(([id]) => !ids.has(id));
  return {
    template: {
      Resources: Object.fromEntries(kept.map(([id, resource]) => [id, withoutDependencies(resource, ids)])),
      Outputs: Object.fromEntries(outputs),
    },
    leftOut: [...new Set(leftOut.map(([, { Type }]) => Type))].sort(),
  };
}

/** Whether every reference in it is to one of these resources. */
function standsAlone(value: unknown, ids: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.every((member) => standsAlone(member, ids));
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, member]) => {
    if (key === "DependsOn") return true;
    if (key === "Fn::ImportValue") return false;
    if (key === "Ref") return ids.has(String(member)) || String(member).startsWith("AWS::");
    if (key === "Fn::GetAtt") return ids.has(String((member as unknown[])[0]));
    return standsAlone(member, ids);
  });
}

function withoutDependencies(resource: Resource, ids: ReadonlySet<string>): Resource {
  const { DependsOn, ...rest } = resource;
  const kept = ([DependsOn ?? []].flat() as string[]).filter((id) => ids.has(id));
  return { ...rest, ...(kept.length > 0 ? { DependsOn: kept } : {}) } as Resource;
}
