import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { client } from "../clients.ts";

/*
 * A forge as far as its public lists of SSH keys go: `/NAME.keys`. Over TLS it has a certificate by an authority of its
 * own, made by openssl.
 */

export type Manner =
  | "well"
  /** 503. */
  | "failing"
  /** Never answers. */
  | "silent"
  /** A page to sign in. */
  | "page"
  /** On to another name on the same host. */
  | "moved"
  /** A list without end. */
  | "endless"
  /** A byte a second. */
  | "dripping"
  /** Keys that are none, and a few that are. */
  | "noisy";

export interface ForgeServer {
  readonly url: URL;
  /** PEM of the authority; null without TLS. */
  readonly ca: string | null;
  /** Names that were asked for, oldest first. */
  readonly asked: readonly string[];
  /** What the forge lists: lines of `.pub` files, by name. A name that is not there is answered with 404. */
  readonly lists: Map<string, readonly string[]>;
  behave(manner: Manner): void;
  close(): Promise<void>;
}

export const hasOpenssl = (): boolean => client("openssl") !== null;

function makeCertificate(): { readonly ca: string; readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "locksmith-forge-"));
  try {
    const run = (...args: string[]) =>
      execFileSync(client("openssl") ?? "openssl", args, { cwd: folder, stdio: "ignore" });
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    run("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Forge authority");
    run("req", ...newKey, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=forge");
    writeFileSync(join(folder, "ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
    const sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    run(...sign, "-days", "2", "-extfile", "ext", "-out", "leaf.pem");
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { ca: read("ca.pem"), key: read("leaf.key"), cert: read("leaf.pem") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const DRIP_MS = 1000;

export async function startForgeServer(options: { readonly isTls?: boolean } = {}): Promise<ForgeServer> {
  const lists = new Map<string, readonly string[]>();
  const asked: string[] = [];
  let manner: Manner = "well";
  const listener: RequestListener = (request, response) => {
    const name = /^\/([^/]+)\.keys$/.exec(request.url ?? "")?.[1];
    asked.push(name ?? request.url ?? "");
    const list = lists.get(name ?? "");
    if (manner === "silent") return;
    if (manner === "failing") return void response.writeHead(503).end("try later");
    if (manner === "page") return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>");
    if (manner === "moved") return void response.writeHead(302, { location: `/${name}-old.keys` }).end();
    if (!list) return void response.writeHead(404).end("Not Found");
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    if (manner === "well") return void response.end(list.map((line) => `${line}\n`).join(""));
    if (manner === "noisy") {
      const noise = [
        "",
        "no key",
        "ssh-dss AAAA",
        "ssh-ed25519 AAAA",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "\u0000\u0001",
      ];
      return void response.end([...noise, ...list, ...noise].join("\n"));
    }
    const [first = ""] = list;
    if (manner === "dripping") {
      let at = 0;
      const drip = setInterval(() => response.write(first[at++] ?? "\n"), DRIP_MS);
      response.on("close", () => clearInterval(drip));
      return;
    }
    const pour = (): void => {
      while (!response.destroyed && response.write(`${first}\n`.repeat(500)));
    };
    response.on("drain", pour);
    pour();
  };
  const tls = options.isTls ? makeCertificate() : null;
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  server.on("clientError", () => {}); // the caller hangs up: that is what is tested
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: new URL(`${tls ? "https" : "http"}://127.0.0.1:${port}/`),
    ca: tls?.ca ?? null,
    asked,
    lists,
    behave: (now) => {
      manner = now;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
