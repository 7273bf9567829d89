import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { client } from "../clients.ts";

/*
 * A real Postfix from the distribution: a private instance in a temporary folder, which relays what it takes to a sink.
 * Postfix must be started by root.
 */

const run = promisify(execFile);
const postfix = client("postfix");
const openssl = client("openssl");
/** Why there is none here; false where there is one. */
export const noPostfix: string | false =
  postfix === null || openssl === null
    ? "postfix or openssl is not installed"
    : process.getuid?.() !== 0 && "Postfix needs root";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number }; // listening on TCP, so never a path
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface PrivatePostfix {
  readonly port: number;
  command(verb: "start" | "stop"): Promise<void>;
}

const SERVICES = [
  "cleanup",
  "qmgr",
  "rewrite",
  "bounce",
  "defer",
  "trace",
  "verify",
  "flush",
  "proxymap",
  "smtp",
  "relay",
  "error",
  "retry",
  "discard",
  "anvil",
  "scache",
  "tlsmgr",
  "showq",
  "pickup",
];
const PROGRAMS: Readonly<Record<string, string>> = {
  rewrite: "trivial-rewrite",
  defer: "bounce",
  trace: "bounce",
  relay: "smtp",
  retry: "error",
};

export interface PostfixOptions {
  /** Lines for main.cf and master.cf, after those that every instance has. */
  readonly main?: string;
  readonly master?: string;
}

/** Writes the instance's files; `start` starts it. The folder must be passable for the account postfix. */
export async function makePostfix(
  folder: string,
  sinkPort: number,
  options: PostfixOptions = {},
): Promise<PrivatePostfix> {
  assert.ok(postfix && openssl);
  const port = await freePort();
  const [etc, queue, data] = ["etc", "queue", "data"].map((name) => join(folder, name)) as [string, string, string];
  await mkdir(etc);
  await mkdir(queue);
  await mkdir(data, { mode: 0o700 });
  const { stdout: uid } = await run("id", ["-u", "postfix"]);
  await chown(data, Number(uid), 0);
  const key = join(etc, "key.pem");
  const certificate = join(etc, "certificate.pem");
  await run(openssl, [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=mx.postfix.example",
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  await writeFile(
    join(etc, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${data}
maillog_file_prefixes = ${folder}
maillog_file = ${join(folder, "log")}
myhostname = mx.postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
default_transport = smtp:[127.0.0.1]:${sinkPort}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ {gone@example.org = 550 5.1.1 no such mailbox}, {busy@example.org = 450 4.2.0 greylisted} }, permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificate}
smtpd_tls_key_file = ${key}
${options.main ?? ""}
`,
  );
  const service = (name: string) => {
    const shape = ["qmgr", "tlsmgr"].includes(name) ? "300 1" : name === "pickup" ? "60 1" : "- 0";
    return `${name} unix ${["pickup", "cleanup", "qmgr", "flush", "showq"].includes(name) ? "n" : "-"} - n ${shape} ${PROGRAMS[name] ?? name}`;
  };
  await writeFile(
    join(etc, "master.cf"),
    `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES.map(service).join("\n")}\npostlog unix-dgram n - n - 1 postlogd\n${options.master ?? ""}`,
  );
  return {
    port,
    command: async (verb) => {
      await run(postfix, ["-c", etc, verb]);
    },
  };
}
