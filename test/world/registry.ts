import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccount, findAccount, parseAddress, type Account } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { Tx } from "../../src/kernel/db/transact.ts";
import { html } from "../../src/kernel/html/index.ts";
import { buildEdge } from "../../src/kernel/http/index.ts";
import { ok, type Result } from "../../src/kernel/result.ts";
import { createApiToken, makeDownloadCounter, registryRoutes, type DownloadCounter } from "../../src/registry/index.ts";
import type { Distribution } from "./distributions.ts";
import type { TestRuntime } from "./runtime.ts";

/* A small package index for tests: people with tokens, a server on a port of its own, and uploads by hand. */

/** The value of a result that must be one. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.title} ${result.refusal.detail ?? ""}`);
  return result.value;
}

/** Runs one act at the runtime's time; it must not be refused. */
export const act = async <T>(
  runtime: Pick<TestRuntime, "db" | "clock">,
  work: (tx: Tx) => Promise<Result<T>>,
): Promise<T> => must(await transact(runtime.db, { now: runtime.clock.now() }, work));

export async function makeAccount(runtime: TestRuntime, username: string): Promise<Account> {
  const id = await act(runtime, async (tx) => {
    const address = must(parseAddress(`${username}@example.org`));
    const made = must(await createAccount(tx, runtime.random, { username, address }));
    audit(tx, runtime.random, { act: "test/account-made", actor: { kind: "operator" }, accountId: made.accountId });
    return ok(made.accountId);
  });
  const account = await findAccount(runtime.db, id);
  if (!account) throw new Error("The account that was made is not there.");
  return account;
}

/** An API token's text. */
export async function makeToken(
  runtime: TestRuntime,
  account: Account,
  options: { readonly name?: string; readonly projects?: readonly string[]; readonly expiresAt?: Date } = {},
): Promise<string> {
  const { name = "laptop", projects = null, expiresAt = null } = options;
  const input = {
    accountId: account.id,
    name,
    projects,
    expiresAt,
    actor: { kind: "subscriber", id: account.id } as const,
  };
  const made = await act(runtime, (tx) => createApiToken(tx, runtime.random, input));
  return made.token.reveal();
}

export interface TestIndex {
  readonly url: string;
  readonly filesFolder: string;
  readonly downloads: DownloadCounter;
  /** Paths of everything in the files folder. */
  files(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

/** Serves the index on a free port. */
export async function serveIndex(
  runtime: TestRuntime,
  options: { readonly maxFileBytes?: number } = {},
): Promise<TestIndex> {
  const filesFolder = await mkdtemp(join(tmpdir(), "locksmith-files-"));
  const downloads = makeDownloadCounter();
  const edge = await buildEdge(runtime, {
    routes: registryRoutes({ filesFolder, maxFileBytes: options.maxFileBytes ?? 256 * MIB, downloads }),
    throttle: async () => ok(),
    refusalPage: (_runtime, refusal) => html`<!doctype html><title>${refusal.title}</title>`,
    assets: [filesFolder],
    floodLimit: 100_000,
  });
  await edge.listen({ host: "127.0.0.1", port: 0 });
  const { port } = edge.server.address() as AddressInfo; // listening on TCP, so it is one
  return {
    url: `http://127.0.0.1:${port}`,
    filesFolder,
    downloads,
    files: async () => {
      const entries = await readdir(filesFolder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },
    close: async () => {
      await edge.close();
      await rm(filesFolder, { recursive: true, force: true });
    },
  };
}

export interface FormPart {
  readonly name: string;
  readonly value: string | Buffer;
  readonly filename?: string;
}

/** The parts of an upload form, in the order twine sends them. A field given as null is left out. */
export function uploadForm(
  distribution: Distribution,
  project: { readonly name: string; readonly version: string },
  changes: Readonly<Record<string, string | null>> = {},
): FormPart[] {
  const fields: Record<string, string | null> = {
    ":action": "file_upload",
    protocol_version: "1",
    name: project.name,
    version: project.version,
    filetype: distribution.filename.endsWith(".whl") ? "bdist_wheel" : "sdist",
    pyversion: distribution.filename.endsWith(".whl") ? "py3" : "source",
    metadata_version: "2.1",
    sha256_digest: createHash("sha256").update(distribution.bytes).digest("hex"),
    md5_digest: createHash("md5").update(distribution.bytes).digest("hex"),
    ...changes,
  };
  const parts = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  return [...parts, { name: "content", value: distribution.bytes, filename: distribution.filename }];
}

const BOUNDARY = "----locksmith-test-boundary";

/** A multipart body written by hand, so that nothing tidies up what a test wants to be untidy. */
export function multipartBody(parts: readonly FormPart[]): { readonly body: Buffer; readonly type: string } {
  const pieces = parts.flatMap(({ name, value, filename }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`),
    Buffer.from(filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: application/octet-stream`),
    Buffer.from("\r\n\r\n"),
    Buffer.from(value),
    Buffer.from("\r\n"),
  ]);
  return {
    body: Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]),
    type: `multipart/form-data; boundary=${BOUNDARY}`,
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Sends an upload form with a token. */
export async function postUpload(
  index: TestIndex,
  token: string,
  parts: readonly FormPart[],
  path = "/legacy/",
): Promise<Answer> {
  const { body, type } = multipartBody(parts);
  const authorization = `Basic ${Buffer.from(`__token__:${token}`).toString("base64")}`;
  const response = await fetch(new URL(path, index.url), {
    method: "POST",
    headers: { authorization, "content-type": type },
    body: new Uint8Array(body),
    redirect: "manual",
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Sends a GET request. */
export async function get(
  index: TestIndex,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(new URL(path, index.url), { headers, redirect: "manual" });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
