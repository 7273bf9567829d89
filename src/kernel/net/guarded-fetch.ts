import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import { type AllowRule, checkAddress, checkUrl, parseAllowRules, type Target } from "./addresses.ts";
import { createDnsResolver, type Resolver } from "./dns-resolver.ts";
import { exchange, type ExchangeAnswer } from "./exchange.ts";
import { netRefusals } from "./net-refusals.ts";

export type { Resolver } from "./dns-resolver.ts";
export { netRefusals } from "./net-refusals.ts";

/** Ceilings: one request may ask for less, never for more. */
export interface FetchLimits {
  /** Milliseconds for everything: names, connections, redirects, the body. */
  readonly timeoutMs: number;
  /** Milliseconds for each answer to begin, its connection included. */
  readonly headersTimeoutMs: number;
  readonly maxBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxRedirects: number;
}

export interface GuardedFetchOptions {
  /** The operator's exceptions, `[http://]<CIDR>[:<port>|:*]`; see parseAllowRules. None unless given. */
  readonly allowPrivate?: readonly string[];
  readonly resolver?: Resolver;
  /** PEM of a certificate authority to trust beside the system's. */
  readonly ca?: string;
  readonly limits?: Partial<FetchLimits>;
}

export interface GuardedRequest {
  /** Untrusted. */
  readonly url: string;
  readonly method?: "GET" | "POST" | "HEAD";
  /** Ours, never a stranger's. Headers that steer the connection may not be set. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  readonly maxRedirects?: number;
  /** Whether a redirect may be followed; only within one origin unless given. Every other rule holds besides. */
  readonly isRedirectAllowed?: (from: URL, to: URL) => boolean;
}

export interface GuardedAnswer extends ExchangeAnswer {
  /** The address that answered in the end, after redirects. */
  readonly url: string;
}

export type GuardedFetch = (request: GuardedRequest) => Promise<Result<GuardedAnswer>>;

export const DEFAULT_FETCH_LIMITS: FetchLimits = {
  timeoutMs: 10_000,
  headersTimeoutMs: 5_000,
  maxBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxRedirects: 3,
};

const MOST_ADDRESSES = 16;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SAFE_EVERYWHERE = new Set(["accept", "accept-language", "user-agent"]);
const STEERING =
  /^(host|connection|keep-alive|content-length|transfer-encoding|accept-encoding|te|trailer|upgrade|expect|proxy-.*)$/i;

/**
 * Makes the only way by which Locksmith calls a web address that somebody else chose.
 *
 * https only, on its usual port, to the public internet. A host name is looked up once; if any of its addresses is not
 * public the request is refused, and the connection goes to the addresses that were checked, so that a second answer of
 * the name changes nothing. The certificate must be for the host name. Redirects are counted, stay within one origin
 * unless the caller says otherwise, and pass every check again. POST follows none. Across origins only harmless headers
 * go along. Time, headers and body are limited; compressed answers are refused, so that the limit is the true size.
 * Any status that is no redirect is an answer, also 404 and 500.
 *
 * Whether a refusal is shown in full is up to the caller; none tells the addresses behind a name.
 * Throws only for mistakes of ours: a bad exception, or a header that steers the connection.
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const rules = parseAllowRules(options.allowPrivate ?? []);
  const limits = { ...DEFAULT_FETCH_LIMITS, ...options.limits };
  const resolver = options.resolver ?? createDnsResolver();
  return async (request) => {
    const steering = Object.keys(request.headers ?? {}).find((name) => STEERING.test(name));
    if (steering !== undefined) throw new Error(`The header ${steering} is for the guarded fetch to set.`);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), lesser(limits.timeoutMs, request.timeoutMs));
    const send = async (target: Target, headers: Readonly<Record<string, string>>): Promise<Result<GuardedAnswer>> => {
      const addresses = await addressesOf(target, rules, resolver, abort.signal);
      if (!addresses.ok) return addresses;
      const answer = await exchange({
        target,
        addresses: addresses.value,
        method: request.method ?? "GET",
        headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        maxBytes: lesser(limits.maxBytes, request.maxBytes),
        maxHeaderBytes: limits.maxHeaderBytes,
        headersTimeoutMs: limits.headersTimeoutMs,
        signal: abort.signal,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      });
      return answer.ok ? ok({ ...answer.value, url: target.url.href }) : answer;
    };
    try {
      return await follow(request, rules, lesser(limits.maxRedirects, request.maxRedirects), send);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Sends to a web address and on to where its answers lead, within the rules for redirects. */
async function follow(
  request: GuardedRequest,
  rules: readonly AllowRule[],
  maxRedirects: number,
  send: (target: Target, headers: Readonly<Record<string, string>>) => Promise<Result<GuardedAnswer>>,
): Promise<Result<GuardedAnswer>> {
  const isAllowed = request.isRedirectAllowed ?? ((from: URL, to: URL) => from.origin === to.origin);
  let headers = request.headers ?? {};
  let next = checkUrl(request.url, rules);
  for (let hops = 0; ; hops += 1) {
    if (!next.ok) return next;
    const target: Target = next.value;
    const answer = await send(target, headers);
    if (!answer.ok || !REDIRECTS.has(answer.value.status)) return answer;
    if (request.method === "POST") return refuse(netRefusals["redirect-not-followed"]());
    if (hops >= maxRedirects) return refuse(netRefusals["redirect-too-many"]());
    const location = answer.value.headers["location"];
    if (location === undefined) return refuse(netRefusals["redirect-malformed"]());
    next = redirectTarget(location, target.url, rules);
    if (!next.ok) return next;
    if (!isAllowed(new URL(target.url), new URL(next.value.url))) {
      return refuse(netRefusals["redirect-not-followed"]());
    }
    if (next.value.url.origin !== target.url.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => SAFE_EVERYWHERE.has(name.toLowerCase())));
    }
  }
}

/** Where a Location leads, checked like any address. Only a full URL can change the host: `//host` is refused. */
function redirectTarget(location: string, base: URL, rules: readonly AllowRule[]): Result<Target> {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return checkUrl(location, rules);
  const resolved = /^[\\/]{2}/.test(location) ? null : URL.parse(location, base);
  return resolved === null ? refuse(netRefusals["redirect-malformed"]()) : checkUrl(resolved.href, rules);
}

/** The addresses to connect to, all of them checked. One that is not public spoils the rest: honest names have none. */
async function addressesOf(
  target: Target,
  rules: readonly AllowRule[],
  resolver: Resolver,
  signal: AbortSignal,
): Promise<Result<readonly [string, ...string[]]>> {
  const found = target.isAddress ? [target.hostname] : await lookUp(target.hostname, resolver, signal);
  if (signal.aborted) return refuse(netRefusals["time-total"]());
  const [first, ...others] = found.slice(0, MOST_ADDRESSES);
  if (first === undefined) return refuse(netRefusals["name-not-found"]());
  const unfit = [first, ...others].map((address) => checkAddress(target, address, rules)).find(isRefusal);
  return unfit ? refuse(unfit) : ok([first, ...others]);
}

const isRefusal = (refusal: Refusal | null): refusal is Refusal => refusal !== null;

/** Asks the resolver, and stops waiting for it when the time is up. */
async function lookUp(hostname: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const giveUp = (): void => resolve([]);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([promise, resolver(hostname, signal)]);
  } catch {
    return []; // a name that cannot be resolved is an expected answer here
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

const lesser = (ceiling: number, asked: number | undefined): number => Math.min(ceiling, asked ?? ceiling);
