import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { MailId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  accountOfMail,
  doesNotArrive,
  type FailedDelivery,
  listBounces,
  noteUndelivered,
  type OnUndelivered,
  queueMail,
} from "../notifications/index.ts";
import { countAttempt } from "../throttle/index.ts";
import { maskAddress, parseAddress } from "./names.ts";
import { setUnreachable } from "./standing-store.ts";
import { hasStanding } from "./standing.ts";
import { findAccount, listAddresses } from "./store.ts";

/*
 * Mail that comes back. A mailbox that is gone may be given to somebody else by its provider, so an address where mail
 * does not arrive opens nothing until it is confirmed again. It is never taken away: a forged report must not do that.
 */

const REPORTS_A_DAY = 50;

/**
 * Weighs a failed delivery: once they say that mail does not arrive at a confirmed address, the address loses its
 * standing, which is on the log of its account and told to its other addresses. Only mails written since the address was
 * confirmed count, so that old reports cannot undo a confirmation.
 */
export const weighUndelivered: OnUndelivered = async (tx, runtime, { accountId, toAddress }) => {
  const account = accountId && (await findAccount(tx, accountId));
  const parsed = parseAddress(toAddress);
  if (!account || !parsed.ok) return;
  const all = await listAddresses(tx, account.id);
  const address = all.find((one) => one.folded === parsed.value.folded);
  if (!address?.verifiedAt || !hasStanding(address)) return;
  const bounces = await listBounces(tx, {
    accountId: account.id,
    address: toAddress,
    writtenAfter: address.verifiedAt,
  });
  if (!doesNotArrive(bounces, tx.now) || !(await setUnreachable(tx, address.id))) return;
  audit(tx, runtime.random, {
    act: "accounts/address-unreachable",
    actor: { kind: "clock" },
    accountId: account.id,
    facts: { address: address.id, bounces: bounces.length, hard: bounces.some((one) => one.kind === "hard") },
  });
  for (const other of all) {
    if (other.id === address.id || !other.verifiedAt) continue;
    await queueMail(tx, runtime, {
      to: other.address,
      message: "address-unreachable",
      params: { username: account.username, address: maskAddress(address.address), when: tx.now },
      accountId: account.id,
    });
  }
};

/**
 * Takes a report about a mail that we sent, from whoever has seen that mail. The same report twice counts once.
 * Refuses more than fifty a day about one account.
 * @returns whether it was news
 */
export async function takeUndelivered(
  runtime: Runtime,
  mailId: MailId,
  failure: FailedDelivery,
  now: Date,
): Promise<Result<{ readonly isNews: boolean }>> {
  const bucket = `bounces:${(await accountOfMail(runtime.db, mailId)) ?? "nobody"}`;
  const free = await countAttempt(runtime.db, { bucket, limit: REPORTS_A_DAY, windowSeconds: 24 * 3600 }, now);
  if (!free.ok) return free;
  return transact(runtime.db, { now, bookkeeping: "what became of a mail" }, async (tx) =>
    ok({ isNews: (await noteUndelivered(tx, runtime, mailId, failure, weighUndelivered)) !== null }),
  );
}
