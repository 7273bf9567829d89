import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createRawServer, type Server as RawServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { client } from "../../../test/clients.ts";
import type { Result } from "../result.ts";
import { createGuardedFetch, type GuardedFetchOptions, type GuardedRequest } from "./guarded-fetch.ts";

const LOOPBACK = ["http://127.0.0.1/32:*", "127.0.0.1/32:*"];
const LONG_MS = 60_000;
const SHORT_MS = 300;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Listens on a free port of 127.0.0.1 until the test ends, and gives the port. */
async function listen(server: Server | RawServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // the caller hangs up on these servers: that is what is tested
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port; // a TCP server has no other kind of address
}

const serve = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(listener))}`;

/** A server that says exactly these bytes to every request, or does as it likes with the connection. */
const serveRaw = async (answer: string | ((socket: Socket) => void)): Promise<string> => {
  const server = createRawServer((socket) => {
    socket.once("data", () => (typeof answer === "string" ? socket.end(answer) : answer(socket)));
  });
  return `http://127.0.0.1:${await listen(server)}`;
};

const fetchWith = (options: GuardedFetchOptions, request: GuardedRequest) =>
  createGuardedFetch({ allowPrivate: LOOPBACK, ...options })(request);
const codeOf = async (result: Promise<Result<unknown>>): Promise<string> => {
  const settled = await result;
  return settled.ok ? "accepted" : settled.refusal.code;
};
const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

describe("an answer", () => {
  test("comes back whole, with status, headers, and the address that gave it", async () => {
    const base = await serve((request, response) => {
      response.writeHead(
        404,
        [
          ["Content-Type", "text/plain"],
          ["X-Twice", "a"],
          ["X-Twice", "b"],
        ].flat(),
      );
      response.end(`${request.method} ${request.url} ${request.headers["accept-encoding"]} ${request.headers.host}`);
    });
    const answer = await fetchWith({}, { url: `${base}/a?b=1#c`, headers: { accept: "text/plain" } });
    assert.ok(answer.ok);
    const { status, headers, body, url, address } = answer.value;
    assert.equal(status, 404);
    assert.equal(headers["content-type"], "text/plain");
    assert.equal(headers["x-twice"], "a, b");
    assert.equal(body.toString(), `GET /a?b=1 identity ${new URL(base).host}`);
    assert.equal(url, `${base}/a?b=1`);
    assert.equal(address, "127.0.0.1");
  });

  test("POST sends its body with its length, HEAD has none to read", async () => {
    const base = await serve(async (request, response) => {
      const length = request.headers["content-length"];
      response.writeHead(200, {
        "content-length": request.method === "HEAD" ? 10_000_000 : 0,
        "x-saw": `${length} ${encodeURI(await textOf(request))}`,
      });
      response.end();
    });
    const posted = await fetchWith(
      {},
      { url: base, method: "POST", body: "häkeln", headers: { "content-type": "text/plain" } },
    );
    assert.ok(posted.ok);
    assert.equal(posted.value.headers["x-saw"], `7 ${encodeURI("häkeln")}`);
    assert.equal(await codeOf(fetchWith({}, { url: base, method: "HEAD" })), "accepted");
  });

  test("of exactly the size allowed is accepted", async () => {
    const base = await serve((_request, response) => response.end("x".repeat(1000)));
    assert.equal(await codeOf(fetchWith({}, { url: base, maxBytes: 1000 })), "accepted");
    assert.equal(await codeOf(fetchWith({}, { url: base, maxBytes: 999 })), "net/body-too-large");
  });

  test("is not asked for where no exception was made: the server sees no connection", async () => {
    let connections = 0;
    const server = createRawServer(() => {
      connections += 1;
    });
    const port = await listen(server);
    const guarded = createGuardedFetch({ resolver: async () => ["127.0.0.1"] });
    assert.equal(await codeOf(guarded({ url: `https://127.0.0.1:${port}/` })), "net/address-not-public");
    assert.equal(await codeOf(guarded({ url: "https://forge.example.org/" })), "net/address-not-public");
    assert.equal(connections, 0);
  });

  test("headers that steer the connection are a mistake of the caller", async () => {
    for (const name of ["Host", "content-length", "Transfer-Encoding", "Proxy-Authorization", "Accept-Encoding"]) {
      await assert.rejects(
        fetchWith({}, { url: "https://example.org/", headers: { [name]: "x" } }),
        /guarded fetch to set/,
      );
    }
  });
});

describe("hostile servers", () => {
  test("one that never begins to answer", async () => {
    const silent = await serveRaw(() => {});
    const limits = { headersTimeoutMs: SHORT_MS, timeoutMs: LONG_MS };
    assert.equal(await codeOf(fetchWith({ limits }, { url: silent })), "net/time-headers");
  });

  test("one that drips its headers", async () => {
    const dripping = await serveRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write("x: y\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    const limits = { headersTimeoutMs: SHORT_MS, timeoutMs: LONG_MS };
    assert.equal(await codeOf(fetchWith({ limits }, { url: dripping })), "net/time-headers");
  });

  test("one that says 100 Continue for ever", async () => {
    const patient = await serveRaw((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    const limits = { headersTimeoutMs: SHORT_MS, timeoutMs: LONG_MS };
    assert.equal(await codeOf(fetchWith({ limits }, { url: patient })), "net/time-headers");
  });

  test("one that drips its body", async () => {
    const dripping = await serve((_request, response) => {
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(timer));
    });
    assert.equal(
      await codeOf(fetchWith({ limits: { headersTimeoutMs: LONG_MS } }, { url: dripping, timeoutMs: SHORT_MS })),
      "net/time-total",
    );
  });

  test("one whose body has no end", async () => {
    const endless = await serve((_request, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", pour);
      pour();
    });
    assert.equal(await codeOf(fetchWith({}, { url: endless, maxBytes: 200_000 })), "net/body-too-large");
  });

  test("one that announces too much is not read at all", async () => {
    const base = await serveRaw("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    assert.equal(await codeOf(fetchWith({}, { url: base })), "net/body-too-large");
  });

  test("one that compresses: a small answer that would be huge", async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    for (const encoding of ["gzip", "br", "deflate, gzip", "x-unknown"]) {
      const base = await serve((_request, response) => {
        response.writeHead(200, { "content-encoding": encoding });
        response.end(bomb);
      });
      assert.equal(await codeOf(fetchWith({}, { url: base })), "net/encoded");
    }
    const transfer = await serveRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    assert.equal(await codeOf(fetchWith({}, { url: transfer })), "net/encoded");
  });

  test("one whose headers are too large", async () => {
    const base = await serveRaw(`HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
    assert.equal(await codeOf(fetchWith({}, { url: base })), "net/headers-too-large");
  });

  test("those that speak no HTTP, stop half way, switch protocols, or hang up", async () => {
    const answers = [
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      "",
    ];
    for (const answer of answers) {
      assert.equal(await codeOf(fetchWith({}, { url: await serveRaw(answer) })), "net/unreachable", answer);
    }
  });

  test("one that is not there", async () => {
    const base = await serve(() => {});
    for (const close of closers.splice(0)) close();
    assert.equal(await codeOf(fetchWith({}, { url: base })), "net/unreachable");
  });
});

describe("redirects", () => {
  const leadingTo = (location: (n: number) => string, status = 302): Promise<string> =>
    serve((request, response) => {
      const n = Number(new URL(request.url ?? "/", "http://x").searchParams.get("n") ?? 0);
      response.writeHead(status, { location: location(n) });
      response.end();
    });

  test("within one origin are followed, up to the limit", async () => {
    const seen: string[] = [];
    const base = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      const hop = Number(request.url?.slice(1));
      if (hop >= 3) return response.end("there");
      return response.writeHead(308, { location: `/${hop + 1}` }).end();
    });
    const headers = { authorization: "token" };
    const answer = await fetchWith({}, { url: `${base}/0`, headers });
    assert.ok(answer.ok);
    assert.equal(answer.value.body.toString(), "there");
    assert.equal(answer.value.url, `${base}/3`);
    assert.deepEqual(seen, ["GET /0 token", "GET /1 token", "GET /2 token", "GET /3 token"]);
    assert.equal(await codeOf(fetchWith({}, { url: `${base}/0`, headers, maxRedirects: 2 })), "net/redirect-too-many");
    assert.equal(await codeOf(fetchWith({}, { url: `${base}/0`, maxRedirects: 0 })), "net/redirect-too-many");
  });

  test("in a circle come to an end, and a request cannot raise the limit", async () => {
    let requests = 0;
    const base = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: "/" }).end();
    });
    assert.equal(await codeOf(fetchWith({}, { url: base, maxRedirects: 99 })), "net/redirect-too-many");
    assert.equal(requests, 4);
  });

  test("to what is not public are refused, even where the caller allows every redirect", async () => {
    const places = {
      "http://127.0.0.2/": "net/address-not-public",
      "https://169.254.169.254/latest/meta-data/": "net/address-not-public",
      "https://[::1]/": "net/address-not-public",
      "https://0x7f000001/": "net/host-spelling",
      "https://localhost/": "net/host-reserved",
      "https://name:word@example.com/": "net/credentials",
      "file:///etc/passwd": "net/url-malformed",
      "https://inside.example.org/": "net/address-not-public",
      "//127.0.0.1/": "net/redirect-malformed",
      "/\\127.0.0.1/": "net/redirect-malformed",
      "\\\\127.0.0.1/": "net/redirect-malformed",
    };
    const resolver = async (): Promise<readonly string[]> => ["10.0.0.7"];
    for (const [place, code] of Object.entries(places)) {
      const base = await leadingTo(() => place);
      assert.equal(await codeOf(fetchWith({ resolver }, { url: base, isRedirectAllowed: () => true })), code, place);
    }
  });

  test("to another origin are refused, and lose all but harmless headers where the caller allows them", async () => {
    let seen: NodeJS.Dict<string | string[]> = {};
    const other = await serve((request, response) => {
      seen = request.headers;
      response.end("other");
    });
    const base = await leadingTo(() => other);
    const request = { url: base, headers: { authorization: "token", "x-key": "1", accept: "text/html" } };
    assert.equal(await codeOf(fetchWith({}, request)), "net/redirect-not-followed");
    assert.deepEqual(seen, {});
    const isRedirectAllowed = (from: URL, to: URL): boolean => from.hostname === to.hostname;
    assert.equal(await codeOf(fetchWith({}, { ...request, isRedirectAllowed })), "accepted");
    assert.deepEqual([seen["authorization"], seen["x-key"], seen["accept"]], [undefined, undefined, "text/html"]);
  });

  test("are not followed by POST, nor without a place to go", async () => {
    const base = await leadingTo(() => "/", 307);
    assert.equal(await codeOf(fetchWith({}, { url: base, method: "POST", body: "x" })), "net/redirect-not-followed");
    const nowhere = await serve((_request, response) => response.writeHead(302).end());
    assert.equal(await codeOf(fetchWith({}, { url: nowhere })), "net/redirect-malformed");
    const notModified = await serve((_request, response) => response.writeHead(304).end());
    assert.equal(await codeOf(fetchWith({}, { url: notModified })), "accepted");
  });

  test("share one limit of time", async () => {
    const base = await serve((_request, response) => {
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 40);
    });
    const limits = { maxRedirects: 1000, headersTimeoutMs: LONG_MS, timeoutMs: SHORT_MS };
    assert.equal(await codeOf(fetchWith({ limits }, { url: base })), "net/time-total");
  });
});

describe("names", () => {
  /** A resolver that gives these answers in turn, and what it was asked. */
  const answering = (...answers: readonly (readonly string[])[]) => {
    const asked: string[] = [];
    const resolver = async (hostname: string): Promise<readonly string[]> => {
      asked.push(hostname);
      return answers[Math.min(asked.length, answers.length) - 1] ?? [];
    };
    return { asked, resolver };
  };

  test("are looked up once: a second answer that leads inside changes nothing", async () => {
    const base = await serve((request, response) => response.end(request.headers.host));
    const port = new URL(base).port;
    const { asked, resolver } = answering(["127.0.0.1"], ["10.0.0.7"]);
    const answer = await fetchWith({ resolver }, { url: `http://rebind.example.org:${port}/` });
    assert.ok(answer.ok);
    assert.equal(answer.value.body.toString(), `rebind.example.org:${port}`);
    assert.equal(answer.value.address, "127.0.0.1");
    assert.deepEqual(asked, ["rebind.example.org"]);
  });

  test("are looked up and judged again for a redirect", async () => {
    const base = await serve((_request, response) => response.writeHead(302, { location: "/again" }).end());
    const { asked, resolver } = answering(["127.0.0.1"], ["10.0.0.7"]);
    const url = `http://rebind.example.org:${new URL(base).port}/`;
    assert.equal(await codeOf(fetchWith({ resolver }, { url })), "net/address-not-public");
    assert.equal(asked.length, 2);
  });

  test("with one address inside among public ones are refused, whatever the order", async () => {
    const url = "https://mixed.example.org/";
    for (const found of [
      ["8.8.8.8", "10.0.0.7"],
      ["10.0.0.7", "8.8.8.8"],
      ["2606:4700::1", "::1"],
      ["not an address"],
      ["::ffff:10.0.0.7"],
    ]) {
      assert.equal(
        await codeOf(fetchWith({ resolver: async () => found }, { url })),
        "net/address-not-public",
        String(found),
      );
    }
  });

  test("that nobody knows, or that break the resolver, are not found; one without an answer runs out of time", async () => {
    const url = "https://nowhere.example.org/";
    assert.equal(await codeOf(fetchWith({ resolver: async () => [] }, { url })), "net/name-not-found");
    const broken = () => Promise.reject(new Error("SERVFAIL"));
    assert.equal(await codeOf(fetchWith({ resolver: broken }, { url })), "net/name-not-found");
    const never = () => new Promise<readonly string[]>(() => {});
    assert.equal(await codeOf(fetchWith({ resolver: never }, { url, timeoutMs: SHORT_MS })), "net/time-total");
  });
});

describe("TLS", () => {
  const openssl = client("openssl");
  const skip = openssl === null ? "openssl is not installed" : false;

  /** A certificate authority of our own, and a certificate by it for forge.example.org and 127.0.0.1. */
  function makeCertificates() {
    const folder = mkdtempSync(join(tmpdir(), "guarded-fetch-"));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const run = (...args: string[]) => execFileSync(openssl ?? "", args, { cwd: folder, stdio: "ignore" });
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    run("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority");
    run("req", ...newKey, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=forge.example.org");
    writeFileSync(
      join(folder, "ext"),
      "subjectAltName=DNS:forge.example.org,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    );
    const sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    run(...sign, "-days", "2", "-extfile", "ext", "-out", "leaf.pem");
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { ca: read("ca.pem"), key: read("leaf.key"), cert: read("leaf.pem") };
  }

  test("the certificate must be for the name that was asked for, by an authority that is trusted", {
    skip,
  }, async () => {
    const { ca, key, cert } = makeCertificates();
    const names: unknown[] = [];
    const server = createTlsServer({ key, cert }, (request, response) => {
      names.push("servername" in request.socket ? request.socket.servername : undefined);
      response.end("proven");
    });
    const port = await listen(server);
    const resolver = async (): Promise<readonly string[]> => ["127.0.0.1"];
    const ask = (host: string, options: GuardedFetchOptions = { ca }) =>
      codeOf(fetchWith({ resolver, ...options }, { url: `https://${host}:${port}/` }));

    assert.equal(await ask("forge.example.org"), "accepted");
    assert.equal(await ask("127.0.0.1"), "accepted");
    assert.deepEqual(names, ["forge.example.org", false], "the name is sent, an address is not");
    assert.equal(await ask("other.example.org"), "net/tls-failed");
    assert.equal(await ask("forge.example.org", {}), "net/tls-failed");
    assert.equal(names.length, 2, "nothing was sent to a server without proof");
  });

  test("an environment that switches the check off is not listened to", { skip }, async (t) => {
    const { key, cert } = makeCertificates();
    const port = await listen(createTlsServer({ key, cert }, (_request, response) => response.end("unproven")));
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    assert.equal(await codeOf(fetchWith({}, { url: `https://127.0.0.1:${port}/` })), "net/tls-failed");
  });

  test("a server that answers https in plain text has not proven its name", async () => {
    const plain = await serveRaw("HTTP/1.1 200 OK\r\n\r\nhello");
    assert.equal(await codeOf(fetchWith({}, { url: plain.replace("http:", "https:") })), "net/tls-failed");
  });
});
