import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/*
 * A name server on a free port of 127.0.0.1 (RFC 1035 §4.1), for what asks the DNS. It knows the records it is given,
 * says so of names it does not know, and can be told to fail or to stay silent.
 */

export type Zone = Readonly<Record<string, Name>>;

export interface Name {
  /** Hosts that take mail; an empty one is a null MX. */
  readonly mx?: readonly string[];
  /** IPv4 addresses, dotted. */
  readonly a?: readonly string[];
  readonly fault?: "failing" | "silent";
}

export interface NameServer {
  /** As node:dns takes it. */
  readonly address: string;
  /** Names that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE = { a: 1, mx: 15 } as const;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** Serves the zone as it is at the time of each question. */
export async function serveNames(zone: () => Zone): Promise<NameServer> {
  const server: Socket = createSocket("udp4");
  const asked: string[] = [];
  server.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const known = zone()[name];
    if (known?.fault === "silent") return;
    const records = known && !known.fault ? recordsOf(known, type) : [];
    const code = known?.fault === "failing" ? SERVER_FAILURE : known ? 0 : NO_SUCH_NAME;
    server.send(answer(query, end, code, type, records), from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${server.address().port}`,
    asked,
    close: async () => {
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

function recordsOf({ mx = [], a = [] }: Name, type: number): readonly Buffer[] {
  if (type === TYPE.a) return a.map((address) => Buffer.from(address.split(".").map(Number)));
  if (type === TYPE.mx) return mx.map((host) => Buffer.concat([Buffer.from([0, 10]), encodeName(host)]));
  return [];
}

function answer(query: Buffer, end: number, code: number, type: number, records: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const fixed = Buffer.alloc(12);
  fixed.writeUInt16BE(0xc000 | HEADER_BYTES, 0); // a pointer to the name in the question
  fixed.writeUInt16BE(type, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(60, 6);
  const bodies = records.map((data) => {
    const head = Buffer.from(fixed);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...bodies]);
}
