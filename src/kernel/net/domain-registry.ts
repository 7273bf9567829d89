import { z } from "zod";
import type { GuardedFetch } from "./guarded-fetch.ts";

/** What a registry says of a domain. */
export interface Registration {
  /** The registered name that was found: the domain itself, or one above it. */
  readonly name: string;
  /** When it was last registered by somebody, after whatever was before. */
  readonly registeredAt: Date | null;
  readonly expiresAt: Date | null;
  /** Moved between registrars; owners do so too. */
  readonly transferredAt: Date | null;
  /** Deleted by its registrar, and to be free for anybody within weeks (RFC 3915). */
  readonly isEnding: boolean;
}

/** What the registry says of a mail domain, or null for nothing usable: never asked, not known, out of reach. */
export type DomainRegistryLookup = (domain: string) => Promise<Registration | null>;

/** RFC 9083 §5.3, what is used of it. Everything else may be there, and may be anything. */
const DOMAIN = z.object({
  objectClassName: z.literal("domain"),
  ldhName: z.string().max(255),
  status: z.array(z.string().max(100)).max(100).default([]),
  events: z
    .array(z.object({ eventAction: z.string().max(100), eventDate: z.string().max(40).optional() }))
    .max(200)
    .default([]),
});

/** RFC 8056 §2: EPP's redemptionPeriod and pendingDelete, as RDAP writes them. */
const ENDING = new Set(["redemption period", "pending delete"]);

/** Reads a registry's answer about a name. Null where it is not one, or is about another name. Pure. */
export function readRegistration(name: string, text: string): Registration | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = DOMAIN.safeParse(json);
  if (!parsed.success || parsed.data.ldhName.toLowerCase().replace(/\.$/, "") !== name) return null;
  const { status, events } = parsed.data;
  const latest = (...actions: readonly string[]): Date | null => {
    const times = events
      .filter(({ eventAction }) => actions.includes(eventAction.toLowerCase()))
      .map(({ eventDate }) => Date.parse(eventDate ?? ""))
      .filter((at) => !Number.isNaN(at));
    return times.length > 0 ? new Date(Math.max(...times)) : null;
  };
  return {
    name,
    registeredAt: latest("registration", "reregistration"),
    expiresAt: latest("expiration"),
    transferredAt: latest("transfer"),
    isEnding: status.some((one) => ENDING.has(one.toLowerCase())),
  };
}

export interface RdapOptions {
  /** `domain/NAME` is appended. */
  readonly base: URL;
  readonly fetch: GuardedFetch;
  /** Between two questions, in milliseconds; public services allow about one a second. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 1_000;
const MOST_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;
/** After this many questions in a row without an answer the rest of this look-up's life is spent in silence. */
const FAILURES = 3;
/** `mail.cs.example.ac.uk` is found at its fourth question. */
const MOST_LABELS_ABOVE = 3;

/**
 * Asks a service that speaks RDAP (RFC 9082 §3.1.3, RFC 9083), one question at a time. A name that is not known there is
 * looked for one label higher, since mail domains lie below registered ones. Where the service fails three times in a row,
 * or says that it is asked too often, it is asked no more: make a new look-up for the next run.
 */
export function createRdapLookup({ base, fetch, pauseMs = PAUSE_MS }: RdapOptions): DomainRegistryLookup {
  let failures = 0;
  let queue: Promise<unknown> = Promise.resolve();

  /** `false`: the service does not know the name; null: no answer to be used. */
  const ask = async (name: string): Promise<Registration | null | false> => {
    if (failures >= FAILURES) return null;
    const answer = await fetch({
      url: new URL(`domain/${encodeURIComponent(name)}`, base).href,
      headers: { accept: "application/rdap+json" },
      maxBytes: MOST_BYTES,
      timeoutMs: TIMEOUT_MS,
      isRedirectAllowed: () => true, // on to the registry that has it (RFC 7480 §5.2); every address is checked
    });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const status = answer.ok ? answer.value.status : 0;
    failures = status === 200 || status === 404 ? 0 : status === 429 ? FAILURES : failures + 1;
    if (status === 404) return false;
    return answer.ok && status === 200 ? readRegistration(name, answer.value.body.toString("utf8")) : null;
  };

  const climb = async (domain: string): Promise<Registration | null> => {
    const labels = domain.split(".");
    for (let above = 0; above <= MOST_LABELS_ABOVE && labels.length - above >= 2; above += 1) {
      const found = await ask(labels.slice(above).join("."));
      if (found !== false) return found;
    }
    return null;
  };

  return (domain) => {
    const answer = queue.then(() => climb(domain));
    queue = answer.catch(() => undefined); // the caller hears of it; the next question is not its concern
    return answer;
  };
}
