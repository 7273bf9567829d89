import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket as TcpSocket } from "node:net";

/*
 * A name server on a free port of 127.0.0.1 (RFC 1035 §4.1), for what asks the DNS. It knows the records it is given,
 * says so of names it does not know, and can be told to fail or to stay silent. Long answers go over TCP (RFC 7766).
 */

export type Zone = Readonly<Record<string, Name>>;

export interface Name {
  /** Hosts that take mail; an empty one is a null MX. */
  readonly mx?: readonly string[];
  /** IPv4 addresses, dotted. */
  readonly a?: readonly string[];
  /** Texts; one of more than 255 bytes is sent as several strings of one record. */
  readonly txt?: readonly string[];
  /** Another name for it, followed within the zone as a resolver does. */
  readonly cname?: string;
  /** Gives the CNAME alone, as a server does that is not the other name's. */
  readonly isUnfollowed?: boolean;
  readonly fault?: "failing" | "silent" | "garbage";
}

export interface NameServer {
  /** As node:dns takes it. */
  readonly address: string;
  /** Names that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE = { a: 1, cname: 5, mx: 15, txt: 16 } as const;
const MOST_UDP_BYTES = 1200;
const MOST_ALIASES = 30;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** Serves the zone as it is at the time of each question. */
export async function serveNames(zone: () => Zone): Promise<NameServer> {
  const server: Socket = createSocket("udp4");
  const asked: string[] = [];
  const answerTo = (query: Buffer): Buffer | null => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const known = zone()[name];
    if (known?.fault === "silent") return null;
    if (known?.fault === "garbage") return Buffer.concat([query.subarray(0, 2), Buffer.alloc(40, 0xff)]);
    const records = known && !known.fault ? chainOf(zone(), name, type) : [];
    const code = known?.fault === "failing" ? SERVER_FAILURE : known ? 0 : NO_SUCH_NAME;
    return answer(query, end, code, records);
  };
  server.on("message", (query, from) => {
    const full = answerTo(query);
    if (!full) return;
    const short = full.length <= MOST_UDP_BYTES ? full : cutOff(query, full);
    server.send(short, from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const overTcp = createServer((socket) => serveStream(socket, answerTo));
  await new Promise<void>((resolve) => overTcp.listen(port, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(overTcp.address() as AddressInfo).port}`, // the same as for UDP
    asked,
    close: async () => {
      overTcp.close();
      server.close();
      await once(server, "close");
    },
  };
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split(".")
      .filter((label) => label !== "")
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);

interface DnsRecord {
  readonly owner: string;
  readonly type: number;
  readonly data: Buffer;
}

/** Each message behind two bytes of length. */
function serveStream(socket: TcpSocket, answerTo: (query: Buffer) => Buffer | null): void {
  let waiting = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const length = waiting.readUInt16BE(0);
      const full = answerTo(waiting.subarray(2, 2 + length));
      waiting = waiting.subarray(2 + length);
      if (!full) continue;
      const head = Buffer.alloc(2);
      head.writeUInt16BE(full.length, 0);
      socket.write(Buffer.concat([head, full]));
    }
  });
}

/** The answer's beginning alone, with the bit that says so (RFC 1035 §4.1.1): ask again over TCP. */
function cutOff(query: Buffer, full: Buffer): Buffer {
  const { end } = readQuestion(query);
  const short = Buffer.from(full.subarray(0, end));
  short.writeUInt16BE(short.readUInt16BE(2) | 0x0200, 2);
  short.writeUInt16BE(0, 6);
  return short;
}

/** The records of a name, behind the CNAMEs that lead to them. */
function chainOf(zone: Zone, asked: string, type: number): readonly DnsRecord[] {
  const chain: DnsRecord[] = [];
  let owner = asked;
  for (let known = zone[owner]; known; known = zone[owner]) {
    if (known.cname === undefined) {
      return [...chain, ...recordsOf(known, type).map((data) => ({ owner, type, data }))];
    }
    chain.push({ owner, type: TYPE.cname, data: encodeName(known.cname) });
    if (type === TYPE.cname || known.isUnfollowed === true || chain.length >= MOST_ALIASES) return chain;
    owner = known.cname;
  }
  return chain;
}

function recordsOf({ mx = [], a = [], txt = [] }: Name, type: number): readonly Buffer[] {
  if (type === TYPE.a) return a.map((address) => Buffer.from(address.split(".").map(Number)));
  if (type === TYPE.mx) return mx.map((host) => Buffer.concat([Buffer.from([0, 10]), encodeName(host)]));
  if (type === TYPE.txt) return txt.map(stringsOf);
  return [];
}

function stringsOf(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const strings = Array.from({ length: Math.max(1, Math.ceil(bytes.length / 255)) }, (_, n) =>
    bytes.subarray(n * 255, (n + 1) * 255),
  );
  return Buffer.concat(strings.flatMap((part) => [Buffer.from([part.length]), part]));
}

function answer(query: Buffer, end: number, code: number, records: readonly DnsRecord[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const asked = readQuestion(query).name;
  const bodies = records.map(({ owner, type, data }) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt32BE(60, 4);
    fixed.writeUInt16BE(data.length, 8);
    // A pointer to the name in the question, or the name itself.
    const name = owner === asked ? Buffer.from([0xc0, HEADER_BYTES]) : encodeName(owner);
    return Buffer.concat([name, fixed, data]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...bodies]);
}
