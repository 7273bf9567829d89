/*
 * What a failed delivery says of the address it went to. Pure.
 */

/** `hard`: there is no such mailbox, or none any more. `soft`: anything else that may pass, a full mailbox among it. */
export type BounceKind = "hard" | "soft";

export interface FailedDelivery {
  /** Enhanced status code (RFC 3463), `5.1.1`; null where none was given. */
  readonly status: string | null;
  /** The server's own words, beginning with its reply code where it spoke SMTP. */
  readonly answer: string;
}

/**
 * Codes that mean the mailbox itself: no such mailbox, domain or syntax (RFC 3463 §3.2), moved without a trace, a domain
 * with a null MX (RFC 7505 §4.2), disabled (§3.3). Everything about policy (5.7.x), routes or size is about us or passes.
 */
const NO_SUCH_MAILBOX: ReadonlySet<string> = new Set(["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]);
/** Reply codes that mean the mailbox where no enhanced code says more (RFC 5321 §4.2.3). */
const NO_SUCH_MAILBOX_REPLY: ReadonlySet<string> = new Set(["550", "551", "553"]);
/** Codes that say nothing in particular. */
const VAGUE = /^5\.(?:0\.\d+|5\.0)$/;

/** A reply as a server writes it: `550 5.1.1 no such mailbox`, `550-5.1.1 …`; an address like 5.1.1.9 is none. */
const REPLY = /^\s*(?<code>[245]\d\d)(?:[ -]+#?(?<status>[245]\.\d{1,3}\.\d{1,3})(?![\d.]\d))?(?!\d)/;

/** What a failure makes of the address. The server's own enhanced code goes before the one of whoever reports it. */
export function kindOfFailure({ status, answer }: FailedDelivery): BounceKind {
  const reply = REPLY.exec(answer)?.groups;
  const told = reply?.["status"] ?? status;
  if (told !== null && told !== undefined && !VAGUE.test(told)) return NO_SUCH_MAILBOX.has(told) ? "hard" : "soft";
  return NO_SUCH_MAILBOX_REPLY.has(reply?.["code"] ?? "") ? "hard" : "soft";
}

/** The enhanced status code in a server's reply, or null. */
export const statusIn = (answer: string): string | null => REPLY.exec(answer)?.groups?.["status"] ?? null;

export interface Bounced {
  readonly kind: BounceKind;
  readonly at: Date;
}

const DAY_MS = 24 * 3600_000;
/** Soft bounces count together when they are this young, this many days hold one, and this long is between them. */
export const SOFT_WINDOW_MS = 30 * DAY_MS;
export const SOFT_DAYS = 3;
export const SOFT_SPAN_MS = 3 * DAY_MS;

/**
 * Whether these bounces, each of another mail since the address was confirmed, mean that mail does not arrive there: one
 * hard one, or soft ones on three days or more of the last thirty with three days between the first and the last.
 */
export function doesNotArrive(bounces: readonly Bounced[], now: Date): boolean {
  if (bounces.some((one) => one.kind === "hard")) return true;
  const times = bounces.map((one) => one.at.getTime()).filter((at) => at >= now.getTime() - SOFT_WINDOW_MS);
  const days = new Set(times.map((at) => Math.floor(at / DAY_MS)));
  return days.size >= SOFT_DAYS && Math.max(...times) - Math.min(...times) >= SOFT_SPAN_MS;
}
