import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeAuthority } from "./authority.ts";
import { type Outside } from "../../src/kernel/net/outside.ts";
import { createGuardedFetch } from "../../src/kernel/net/guarded-fetch.ts";
import { createTxtLookup } from "../../src/kernel/net/txt-records.ts";

/*
 * A forge on this machine: `git http-backend` behind HTTPS with a certificate of a private authority, for every host name
 * that it is given. Repositories are made bare; people push to them with the real git. What stands in `pages` is answered
 * in place of git, so that the same server can lie.
 */

const run = promisify(execFile);

export type Page = (request: IncomingMessage, response: ServerResponse) => void;

export interface GitServer {
  readonly port: number;
  /** PEM of the authority that vouches for it. */
  readonly ca: string;
  /** `https://host:port`. */
  origin(host: string): string;
  /** Asked paths, oldest first, as `host path`. */
  readonly asked: readonly string[];
  /** Answers in place of git, by the beginning of `host/path`; the longest one wins. */
  readonly pages: Map<string, Page>;
  /** Makes a bare repository at `host/path` with one commit, and a clone of it that can push. */
  makeRepository(host: string, path: string): Promise<WorkingCopy>;
  /** The outside as a claimant's places see it: every host name leads here. */
  outside(options?: { readonly names?: readonly string[]; readonly timeoutMs?: number }): Outside;
  close(): Promise<void>;
}

export interface WorkingCopy {
  readonly folder: string;
  /** Runs git in it. */
  git(...args: readonly string[]): Promise<string>;
  /** Runs a command as a page shows it, in a shell. */
  shell(command: string): Promise<string>;
}

const AUTHOR = ["-c", "user.name=Alice", "-c", "user.email=alice@alice.example", "-c", "init.defaultBranch=main"];

/** @param hosts names that the certificate is for */
export async function serveGit(hosts: readonly string[]): Promise<GitServer> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-git-"));
  const { ca, key, cert } = await makeAuthority(join(folder, "tls"), hosts);
  const root = join(folder, "repositories");
  await mkdir(root, { recursive: true });
  const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const asked: string[] = [];
  const pages = new Map<string, Page>();
  const server: Server = createServer({ key, cert }, (request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const { pathname, search } = new URL(request.url ?? "/", "https://x");
    asked.push(`${host} ${request.method} ${pathname}`);
    const [, page] =
      [...pages]
        .filter(([start]) => `${host}${pathname}`.startsWith(start))
        .sort((a, b) => b[0].length - a[0].length)[0] ?? [];
    if (page) return page(request, response);
    backend(request, response, {
      ...environment,
      GIT_PROJECT_ROOT: join(root, host),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
      ...(request.headers["git-protocol"] ? { GIT_PROTOCOL: String(request.headers["git-protocol"]) } : {}),
    });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  const exec = async (cwd: string, ...args: readonly string[]) =>
    (await run("git", [...AUTHOR, ...args], { cwd, env: environment })).stdout;

  const makeRepository = async (host: string, path: string): Promise<WorkingCopy> => {
    const bare = join(root, host, `${path}.git`);
    await mkdir(bare, { recursive: true });
    await exec(bare, "init", "-q", "--bare");
    const copy = join(folder, "copies", host, path);
    await mkdir(dirname(copy), { recursive: true });
    await exec(dirname(copy), "clone", "-q", bare, copy);
    await writeFile(join(copy, "README"), "A small thing.\n");
    await exec(copy, "add", "README");
    await exec(copy, "commit", "-qm", "Begin");
    await exec(copy, "push", "-q", "origin", "HEAD:refs/heads/main");
    return {
      folder: copy,
      git: (...args) => exec(copy, ...args),
      shell: async (command) => (await run("sh", ["-ec", command], { cwd: copy, env: environment })).stdout,
    };
  };

  return {
    port,
    ca,
    asked,
    pages,
    origin: (host) => `https://${host}:${port}`,
    makeRepository,
    outside: ({ names, timeoutMs = 10_000 } = {}) => ({
      fetch: createGuardedFetch({
        allowPrivate: [`127.0.0.1/32:${port}`],
        resolver: async () => ["127.0.0.1"],
        ca,
        limits: { timeoutMs, headersTimeoutMs: timeoutMs },
      }),
      askTxt: createTxtLookup({ servers: names ?? ["127.0.0.1:1"], timeoutMs: 300 }),
    }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One request to `git http-backend`, as a web server hands it on (RFC 3875). */
function backend(request: IncomingMessage, response: ServerResponse, env: NodeJS.ProcessEnv): void {
  const child = spawn("git", ["-c", "http.receivepack=true", "-c", "safe.directory=*", "http-backend"], { env });
  request.pipe(child.stdin);
  child.stdin.on("error", () => {});
  response.on("close", () => child.kill());
  let head: Buffer | null = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === null) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const lines = head.toString("latin1", 0, end).split("\r\n");
    let status = 200;
    for (const line of lines) {
      const [name = "", value = ""] = line.split(/:\s*/, 2);
      if (/^status$/i.test(name)) status = Number(value.split(" ")[0]);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    head = null;
  });
  child.stdout.on("end", () => response.end());
}
