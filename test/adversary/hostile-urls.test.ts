import assert from "node:assert/strict";
import { createServer, type Socket, type Server } from "node:net";
import { afterEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGuardedFetch, type GuardedFetchOptions } from "../../src/kernel/net/guarded-fetch.ts";
import { listGitRefs } from "../../src/kernel/net/git-refs.ts";

/*
 * What a stranger can write where a web address belongs, and what a server can answer. Every row ends as a refusal with a
 * sentence for people; none is reached that should not be, none keeps a connection, none makes memory grow.
 */

/** Addresses, and the refusal that each must meet before anything is sent. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  // Schemes.
  ["http://example.com/", "net/scheme"],
  ["ftp://example.com/", "net/scheme"],
  ["gopher://example.com:70/_GET", "net/scheme"],
  ["ws://example.com/", "net/scheme"],
  ["file:///etc/passwd", "net/url-malformed"],
  ["data:text/plain,hello", "net/url-malformed"],
  ["javascript:alert(1)", "net/url-malformed"],
  ["https:example.com", "net/url-malformed"],
  ["https:/example.com", "net/url-malformed"],
  ["//example.com/", "net/url-malformed"],
  ["example.com", "net/url-malformed"],
  ["", "net/url-malformed"],
  [`https://example.com/${"a".repeat(3000)}`, "net/url-malformed"],
  // Spelling that parsers forgive.
  ["https://example.com\\@10.0.0.1/", "net/url-malformed"],
  ["https:\\\\10.0.0.1\\", "net/url-malformed"],
  ["https://exam\tple.com/", "net/url-malformed"],
  ["https://example.com/\r\nHost: inside", "net/url-malformed"],
  [" https://example.com/", "net/url-malformed"],
  ["https:///10.0.0.1/", "net/url-malformed"],
  // Names and passwords before the host.
  ["https://name@example.com/", "net/credentials"],
  ["https://name:word@10.0.0.1/", "net/credentials"],
  ["https://example.com:443@10.0.0.1/", "net/credentials"],
  // Ports.
  ["https://example.com:22/", "net/port"],
  ["https://example.com:80/", "net/port"],
  ["https://example.com:8443/", "net/port"],
  ["https://example.com:99999/", "net/host-spelling"],
  ["https://example.com:0/", "net/port"],
  // IPv4, as it is and in disguise.
  ["https://127.0.0.1/", "net/address-not-public"],
  ["https://10.0.0.1/", "net/address-not-public"],
  ["https://172.16.0.1/", "net/address-not-public"],
  ["https://192.168.1.1/", "net/address-not-public"],
  ["https://100.64.0.1/", "net/address-not-public"],
  ["https://0.0.0.0/", "net/address-not-public"],
  ["https://255.255.255.255/", "net/address-not-public"],
  ["https://224.0.0.1/", "net/address-not-public"],
  ["https://198.18.0.1/", "net/address-not-public"],
  ["https://192.0.2.1/", "net/address-not-public"],
  ["https://0177.0.0.1/", "net/host-spelling"],
  ["https://0x7f.0.0.1/", "net/host-spelling"],
  ["https://0x7f000001/", "net/host-spelling"],
  ["https://2130706433/", "net/host-spelling"],
  ["https://127.1/", "net/host-spelling"],
  ["https://10.0.0.01/", "net/host-spelling"],
  ["https://127.0.0.1./", "net/host-spelling"],
  ["https://%31%32%37.0.0.1/", "net/host-spelling"],
  ["https://１２７.0.0.1/", "net/host-spelling"],
  ["https://①②⑦.⓪.⓪.①/", "net/host-spelling"],
  ["https://300.1.1.1/", "net/host-spelling"],
  // IPv6.
  ["https://[::1]/", "net/address-not-public"],
  ["https://[::]/", "net/address-not-public"],
  ["https://[fe80::1]/", "net/address-not-public"],
  ["https://[fc00::1]/", "net/address-not-public"],
  ["https://[ff02::1]/", "net/address-not-public"],
  ["https://[2001:db8::1]/", "net/address-not-public"],
  ["https://[::ffff:127.0.0.1]/", "net/address-not-public"],
  ["https://[::ffff:7f00:1]/", "net/address-not-public"],
  ["https://[0:0:0:0:0:ffff:0a00:0001]/", "net/address-not-public"],
  ["https://[::127.0.0.1]/", "net/address-not-public"],
  ["https://[64:ff9b::127.0.0.1]/", "net/address-not-public"],
  ["https://[64:ff9b::a9fe:a9fe]/", "net/address-not-public"],
  ["https://[64:ff9b:1::1]/", "net/address-not-public"],
  ["https://[2002:7f00:1::]/", "net/address-not-public"],
  ["https://[2001:0:0:0:0:0:0:1]/", "net/address-not-public"],
  ["https://[fe80::1%25eth0]/", "net/host-spelling"],
  ["https://[::1/", "net/host-spelling"],
  // Where clouds tell a machine its secrets.
  ["https://169.254.169.254/latest/meta-data/", "net/address-not-public"],
  ["https://[::ffff:169.254.169.254]/", "net/address-not-public"],
  ["https://[fd00:ec2::254]/", "net/address-not-public"],
  ["https://100.100.100.200/", "net/address-not-public"],
  ["https://168.63.129.16/", "net/address-not-public"],
  ["https://metadata.google.internal/computeMetadata/v1/", "net/host-reserved"],
  ["https://instance-data.internal/", "net/host-reserved"],
  // Names for local use, and names that look like others.
  ["https://localhost/", "net/host-reserved"],
  ["https://db.localhost/", "net/host-reserved"],
  ["https://intranet/", "net/host-reserved"],
  ["https://printer.local/", "net/host-reserved"],
  ["https://router.lan/", "net/host-reserved"],
  ["https://x.home.arpa/", "net/host-reserved"],
  ["https://hidden.onion/", "net/host-reserved"],
  ["https://LOCALHOST/", "net/host-reserved"],
  ["https://localhost./", "net/host-spelling"],
  ["https://example.com./", "net/host-spelling"],
  ["https://exаmple.com/", "net/host-spelling"],
  ["https://example。com/", "net/host-spelling"],
  ["https://ex%61mple.com/", "net/host-spelling"],
  ["https://-bad.example.com/", "net/host-spelling"],
  ["https://a..example.com/", "net/host-spelling"],
  [`https://${"a".repeat(64)}.example.com/`, "net/host-spelling"],
];

/** What the name server says, for names that pass: each answer must be refused. */
const NAMES: readonly (readonly [string, readonly string[], string])[] = [
  ["a private address", ["10.0.0.7"], "net/address-not-public"],
  ["this machine", ["127.0.0.1"], "net/address-not-public"],
  ["a public address and a private one", ["93.184.215.14", "10.0.0.7"], "net/address-not-public"],
  ["a cloud's metadata", ["169.254.169.254"], "net/address-not-public"],
  ["a mapped address", ["::ffff:10.0.0.7"], "net/address-not-public"],
  ["an address with a zone", ["fe80::1%eth0"], "net/address-not-public"],
  ["something that is no address", ["inside.example"], "net/address-not-public"],
  ["nothing", [], "net/name-not-found"],
];

/** What a server does with a request: bytes to send, or a behaviour. */
type Answer = string | Buffer | ((socket: Socket, base: string) => void);

const OK = "HTTP/1.1 200 OK\r\n";
const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 10);
  socket.on("close", () => clearInterval(timer));
};
const pour = (socket: Socket, chunk: Buffer): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
};
const leadTo = (place: string): string => `HTTP/1.1 302 Found\r\nLocation: ${place}\r\nContent-Length: 0\r\n\r\n`;

const ANSWERS: readonly (readonly [string, Answer, string])[] = [
  ["nothing at all", () => {}, "net/time-headers"],
  ["hangs up", (socket) => socket.destroy(), "net/unreachable"],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "net/unreachable"],
  ["zeroes", Buffer.alloc(4096), "net/unreachable"],
  ["a status that is none", "HTTP/1.1 abc OK\r\n\r\n", "net/unreachable"],
  [
    "headers that drip",
    (socket) => (socket.write(OK), drip(socket, "x: y\r\n")),
    "net/(time-headers|headers-too-large)",
  ],
  [
    "headers without end",
    (socket) => (socket.write(OK), pour(socket, Buffer.from("x: yyyyyyyyyyyyyyyyyy\r\n".repeat(500)))),
    "net/headers-too-large",
  ],
  ["one long header", `${OK}X: ${"y".repeat(70_000)}\r\n\r\n`, "net/headers-too-large"],
  ["a header with a line end in it", `${OK}X: a\rb\r\n\r\n`, "net/unreachable"],
  ["100 Continue for ever", (socket) => drip(socket, "HTTP/1.1 100 Continue\r\n\r\n"), "net/time-headers"],
  [
    "another protocol from here on",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "net/unreachable",
  ],
  ["a body that drips", (socket) => (socket.write(`${OK}\r\n`), drip(socket, ".")), "net/time-total"],
  [
    "a body without end",
    (socket) => (socket.write(`${OK}\r\n`), pour(socket, Buffer.alloc(65_536))),
    "net/body-too-large",
  ],
  [
    "chunks without end",
    (socket) => (
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`),
      pour(socket, Buffer.from(`1000\r\n${"x".repeat(4096)}\r\n`.repeat(16)))
    ),
    "net/body-too-large",
  ],
  ["a length that is too large", `${OK}Content-Length: 999999999999\r\n\r\n`, "net/body-too-large"],
  ["a length that is too long for what comes", `${OK}Content-Length: 100\r\n\r\nhalf`, "net/unreachable"],
  ["a length that is negative", `${OK}Content-Length: -1\r\n\r\n`, "net/unreachable"],
  ["two lengths", `${OK}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`, "net/unreachable"],
  ["a length and chunks", `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "net/unreachable"],
  ["chunks that are garbage", `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`, "net/unreachable"],
  ["a chunk of a negative size", `${OK}Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n`, "net/unreachable"],
  ["a chunk that is cut off", `${OK}Transfer-Encoding: chunked\r\n\r\nff\r\nabc`, "net/unreachable"],
  [
    "a gzip bomb",
    Buffer.concat([Buffer.from(`${OK}Content-Encoding: gzip\r\n\r\n`), gzipSync(Buffer.alloc(5_000_000))]),
    "net/encoded",
  ],
  ["brotli, nested", `${OK}Content-Encoding: br, gzip\r\n\r\nx`, "net/encoded"],
  ["an encoding nobody knows", `${OK}Content-Encoding: x-own\r\n\r\nx`, "net/encoded"],
  ["a transfer encoding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, "net/encoded"],
  ["a redirect to itself", (socket, base) => socket.end(leadTo(base)), "net/redirect-too-many"],
  ["a redirect ever deeper", (socket) => socket.end(leadTo(`/${Math.random()}`)), "net/redirect-too-many"],
  ["a redirect to nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "net/redirect-malformed"],
  ["a redirect without a scheme", leadTo("//10.0.0.1/"), "net/redirect-malformed"],
  ["a redirect with backslashes", leadTo("\\\\10.0.0.1\\"), "net/redirect-malformed"],
  ["a redirect to another site", leadTo("https://example.com/"), "net/redirect-not-followed"],
  ["a redirect to a private address", leadTo("https://10.0.0.1/"), "net/address-not-public"],
  ["a redirect to a cloud's metadata", leadTo("https://169.254.169.254/"), "net/address-not-public"],
  ["a redirect to this machine by name", leadTo("https://localhost/"), "net/host-reserved"],
  ["a redirect with a password", leadTo("https://name:word@example.com/"), "net/credentials"],
  ["a redirect to a file", leadTo("file:///etc/passwd"), "net/url-malformed"],
  ["a redirect down from https", leadTo("ftp://example.com/"), "net/scheme"],
];

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers every request so; gives its address and how many connections it still has. */
async function serve(answer: Answer): Promise<{ readonly base: string; open(): number }> {
  const sockets = new Set<Socket>();
  let base = "";
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => (typeof answer === "function" ? answer(socket, base) : socket.end(answer)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert(address !== null && typeof address === "object");
  base = `http://127.0.0.1:${address.port}/`;
  return { base, open: () => sockets.size };
}

const LIMITS = { timeoutMs: 2_500, headersTimeoutMs: 1_500, maxBytes: 64 * 1024 };
const local: GuardedFetchOptions = { allowPrivate: ["http://127.0.0.1/32:*"], limits: LIMITS };

describe("hostile web addresses", () => {
  test("the table is long enough, and no row stands twice", () => {
    assert.ok(ADDRESSES.length + NAMES.length + ANSWERS.length >= 60);
    assert.equal(new Set(ADDRESSES.map(([url]) => url)).size, ADDRESSES.length);
  });

  for (const [url, code] of ADDRESSES) {
    test(`${JSON.stringify(url.slice(0, 60))} is refused before any name is looked up`, async () => {
      let isAsked = false;
      const resolver = async (): Promise<readonly string[]> => {
        isAsked = true;
        return ["93.184.215.14"];
      };
      const answer = await createGuardedFetch({ resolver, limits: LIMITS })({ url });
      assert.ok(!answer.ok);
      assert.equal(answer.refusal.code, code);
      assert.match(answer.refusal.title, /^[A-Z][^]*\.$/);
      assert.equal(isAsked, false);
    });
  }

  for (const [what, addresses, code] of NAMES) {
    test(`a name that stands for ${what} is refused, and the address is not told`, async () => {
      const fetch = createGuardedFetch({ resolver: async () => addresses, limits: LIMITS });
      const answer = await fetch({ url: "https://name.example.org/" });
      assert.ok(!answer.ok);
      assert.equal(answer.refusal.code, code);
      for (const address of addresses) assert.ok(!JSON.stringify(answer.refusal).includes(address));
    });
  }

  test("a name that changes between two looks is looked up once, and goes where it was checked", async () => {
    const { base } = await serve(`${OK}Content-Length: 2\r\n\r\nhi`);
    const answers = [["127.0.0.1"], ["10.0.0.7"]];
    const fetch = createGuardedFetch({ ...local, limits: {}, resolver: async () => answers.shift() ?? [] });
    const answer = await fetch({ url: base.replace("127.0.0.1", "rebind.example.org") });
    assert.ok(answer.ok);
    assert.equal(answer.value.address, "127.0.0.1");
    assert.equal(answers.length, 1);
  });
});

describe("hostile answers", () => {
  for (const [what, answer, code] of ANSWERS) {
    test(`${what}: a refusal, no connection kept`, async () => {
      const server = await serve(answer);
      const before = process.memoryUsage().rss;
      const got = await createGuardedFetch(local)({ url: server.base });
      assert.ok(!got.ok, "it is no answer");
      assert.match(got.refusal.code, new RegExp(`^${code}$`));
      assert.match(got.refusal.title, /^[A-Z][^]*\.$/);
      assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024, "memory stays flat");
      while (server.open() > 0) await new Promise((resolve) => setImmediate(resolve));
    });
  }

  test("the same servers in place of a git server: a refusal or an empty list", async () => {
    for (const [what, answer] of ANSWERS) {
      const server = await serve(answer);
      const listed = await listGitRefs(createGuardedFetch(local), server.base, ["refs/heads/locksmith-"]);
      assert.equal(listed.ok, false, what);
      for (const close of closers.splice(0)) close();
    }
  });
});
