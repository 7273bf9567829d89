import { findAccount, findAccountByName, listAddresses } from "../../../accounts/index.ts";
import { audit } from "../../../audit/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { lockName, transact } from "../../../kernel/db/transact.ts";
import type { Source } from "../../../kernel/http/index.ts";
import { type AccountId, newId } from "../../../kernel/ids.ts";
import { ok, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { queueMail } from "../../../notifications/index.ts";
import { listContactsOf } from "../../../recovery-contacts/index.ts";
import { listSharedWith } from "../../../registry/index.ts";
import { countTry } from "../../prove.ts";
import type { EvidenceContext } from "../../types.ts";
import { type AskedFor, countAsked, insertVouch, listAskedIn } from "./store.ts";

const DAY_MS = 24 * 3600_000;
const ANSWER_DAYS = 14;
/** Times a claimant may ask in one case, right names or wrong. */
const MOST_ASKS = 5;
/** People asked in one case for one kind; the policy counts two of them. */
const MOST_PEOPLE = 3;
/** People asked at once where the claimant leaves the choice to us. */
const AT_ONCE = 2;
/** Times one person is asked about one account in 30 days, whoever opens cases for it. */
const MOST_A_MONTH = 3;
const SETTLED_DAYS = 7;

export interface Asking {
  readonly kind: AskedFor;
  /** A username as typed; null to leave the choice to us. */
  readonly name: string | null;
  readonly source?: Source;
}

/**
 * Writes to somebody who can speak for the account, if there is such a person. Answers the same, after the same look-ups,
 * whoever is named and whether or not anybody is written to: a claimant learns neither names nor how many there are.
 * Refuses one request too many; requests are counted first.
 */
export async function askToVouch(
  runtime: Runtime,
  context: EvidenceContext,
  asking: Asking,
): Promise<Result<undefined>> {
  const counted = await countTry(runtime, context, { name: `${asking.kind}-ask`, limit: MOST_ASKS });
  if (!counted.ok) return counted;
  const { kind, name, source } = asking;
  const { accountId, caseId, now } = context;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    await lockName(tx.as<unknown>(), `vouches ${accountId ?? caseId}`);
    const named = name === null ? null : await findAccountByName(tx, name.trim());
    const able = accountId ? await whoCan(tx, context, kind, accountId) : [];
    const chosen = name === null ? able.slice(0, AT_ONCE) : able.filter((id) => id === named?.id);
    const asked: AccountId[] = [];
    for (const personId of accountId ? chosen : []) {
      if (accountId && (await ask(tx, runtime, context, { kind, accountId, personId }))) asked.push(personId);
    }
    audit(tx, runtime.random, {
      act: "evidence/voucher-asked",
      actor: { kind: "claimant", id: caseId },
      accountId,
      caseId,
      facts: { kind, isNamed: name !== null, asked },
      ...(source ? { personal: { ...source } } : {}),
    });
    return ok();
  });
}

/** Who can speak for the account in this case and may still be written to, who shares most and longest first. */
async function whoCan(
  reader: Reader,
  context: EvidenceContext,
  kind: AskedFor,
  accountId: AccountId,
): Promise<readonly AccountId[]> {
  const settled = new Date(context.openedAt.getTime() - SETTLED_DAYS * DAY_MS);
  const present = await listAskedIn(reader, context.caseId, kind);
  const month = await countAsked(reader, accountId, new Date(context.now.getTime() - 30 * DAY_MS));
  const able =
    kind === "vouch" ? await sharersOf(reader, accountId, settled) : await contactsOf(reader, accountId, settled);
  const free = able.filter((id) => !present.some((one) => one.personId === id) && (month.get(id) ?? 0) < MOST_A_MONTH);
  const active: AccountId[] = [];
  for (const id of free.slice(0, 50)) {
    const account = await findAccount(reader, id);
    if (account && !account.frozen) active.push(id);
  }
  return active.slice(0, Math.max(0, MOST_PEOPLE - present.length));
}

async function sharersOf(reader: Reader, accountId: AccountId, settled: Date): Promise<readonly AccountId[]> {
  const shared = [...(await listSharedWith(reader, accountId))].map(([id, things]) => ({
    id,
    settled: things.filter(({ since }) => since <= settled),
  }));
  return shared
    .filter((one) => one.settled.length > 0)
    .toSorted(
      (a, b) =>
        b.settled.length - a.settled.length ||
        Number(a.settled[0]?.since) - Number(b.settled[0]?.since) ||
        (a.id < b.id ? -1 : 1),
    )
    .map(({ id }) => id);
}

async function contactsOf(reader: Reader, accountId: AccountId, settled: Date): Promise<readonly AccountId[]> {
  const contacts = await listContactsOf(reader, accountId);
  return contacts.filter(({ acceptedAt }) => acceptedAt && acceptedAt <= settled).map(({ contactId }) => contactId);
}

async function ask(
  tx: Parameters<typeof insertVouch>[0],
  runtime: Runtime,
  context: EvidenceContext,
  who: { readonly kind: AskedFor; readonly accountId: AccountId; readonly personId: AccountId },
): Promise<boolean> {
  const id = newId("vch", tx.now, runtime.random);
  const expiresAt = new Date(tx.now.getTime() + ANSWER_DAYS * DAY_MS);
  if (!(await insertVouch(tx, { id, ...who, caseId: context.caseId, expiresAt }))) return false;
  const primary = (await listAddresses(tx, who.personId)).find((one) => one.isPrimary && one.verifiedAt);
  if (primary) {
    await queueMail(tx, runtime, {
      to: primary.address,
      message: who.kind === "vouch" ? "vouch-asked" : "contact-code-asked",
      params: {
        username: context.username,
        answerUrl: new URL(`/account/vouches/${id}`, runtime.publicUrl).href,
        expiresAt,
      },
      accountId: who.personId,
    });
  }
  return true;
}
