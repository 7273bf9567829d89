import type { Address } from "../accounts/index.ts";
import { html, type Html, time } from "../kernel/html/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listMails } from "../notifications/index.ts";

const MOST_LOOKED_AT = 20;

/** What became of the newest confirmation mail to an address, so that nobody waits for one that was refused. */
export async function confirmationDelivery(runtime: Runtime, address: Address, now: Date): Promise<Html | null> {
  const { accountId } = address;
  const mails = await listMails(runtime.db, { accountId, address: address.address, limit: MOST_LOOKED_AT });
  const mail = mails.find((one) => one.message === "confirm-address");
  if (!mail) return null;
  if (mail.state === "sent" && mail.acceptedAt)
    return html`The mail was accepted by ${mail.acceptedBy ?? "the mail server"} ${time(mail.acceptedAt, now, "relative")}.`;
  if (mail.state === "failed")
    return html`The mail could not be delivered${mail.lastAnswer ? html`: “${mail.lastAnswer.slice(0, 200)}”` : null}. Is the address written correctly?`;
  return html`The mail is on its way: queued ${time(mail.queuedAt, now, "relative")}${mail.attempts > 0 ? html`, tried ${mail.attempts} times so far` : null}.`;
}
