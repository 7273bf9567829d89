import type { Clock } from "../../kernel/clock.ts";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";

/** Sign-ins wait for this, so it is short; an outage must be felt by nobody. */
const TIMEOUT_MS = 2_000;
const MOST_BYTES = 512 * 1024;
/** After a failure nobody is asked for a while, so that an outage costs one wait and not one a sign-in. */
const REST_MS = 30_000;
const PREFIX = 5;
const LINE = /^([0-9A-F]{35}):(\d{1,12})$/i;

export type RangeAnswer =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "away"; readonly why: string };

/**
 * Asks a service that speaks the range protocol of Pwned Passwords: five of the forty digits of the SHA-1 go out, and
 * every suffix that is known with them comes back, padded with entries of count 0 so that the size tells nothing
 * (k-anonymity; the service never sees the password nor its whole hash).
 * @param baseUrl where `range/ABCDE` is appended
 * @param fetch the guarded one: this is an outgoing request
 */
export function makeRangeLookup(
  baseUrl: URL,
  fetch: GuardedFetch,
  clock: Clock,
): (sha1: string) => Promise<RangeAnswer> {
  let restsUntil = 0;
  return async (sha1) => {
    if (clock.now().getTime() < restsUntil) return { kind: "away", why: "not asked, so soon after a failure" };
    const answer = await askRange(baseUrl, fetch, sha1);
    if (answer.kind === "away") restsUntil = clock.now().getTime() + REST_MS;
    return answer;
  };
}

/** Asks once. @param sha1 40 hexadecimal digits */
export async function askRange(baseUrl: URL, fetch: GuardedFetch, sha1: string): Promise<RangeAnswer> {
  const url = new URL(`range/${sha1.slice(0, PREFIX).toUpperCase()}`, baseUrl).href;
  const headers = { "add-padding": "true", accept: "text/plain", "user-agent": "Locksmith" };
  const answer = await fetch({ url, headers, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES, maxRedirects: 0 });
  if (!answer.ok) return { kind: "away", why: answer.refusal.code };
  if (answer.value.status !== 200) return { kind: "away", why: `status ${answer.value.status}` };
  return readRange(answer.value.body.toString("latin1"), sha1.slice(PREFIX).toUpperCase());
}

/** Finds a suffix in the answer. An answer that is not of the protocol counts as no answer. */
export function readRange(body: string, suffix: string): RangeAnswer {
  let count = 0;
  for (const line of body.split(/\r?\n/)) {
    if (line === "") continue;
    const [, known, times] = LINE.exec(line) ?? [];
    if (known === undefined) return { kind: "away", why: "the answer is not of the range protocol" };
    if (known.toUpperCase() === suffix) count = Number(times);
  }
  return { kind: "count", count };
}
