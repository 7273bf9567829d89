import type { Kysely } from "kysely";
import { audit } from "../audit/index.ts";
import type { Database } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { DomainRegistryLookup, Registration } from "../kernel/net/domain-registry.ts";
import type { MailDomainAnswer, MailDomainLookup } from "../kernel/net/mail-domain.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { maskAddress } from "./names.ts";
import { setUnverified } from "./standing-store.ts";
import { listAddressesAt, findAccount, listAddresses } from "./store.ts";

/*
 * A lapsed domain is bought by somebody else, who then reads its mail: so every domain of a confirmed address is asked
 * about once a night, and addresses of one that is gone, or has a new owner, no longer count (standards PR-14). Who does
 * not answer says nothing: an outage takes nobody's address.
 */

interface DomainTables {
  mail_domains: { domain: string; checked_at: Date; bad_nights: number; lapsed_at: Date | null };
  addresses: { domain: string; verified_at: Date | null; removed_at: Date | null };
}

/** Nights in a row after which a domain counts as lapsed: one bad night may be a mistake of its name servers. */
const BAD_NIGHTS = 3;
const NIGHT_MS = 20 * 3600_000;
/** Domains of one run; a job repeats it through the night. */
const AT_ONCE = 500;
/** A registry is asked once a second; so many are done before the job runs again. */
const AT_ONCE_WITH_REGISTRY = 200;
const ASKED_TOGETHER = 20;
/** Names that exist in no public DNS (RFC 2606 §2, RFC 6761 §6). */
const RESERVED = /(?:^|\.)(?:example|test|invalid|localhost|local|internal)$|(?:^|\.)example\.(?:com|net|org)$/;

/** Who is asked about a domain: the name servers, and where the operator has set one up, a registry. */
export interface DomainSources {
  readonly askMail: MailDomainLookup;
  readonly askRegistry?: DomainRegistryLookup | null;
}

type Registered = Pick<Registration, "registeredAt" | "isEnding">;

interface Night {
  readonly domain: string;
  /** Bad nights in a row until now. */
  readonly before: number;
  readonly mail: MailDomainAnswer;
  readonly registration: Registered | null;
}

/**
 * What a night's answers make of the count of bad nights; null where they say nothing. A domain that its registrar has
 * deleted is bad whatever its name servers say: they may answer until the end. Pure.
 */
export function badNights(
  before: number,
  mail: MailDomainAnswer,
  registration: Registered | null = null,
): number | null {
  if (registration?.isEnding) return before + 1;
  if (mail === "no answer") return null;
  return mail === "takes mail" ? 0 : before + 1;
}

/** Whether a domain was registered by somebody after an address there was confirmed. Pure. */
export const isRegisteredAnew = (registration: Registered | null, confirmedAt: Date, now: Date): boolean =>
  !!registration?.registeredAt && registration.registeredAt > confirmedAt && registration.registeredAt <= now;

/**
 * Asks about domains that were not asked about in the last 20 hours, at most 500, or 200 where a registry is asked too.
 * The addresses of a domain are no longer confirmed from the third bad night in a row, and at once where the domain was
 * registered anew after they were confirmed. That is on the log of each account and told to its other addresses.
 */
export async function checkMailDomains(
  runtime: Runtime,
  sources: DomainSources,
  now: Date,
): Promise<{ readonly asked: number; readonly lapsed: number }> {
  const due = await dueDomains(runtime.db, now, sources.askRegistry ? AT_ONCE_WITH_REGISTRY : AT_ONCE);
  let lapsed = 0;
  for (let at = 0; at < due.length; at += ASKED_TOGETHER) {
    const group = due.slice(at, at + ASKED_TOGETHER);
    const nights = await Promise.all(
      group.map(async (one): Promise<Night> => ({ ...one, ...(await ask(sources, one)) })),
    );
    for (const night of nights) lapsed += await noteNight(runtime, night, now);
  }
  return { asked: due.length, lapsed };
}

async function ask(
  { askMail, askRegistry }: DomainSources,
  { domain }: { readonly domain: string },
): Promise<Pick<Night, "mail" | "registration">> {
  if (RESERVED.test(domain)) return { mail: "no answer", registration: null };
  const [mail, registration] = await Promise.all([askMail(domain), askRegistry?.(domain) ?? null]);
  return { mail, registration };
}

async function dueDomains(
  db: Database,
  now: Date,
  most: number,
): Promise<readonly { readonly domain: string; readonly before: number }[]> {
  const rows = await db
    .as<DomainTables>()
    .selectFrom("addresses")
    .leftJoin("mail_domains", "mail_domains.domain", "addresses.domain")
    .select(["addresses.domain", "mail_domains.bad_nights"])
    .distinct()
    .where("addresses.verified_at", "is not", null)
    .where("addresses.removed_at", "is", null)
    .where((is) =>
      is.or([
        is("mail_domains.checked_at", "is", null),
        is("mail_domains.checked_at", "<", new Date(now.getTime() - NIGHT_MS)),
      ]),
    )
    .orderBy("addresses.domain")
    .limit(most)
    .execute();
  return rows.map((row) => ({ domain: row.domain, before: row.bad_nights ?? 0 }));
}

/** Keeps the answers and takes the standing of the addresses that lose it with them. @returns 1 if any could have, else 0 */
async function noteNight(runtime: Runtime, night: Night, now: Date): Promise<number> {
  const { domain, before, mail, registration } = night;
  const nights = badNights(before, mail, registration) ?? before;
  const hasLapsed = nights >= BAD_NIGHTS;
  const done = await transact(runtime.db, { now, bookkeeping: "what was said of a domain" }, async (tx) => {
    const values = { domain, checked_at: tx.now, bad_nights: nights, lapsed_at: hasLapsed ? tx.now : null };
    await (tx.as<DomainTables>() as Kysely<DomainTables>) // a transaction writes as a database does
      .insertInto("mail_domains")
      .values(values)
      .onConflict((conflict) => conflict.column("domain").doUpdateSet(values))
      .execute();
    return ok(await takeStanding(tx, runtime, night, hasLapsed));
  });
  return done.ok && (hasLapsed || done.value > 0) ? 1 : 0;
}

/** @returns how many addresses lost their standing */
async function takeStanding(tx: Tx, runtime: Runtime, night: Night, hasLapsed: boolean): Promise<number> {
  const { domain, registration } = night;
  if (!hasLapsed && !registration?.registeredAt) return 0;
  let taken = 0;
  for (const address of await listAddressesAt(tx, domain)) {
    const isAnew = address.verifiedAt !== null && isRegisteredAnew(registration, address.verifiedAt, tx.now);
    if (!hasLapsed && !isAnew) continue;
    const account = await findAccount(tx, address.accountId);
    if (!account || !(await setUnverified(tx, address.id))) continue;
    taken += 1;
    const why = isAnew ? "registered anew" : registration?.isEnding ? "deleted" : "no mail";
    audit(tx, runtime.random, {
      act: "accounts/domain-lapsed",
      actor: { kind: "clock" },
      accountId: account.id,
      facts: { address: address.id, because: why },
    });
    const params = { username: account.username, address: maskAddress(address.address), when: tx.now, why } as const;
    for (const other of await listAddresses(tx, account.id)) {
      if (!other.verifiedAt || other.domain === domain) continue;
      await queueMail(tx, runtime, { to: other.address, message: "domain-lapsed", params, accountId: account.id });
    }
  }
  return taken;
}
