import type { Kysely } from "kysely";
import { audit } from "../audit/index.ts";
import type { Database } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { MailDomainAnswer, MailDomainLookup } from "../kernel/net/mail-domain.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { maskAddress } from "./names.ts";
import { listAddressesAt, findAccount, listAddresses, setUnverified } from "./store.ts";

/*
 * A lapsed domain is bought by somebody else, who then reads its mail: so every domain of a confirmed address is asked
 * about once a night, and addresses of one that is gone no longer count (standards PR-14).
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
const ASKED_TOGETHER = 20;
/** Names that exist in no public DNS (RFC 2606 §2, RFC 6761 §6). */
const RESERVED = /(?:^|\.)(?:example|test|invalid|localhost|local|internal)$|(?:^|\.)example\.(?:com|net|org)$/;

/** What a night's answer makes of the count of bad nights; null where it says nothing. Pure. */
export function badNights(before: number, answer: MailDomainAnswer): number | null {
  if (answer === "no answer") return null;
  return answer === "takes mail" ? 0 : before + 1;
}

/**
 * Asks about domains that were not asked about in the last 20 hours, at most 500. From the third bad night in a row the
 * addresses of a domain are no longer confirmed, which is on the log of each account and told to its other addresses.
 */
export async function checkMailDomains(
  runtime: Runtime,
  look: MailDomainLookup,
  now: Date,
): Promise<{ readonly asked: number; readonly lapsed: number }> {
  const due = await dueDomains(runtime.db, now);
  let lapsed = 0;
  for (let at = 0; at < due.length; at += ASKED_TOGETHER) {
    const group = due.slice(at, at + ASKED_TOGETHER);
    const answers = await Promise.all(group.map(async (one) => ({ ...one, answer: await ask(look, one.domain) })));
    for (const { domain, before, answer } of answers) lapsed += await noteAnswer(runtime, domain, before, answer, now);
  }
  return { asked: due.length, lapsed };
}

const ask = async (look: MailDomainLookup, domain: string): Promise<MailDomainAnswer> =>
  RESERVED.test(domain) ? "no answer" : look(domain);

async function dueDomains(
  db: Database,
  now: Date,
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
    .limit(AT_ONCE)
    .execute();
  return rows.map((row) => ({ domain: row.domain, before: row.bad_nights ?? 0 }));
}

/** Keeps the answer and, where the domain has lapsed with it, takes its addresses' standing. @returns 1 if it has */
async function noteAnswer(
  runtime: Runtime,
  domain: string,
  before: number,
  answer: MailDomainAnswer,
  now: Date,
): Promise<number> {
  const nights = badNights(before, answer) ?? before;
  const hasLapsed = nights >= BAD_NIGHTS;
  const done = await transact(
    runtime.db,
    { now, bookkeeping: "what the name servers said of a domain" },
    async (tx) => {
      const values = { domain, checked_at: tx.now, bad_nights: nights, lapsed_at: hasLapsed ? tx.now : null };
      await (tx.as<DomainTables>() as Kysely<DomainTables>) // a transaction writes as a database does
        .insertInto("mail_domains")
        .values(values)
        .onConflict((conflict) => conflict.column("domain").doUpdateSet(values))
        .execute();
      if (hasLapsed) await takeStanding(tx, runtime, domain);
      return ok();
    },
  );
  return done.ok && hasLapsed ? 1 : 0;
}

async function takeStanding(tx: Tx, runtime: Runtime, domain: string): Promise<void> {
  for (const address of await listAddressesAt(tx, domain)) {
    const account = await findAccount(tx, address.accountId);
    if (!account || !(await setUnverified(tx, address.id))) continue;
    audit(tx, runtime.random, {
      act: "accounts/domain-lapsed",
      actor: { kind: "clock" },
      accountId: account.id,
      facts: { address: address.id },
    });
    const params = { username: account.username, address: maskAddress(address.address), when: tx.now };
    for (const other of await listAddresses(tx, account.id)) {
      if (!other.verifiedAt || other.domain === domain) continue;
      await queueMail(tx, runtime, { to: other.address, message: "domain-lapsed", params, accountId: account.id });
    }
  }
}
