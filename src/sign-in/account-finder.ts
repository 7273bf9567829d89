import { findAccountByVerifiedAddress, listAddresses, parseAddress } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { answerUnconfirmed, mayWriteTo } from "./reset.ts";

/**
 * Answers "which username belongs to this address?", to that mailbox and nowhere else. An address that was never
 * confirmed is told how to go on. To any other nothing is sent: a form open to everybody must not write to strangers.
 */
export async function answerUsernames(
  tx: Tx,
  runtime: Runtime,
  question: { readonly typed: string; readonly source: Source },
): Promise<void> {
  const address = parseAddress(question.typed);
  if (!address.ok) return;
  const account = await findAccountByVerifiedAddress(tx, address.value.folded); // one account at most has it confirmed
  if (!account) return answerUnconfirmed(tx, runtime, question);
  const stored = (await listAddresses(tx, account.id)).find((one) => one.folded === address.value.folded);
  const isSent = await mayWriteTo(runtime, account, tx.now);
  if (isSent) {
    await queueMail(tx, runtime, {
      to: stored?.address ?? address.value.address, // as its owner writes it
      message: "account-finder",
      params: { usernames: [account.username] },
      accountId: account.id,
    });
  }
  audit(tx, runtime.random, {
    act: "sign-in/username-asked",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { answer: isSent ? "mail" : "too many mails" },
    personal: { ...question.source },
  });
}
