// Starts ministack, a stand-in for AWS, on 127.0.0.1 for the length of a test. Must never listen anywhere else, nor
// leave a process behind.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../../src/policies/actions";

/** Generous: the machine may be busy; nothing waits this long unless it fails. */
const PATIENCE_MS = 120_000;

const POLL_MS = 200;

export interface Server {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** Where `check.sh` puts it. */
const PROGRAM = join(ROOT, ".tools", "python", "bin", "ministack");

export async function startMinistack(account: string, region: string): Promise<Server> {
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), "ministack-"));
  const child = spawn(PROGRAM, [], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      TMPDIR: home,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      // What the stack needs, and nothing that would look for Docker.
      SERVICES: "sqs,dynamodb,events,iam,sts,cloudformation,logs,cloudwatch,monitoring,kms,sns,secretsmanager,ssm,s3",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data.toString()));
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await answering(endpoint, child);
  } catch (error) {
    await stop();
    throw new Error(`ministack did not start: ${String(error)}\n${output.join("").slice(-4000)}`);
  }
  return { endpoint, stop };
}

async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await sleep(POLL_MS)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`no answer within ${PATIENCE_MS / 1000} seconds`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(force);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
