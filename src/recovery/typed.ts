import { takeTexts } from "../evidence/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { type AccountId, type CaseId, newId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { insertMessage } from "./store/thread.ts";

/** Who typed it: the claimant, or somebody at the desk. */
export type TypedBy = "claimant" | { readonly accountId: AccountId };

/** What the thread says where something was cut out. */
export const cutOut = (told: string): string =>
  `Something that was just sent held what nobody should send. It was cut out before anything was kept. ${told}`;

/**
 * Takes in what was typed in a case: secrets are cut out and ended, and a line in the case's thread says so to whoever
 * typed it. The line is committed before this returns, whatever becomes of the act.
 */
export async function takeInCase<K extends string>(
  runtime: Runtime,
  caseId: CaseId,
  by: TypedBy,
  texts: Readonly<Record<K, string>>,
  now: Date,
): Promise<{ readonly clean: Readonly<Record<K, string>>; readonly told: string | null }> {
  const actor =
    by === "claimant" ? ({ kind: "claimant", id: caseId } as const) : ({ kind: "staff", id: by.accountId } as const);
  const taken = await takeTexts(runtime, texts, { actor, caseId, now });
  const { told } = taken;
  if (told === null) return taken;
  await transact(runtime.db, { now, bookkeeping: "a line that something was cut out" }, async (tx) => {
    await insertMessage(tx, runtime, caseId, {
      id: newId("msg", new Date(now.getTime() + 1), runtime.random), // stands after the text it speaks of
      authorKind: "system",
      authorId: null,
      isInternal: by !== "claimant",
      body: cutOut(told),
    });
    return ok();
  });
  return taken;
}
