import type { Account } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { takeText } from "../evidence/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { newId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import { countAttempt } from "../throttle/index.ts";
import type { RecoveryRuntime } from "./context.ts";
import { type OpenedCase, openFromStuckScreen } from "./open-case.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findOpenCaseOf, lockCase } from "./store/cases.ts";
import { insertMessage } from "./store/thread.ts";

/** Words to the desk about one freeze: enough for a person, too few to bury a case under. */
const A_DAY = { limit: 10, windowSeconds: 24 * 3600 };

export interface FreezeAppeal {
  /** Frozen; its password was right a moment ago. */
  readonly account: Account;
  readonly passwordAt: Date;
  readonly cause: "frozen" | "compromised";
  readonly contact: string;
  readonly story: string;
  readonly source: Source;
  readonly now: Date;
}

export type Appealed =
  | { readonly kind: "opened"; readonly opened: OpenedCase }
  /** There is a case about this account; the words lie in it, for the desk. */
  | { readonly kind: "noted"; readonly caseNumber: string; readonly told: string | null };

/**
 * An appeal against a freeze, by somebody whose password was right: a case in which that is proven. Where the account has
 * an open case that does not make way, the words go to the desk inside it, unseen by its claimant, who may be somebody
 * else. Refuses what is no address to write to, and more than ten a day.
 */
export async function appealAgainstFreeze(runtime: RecoveryRuntime, appeal: FreezeAppeal): Promise<Result<Appealed>> {
  const { account, now } = appeal;
  const counted = await countAttempt(runtime.db, { bucket: `freeze-appeal:${account.id}`, ...A_DAY }, now);
  if (!counted.ok) return counted;
  const opened = await openFromStuckScreen(runtime, appeal);
  if (opened.ok) return ok({ kind: "opened", opened: opened.value });
  return opened.refusal.code === recoveryRefusals["case-open-already"]().code ? note(runtime, appeal, opened) : opened;
}

async function note(
  runtime: RecoveryRuntime,
  { account, contact, story: typed, cause, source, now }: FreezeAppeal,
  otherwise: Result<never>,
): Promise<Result<Appealed>> {
  const typedIn = { actor: { kind: "anyone" }, caseId: null, now } as const;
  const { clean: story, told } = await takeText(runtime, typed, typedIn);
  return transact(runtime.db, { now }, async (tx): Promise<Result<Appealed>> => {
    const found = await findOpenCaseOf(tx, account.id);
    const recoveryCase = found && (await lockCase(tx, found.id));
    if (!recoveryCase) return otherwise; // it ended just now: the next try opens one
    await insertMessage(tx, runtime, recoveryCase.id, {
      id: newId("msg", now, runtime.random),
      authorKind: "system",
      authorId: null,
      isInternal: true,
      body: [
        `About the freeze (${cause}), from somebody whose password for the account was right, at ${source.ip}.`,
        `They can be written to at ${contact}.`,
        ...(story === "" ? [] : ["", story]),
      ].join("\n"),
    });
    audit(tx, runtime.random, {
      act: "recovery/appealed-against-freeze",
      actor: { kind: "anyone" },
      accountId: account.id,
      caseId: recoveryCase.id,
      facts: { cause },
      personal: { ...source, contact },
    });
    return ok({ kind: "noted", caseNumber: recoveryCase.number, told });
  });
}
