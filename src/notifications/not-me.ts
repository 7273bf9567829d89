import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { issueToken } from "../kernel/one-time.ts";
import type { Runtime } from "../kernel/runtime.ts";

/** The purpose of the secrets behind "This was not me". Subject: the account. */
export const NOT_ME = "not-me";
const DAYS = 30;

/**
 * The link of one mail with which its reader can lock the account it is about: one secret a mail, which works once and
 * for 30 days. The mail's kind is kept with it, so that the page can say what it was about.
 */
export async function issueNotMeUrl(
  tx: Tx,
  runtime: Pick<Runtime, "random" | "publicUrl">,
  mail: { readonly accountId: AccountId; readonly message: string },
): Promise<string> {
  const { token } = await issueToken(tx, runtime.random, {
    purpose: NOT_ME,
    subject: mail.accountId,
    detail: { message: mail.message },
    expiresAt: new Date(tx.now.getTime() + DAYS * 24 * 3600_000),
  });
  return new URL(`/not-me/${token.reveal()}`, runtime.publicUrl).href;
}
