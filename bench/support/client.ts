import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/*
 * A browser's network side, as cheap as it can be made: the client shares the processors with what it measures. It keeps
 * its connection and comes from an address of its own in 127.0.0.0/8 (all of which is this machine, on Linux), so that
 * the server's limits on one network stay switched on and are not met.
 */

export interface Answer {
  readonly status: number;
  readonly location: string;
  /** Cookies that this answer sets, by name. */
  readonly cookies: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Client {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  postJson(path: string, value: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

let addressesGiven = 0;

/** A loopback address nobody had before. */
function nextAddress(): string {
  addressesGiven += 1;
  return `127.${16 + (addressesGiven >> 16)}.${(addressesGiven >> 8) & 255}.${addressesGiven & 255}`;
}

/** Below the tightest limit the pages here have: 60 second steps in five minutes. */
const REQUESTS_AN_ADDRESS = 50;

/** @param requestsAnAddress after how many it moves to another address, and so to another connection */
export function openClient(origin: URL, requestsAnAddress = REQUESTS_AN_ADDRESS): Client {
  let agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let address = nextAddress();
  let left = requestsAnAddress;

  const send = (
    method: "GET" | "POST",
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<Answer> => {
    if (left === 0) {
      agent.destroy();
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
      address = nextAddress();
      left = requestsAnAddress;
    }
    left -= 1;
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = origin;
      const outgoing = request({ host, port, method, path, agent, localAddress: address, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            location: incoming.headers.location ?? "",
            cookies: cookiesOf(incoming.headers["set-cookie"] ?? []),
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  };

  const sendBody = (path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    send("POST", path, { "content-length": String(Buffer.byteLength(body)), ...headers }, body);

  return {
    get: (path, headers = {}) => send("GET", path, { accept: "text/html", ...headers }, ""),
    post: (path, fields, headers = {}) =>
      sendBody(path, new URLSearchParams({ ...fields }).toString(), {
        accept: "text/html",
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      }),
    postJson: (path, value, headers = {}) =>
      sendBody(path, JSON.stringify(value), {
        accept: "application/json",
        "content-type": "application/json",
        ...headers,
      }),
    close: () => agent.destroy(),
  };
}

const cookiesOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      return [name, value];
    }),
  );

export interface Load {
  /** Acts that ended inside the window, a second. */
  readonly perSecond: number;
  readonly acts: number;
  /** Milliseconds of each of them. */
  readonly took: readonly number[];
}

/**
 * Keeps so many clients busy, each beginning again as soon as it is done, and counts what ends inside a window that
 * begins after a warm-up. An act that fails ends the measurement.
 */
export async function keepBusy(
  options: { readonly clients: number; readonly warmUpSeconds: number; readonly seconds: number },
  act: (client: number) => Promise<unknown>,
  onWindow: (isOpen: boolean) => Promise<unknown> = async () => {},
): Promise<Load> {
  const took: number[] = [];
  let isCounting = false;
  let isOver = false;
  const one = async (client: number): Promise<void> => {
    while (!isOver) {
      const startedAt = performance.now();
      await act(client);
      if (isCounting) took.push(performance.now() - startedAt);
    }
  };
  const all = Promise.all(Array.from({ length: options.clients }, (_, client) => one(client)));
  const watched = all.catch((error: unknown) => {
    isOver = true;
    throw error;
  });
  const measure = async (): Promise<number> => {
    await delay(options.warmUpSeconds * 1000);
    await onWindow(true);
    isCounting = true;
    const startedAt = performance.now();
    await delay(options.seconds * 1000);
    isCounting = false;
    const elapsed = performance.now() - startedAt;
    await onWindow(false);
    isOver = true;
    return elapsed;
  };
  const [elapsed] = await Promise.all([measure(), watched]);
  return { perSecond: (took.length / elapsed) * 1000, acts: took.length, took };
}
