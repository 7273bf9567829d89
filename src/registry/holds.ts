import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, type CaseId, type HoldId, newId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { dateInWords } from "../notifications/index.ts";
import { registryRefusals } from "./refusals.ts";
import { insertHold, selectActiveHolds } from "./store/holds.ts";
import type { Hold, Power } from "./types.ts";

export interface NewHold {
  readonly accountId: AccountId;
  readonly powers: readonly Power[];
  readonly caseId: CaseId | null;
  readonly until: Date;
  /** Shown to the account's owner and to whoever publishes as them: a few plain words, nothing personal. */
  readonly because: string;
  readonly actor: AuditActor;
}

/** Takes powers from an account until a moment. Holds add up; none is ever shortened. Returns its id. */
export async function placeHold(tx: Tx, random: Random, hold: NewHold): Promise<HoldId> {
  const id = newId("hold", tx.now, random);
  const { accountId, powers, caseId, until, because, actor } = hold;
  await insertHold(tx, { id, accountId, powers, caseId, until, because });
  audit(tx, random, {
    act: "registry/hold-placed",
    actor,
    accountId,
    caseId,
    facts: { hold: id, powers: [...powers], until: until.toISOString(), because },
  });
  return id;
}

/** Holds that have not ended, the one that ends last first. */
export const listActiveHolds = (reader: Reader, accountId: AccountId, now: Date): Promise<readonly Hold[]> =>
  selectActiveHolds(reader, accountId, now);

const POWER_IN_WORDS: Readonly<Record<Power, string>> = {
  publish: "Publishing from this account",
  ownership: "Changing owners from this account",
  collaborators: "Changing collaborators from this account",
  tokens: "Making API tokens on this account",
  publishers: "Changing trusted publishers from this account",
  addresses: "Changing the addresses of this account",
  keys: "Adding keys for recovery to this account",
  deletion: "Deleting from this account",
};

/** Everything that is held for a while after an account was given back. */
export const ALL_POWERS = Object.keys(POWER_IN_WORDS) as readonly Power[]; // the keys of a record of powers

const HELD_IN_WORDS: Readonly<Record<Power, string>> = {
  publish: "publishing",
  ownership: "changes of owners",
  collaborators: "changes of collaborators",
  tokens: "new API tokens",
  publishers: "changes of trusted publishers",
  addresses: "changes of mail addresses",
  keys: "new keys for recovery",
  deletion: "deleting",
};

/** What a hold takes away, as people say it: "publishing, changes of owners and new API tokens". */
export function heldInWords(powers: readonly Power[]): string {
  const words = powers.map((power) => HELD_IN_WORDS[power]);
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Refuses while a hold on this power stands, with the date in UTC on which it ends, and why. */
export async function requireNoHold(
  reader: Reader,
  accountId: AccountId,
  power: Power,
  now: Date,
): Promise<Result<undefined>> {
  const hold = (await selectActiveHolds(reader, accountId, now)).find(({ powers }) => powers.includes(power));
  if (!hold) return ok();
  const detail = `${POWER_IN_WORDS[power]} is on hold until ${dateInWords(hold.until)} (${hold.until.toISOString()}). Reason: ${hold.because}.`;
  const retryAfterSeconds = (hold.until.getTime() - now.getTime()) / 1000;
  return refuse(registryRefusals.held({ detail, retryAfterSeconds }));
}
