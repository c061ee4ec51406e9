// As much of IAM's evaluation as the queue's policy uses: an explicit denial wins, else an allowance is needed. Must
// never guess: an operator or a principal that is not known here is an error.

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Request {
  readonly action: string;
  /** The service, for a call of AWS's own. */
  readonly service?: string;
  /** Condition keys that the request carries. */
  readonly context: Readonly<Record<string, string>>;
  /** Whether a policy of the caller's own allows the action. */
  readonly allowedByIdentity: boolean;
}

/** What the resource's policy and the caller's own make of the request. */
export function decide(statements: readonly Statement[], request: Request): "allowed" | "denied" {
  const applying = statements.filter((statement) => applies(statement, request));
  if (applying.some((statement) => statement.Effect === "Deny")) return "denied";
  return request.allowedByIdentity || applying.some((statement) => statement.Effect === "Allow") ? "allowed" : "denied";
}

function applies(statement: Statement, request: Request): boolean {
  const actions = [statement.Action].flat() as string[];
  const named = actions.some(
    (action) => action === request.action || (action.endsWith(":*") && request.action.startsWith(action.slice(0, -1))),
  );
  return (
    named &&
    isPrincipal(statement.Principal, request) &&
    Object.entries(statement.Condition ?? {}).every((one) => holds(one, request))
  );
}

function isPrincipal(principal: unknown, request: Request): boolean {
  const text = JSON.stringify(principal);
  if (text === '{"AWS":"*"}') return true;
  const service = /^\{"Service":"([a-z.]+)"\}$/.exec(text)?.[1];
  if (service === undefined) throw new Error(`unknown principal ${text}`);
  return request.service === service;
}

function holds(
  [operator, keys]: [string, Readonly<Record<string, string | readonly string[]>>],
  request: Request,
): boolean {
  return Object.entries(keys).every(([key, wanted]) => {
    const value = request.context[key];
    const among = value !== undefined && ([wanted].flat() as string[]).includes(value);
    switch (operator) {
      case "Bool":
      case "ArnEquals":
      case "StringEquals":
        return among;
      // A negated operator holds for a key that is absent (IAM user guide, "condition operators").
      case "ArnNotEquals":
        return !among;
      default:
        throw new Error(`unknown operator ${operator}`);
    }
  });
}
