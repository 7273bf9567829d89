import type { Account } from "../accounts/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { advance } from "./advance.ts";
import { revokeRestorationRight } from "./restoration.ts";
import { findOpenCaseOf, lockCase } from "./store/cases.ts";

/**
 * Somebody has just signed in with every factor: the authenticators are at hand, so an open case ends. Runs in the
 * transaction of the sign-in.
 */
export async function cancelCaseOfSignedIn(tx: Tx, runtime: Runtime, account: Account): Promise<void> {
  const open = await findOpenCaseOf(tx, account.id);
  const recoveryCase = open && (await lockCase(tx, open.id));
  if (!recoveryCase) return;
  const moved = await advance(tx, runtime, recoveryCase, {
    event: "owner-signed-in",
    as: "subscriber",
    actor: { kind: "subscriber", id: account.id },
    patch: { ended_because: "the owner signed in" },
  });
  if (!moved.ok) return; // an incident stays with the desk
  await revokeRestorationRight(tx, recoveryCase.id, "the owner signed in");
  await queueMail(tx, runtime, {
    to: recoveryCase.contactAddress,
    message: "case-cancelled-by-sign-in",
    params: { caseNumber: recoveryCase.number },
    caseId: recoveryCase.id,
  });
}
