import type { Account } from "../accounts/index.ts";
import { listEvents } from "../audit/index.ts";
import { firstSign, LOOK_BACK_DAYS, pinnedAt, SIGNS_OF_TROUBLE } from "../evidence/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { findCase } from "../recovery/index.ts";
import type { Session } from "../sessions/index.ts";
import type { Regained } from "./types.ts";
import { type Moments, momentsOf, OPEN_DAYS } from "./window.ts";

/*
 * When an account was given back to its owner. Only two acts are that: a recovery, which binds everything anew, and an
 * unlocking with factors that were there before the trouble. A freeze that ends by itself, or at the desk, proves nobody:
 * whoever was in the account may be in it again, and must not be able to undo what its owner did.
 */

const DAY_MS = 24 * 3600_000;
const GIVEN_BACK = ["recovery/restore", "accounts/unlocked"];
const MOST_SIGNS = 1_000;

/** Signs that speak of somebody else, and not only of something that was lost. */
const OF_OTHERS: ReadonlySet<string> = new Set([
  "accounts/address-change-undone",
  "accounts/frozen",
  "authenticators/passkey-copy-suspected",
  "authenticators/password-leaked",
  "recovery/account-locked",
  "recovery/object",
  "recovery/objected",
  "registry/api-token-leaked",
]);

export interface Turn {
  readonly regained: Regained;
  readonly moments: Moments;
}

/** The last time that the account was given back, in the last 90 days; null where there is none. */
export async function findTurn(reader: Reader, account: Account, now: Date): Promise<Turn | null> {
  const [event] = await listEvents(reader, { accountId: account.id, acts: GIVEN_BACK, limit: 1 });
  if (!event || now.getTime() - event.at.getTime() >= OPEN_DAYS * DAY_MS) return null;
  const filter = { accountId: account.id, acts: SIGNS_OF_TROUBLE, before: event.seq, limit: MOST_SIGNS };
  const signs = await listEvents(reader, filter);
  const sign = firstSign(event.at, signs);
  const since = event.at.getTime() - LOOK_BACK_DAYS * DAY_MS;
  const cause = event.caseId && (await findCase(reader, event.caseId))?.cause;
  const isUrged =
    event.act === "accounts/unlocked" ||
    cause === "compromised" ||
    signs.some((one) => OF_OTHERS.has(one.act) && one.at.getTime() >= since);
  const how = event.act === "recovery/restore" ? "recovery" : "unlock";
  return {
    regained: { seq: event.seq, at: event.at, how, isUrged },
    moments: momentsOf(sign, pinnedAt(sign), event.at),
  };
}

/** Every session of before has ended; one that is older all the same is not the owner's. */
export const isOwnersSession = (session: Pick<Session, "startedAt">, { regained }: Turn): boolean =>
  session.startedAt >= regained.at;
