import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * A service that speaks the range protocol of Pwned Passwords: five digits of a SHA-1 in, every known suffix out with its
 * count, padded with suffixes of count 0 where that is asked for.
 */

export interface RangeServer {
  /** As in BREACH_URL. */
  readonly url: URL;
  /** Paths that were asked for, oldest first. */
  readonly asked: readonly string[];
  /** What it does from now on: answers, fails with 503, never answers, answers with a page, or breaks off. */
  behave(how: "well" | "failing" | "silent" | "page" | "broken"): void;
  close(): Promise<void>;
}

const sha1 = (text: string): string => createHash("sha1").update(text, "utf8").digest("hex").toUpperCase();
const PADDING = 800;

/** @param leaked passwords with the number of times they were seen */
export async function startRangeServer(leaked: Readonly<Record<string, number>>): Promise<RangeServer> {
  const known = Object.entries(leaked).map(([password, count]) => [sha1(password), count] as const);
  const asked: string[] = [];
  let manner: Parameters<RangeServer["behave"]>[0] = "well";
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (manner === "silent") return;
    if (manner === "broken") return void request.socket.destroy();
    if (manner === "failing") return void response.writeHead(503).end("try later");
    if (manner === "page")
      return void response.writeHead(200, { "content-type": "text/html" }).end("<p>captive portal");
    const prefix = /^\/range\/([0-9A-F]{5})$/.exec(path)?.[1];
    if (prefix === undefined) return void response.writeHead(400).end("The hash prefix was not in a valid format");
    const lines = known.filter(([hash]) => hash.startsWith(prefix)).map(([hash, count]) => `${hash.slice(5)}:${count}`);
    if (request.headers["add-padding"] === "true") {
      for (let at = 0; lines.length < PADDING; at += 1) lines.push(`${sha1(`padding ${prefix} ${at}`).slice(5)}:0`);
    }
    response.writeHead(200, { "content-type": "text/plain" }).end(lines.toSorted().join("\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    asked,
    behave: (how) => {
      manner = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
