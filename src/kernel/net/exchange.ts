import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction, Socket } from "node:net";
import { getCACertificates } from "node:tls";
import ipaddr from "ipaddr.js";
import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import type { Target } from "./addresses.ts";
import { netRefusals } from "./net-refusals.ts";

export interface Exchange {
  readonly target: Target;
  /** The addresses that were checked; the connection goes to one of them and nowhere else. */
  readonly addresses: readonly [string, ...string[]];
  readonly method: "GET" | "POST" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly maxBytes: number;
  readonly maxHeaderBytes: number;
  /** Milliseconds from here to the answer's last header. */
  readonly headersTimeoutMs: number;
  /** Aborts when the time of the whole fetch is up. */
  readonly signal: AbortSignal;
  /** PEM of a certificate authority to trust beside the system's. */
  readonly ca?: string;
}

export interface ExchangeAnswer {
  readonly status: number;
  /** Lower-case names; values of a repeated header joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The address that answered. */
  readonly address: string;
}

/** Ends an exchange with a refusal of ours through the stream's own error path. */
class RefusedExchange extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/**
 * One request to addresses that are checked already, and its answer within all limits. Follows nothing and keeps no
 * connection. The certificate is checked against the host name of the target whatever the environment says.
 * Refuses, each by its own code: late headers, the end of the time, too large headers or body, any content encoding, an
 * unproven name, and every other failure as `net/unreachable`.
 */
export async function exchange(options: Exchange): Promise<Result<ExchangeAnswer>> {
  const request = open(options);
  const headersTimer = setTimeout(() => {
    request.destroy(new RefusedExchange(netRefusals["time-headers"]()));
  }, options.headersTimeoutMs);
  try {
    const response = await responseOf(request, options);
    clearTimeout(headersTimer);
    const unfit = headersRefusal(response, options);
    if (unfit) throw new RefusedExchange(unfit);
    const body = await readBody(response, options.maxBytes);
    // A body that ends with the connection looks whole when it was we who hung up.
    if (options.signal.aborted) throw new RefusedExchange(netRefusals["time-total"]());
    return ok({
      status: response.statusCode ?? 0,
      headers: plainHeaders(response),
      body,
      address: normalAddress(response.socket.remoteAddress ?? ""),
    });
  } catch (error) {
    return refuse(asRefusal(error, options.signal));
  } finally {
    clearTimeout(headersTimer);
    request.destroy();
  }
}

function open({ target, addresses, method, headers, body, maxHeaderBytes, signal, ca }: Exchange): ClientRequest {
  const common = {
    host: target.hostname,
    port: target.port,
    path: `${target.url.pathname}${target.url.search}`,
    method,
    headers: {
      ...headers,
      host: target.url.host,
      "accept-encoding": "identity",
      connection: "close",
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
    agent: false, // neither a kept connection nor a proxy from the environment
    lookup: pinnedLookup(addresses),
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    setDefaultHeaders: false,
    signal,
  };
  if (target.scheme === "http") return httpRequest(common);
  return httpsRequest({
    ...common,
    servername: target.isAddress ? "" : target.hostname,
    rejectUnauthorized: true, // stated, so that NODE_TLS_REJECT_UNAUTHORIZED cannot take it away
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] }),
  });
}

/** Answers every lookup with the checked addresses: the name is never asked for a second time. */
const pinnedLookup =
  (addresses: Exchange["addresses"]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: ipaddr.IPv6.isValid(address) ? 6 : 4 }));
    if (all === true) callback(null, found);
    else callback(null, addresses[0], found[0]?.family ?? 4);
  };

/** Sends the request and waits for the answer's headers. */
function responseOf(request: ClientRequest, { addresses, target, body }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const expected = new Set(addresses.map(normalAddress));
    const check = (socket: Socket): void => {
      // Cannot happen while the lookup is pinned. If it ever does, nothing may be read.
      if (expected.has(normalAddress(socket.remoteAddress ?? ""))) return;
      request.destroy(new Error(`Connected to an address for ${target.hostname} that was not checked.`));
    };
    request.once("socket", (socket) => socket.once("connect", () => check(socket)));
    request.once("response", resolve);
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new RefusedExchange(netRefusals.unreachable()));
    });
    request.on("error", reject); // stays, for errors after the answer began
    request.end(body);
  });
}

function headersRefusal(response: IncomingMessage, { method, maxBytes }: Exchange): Refusal | null {
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "";
  const transfer = response.headers["transfer-encoding"]?.trim().toLowerCase() ?? "";
  if (!["", "identity"].includes(encoding) || !["", "chunked"].includes(transfer)) return netRefusals.encoded();
  const announced = Number(response.headers["content-length"] ?? 0);
  return method !== "HEAD" && announced > maxBytes ? bodyTooLarge(maxBytes) : null;
}

const bodyTooLarge = (maxBytes: number): Refusal =>
  netRefusals["body-too-large"]({ detail: `At most ${maxBytes} bytes are read.` });

/** Reads the body while it stays within the limit. One that stops before its end makes the iteration throw. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new RefusedExchange(bodyTooLarge(maxBytes));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const plainHeaders = (response: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(response.headersDistinct).map(([name, values]) => [name, values?.join(", ") ?? ""]),
  );

/** One spelling for an address; a socket may write an IPv4 address in its mapped form. */
const normalAddress = (text: string): string => (ipaddr.isValid(text) ? ipaddr.process(text).toString() : text);

const CERTIFICATE_CODES =
  /CERT|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|UNABLE_TO|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH/;

function asRefusal(error: unknown, signal: AbortSignal): Refusal {
  if (error instanceof RefusedExchange) return error.refusal;
  if (signal.aborted) return netRefusals["time-total"]();
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "HPE_HEADER_OVERFLOW") return netRefusals["headers-too-large"]();
  if (CERTIFICATE_CODES.test(code)) return netRefusals["tls-failed"]();
  return netRefusals.unreachable();
}
