import { type Address, hasStanding } from "../accounts/index.ts";
import { details, html, type Html, notice, time } from "../kernel/html/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listMails, type MailRecord } from "../notifications/index.ts";

const MOST_LOOKED_AT = 20;
const MOST_SHOWN = 10;
const LONGEST_ANSWER = 200;

const mailsTo = (runtime: Runtime, address: Address, limit: number): Promise<readonly MailRecord[]> =>
  listMails(runtime.db, { accountId: address.accountId, address: address.address, limit });

/** What became of the newest confirmation mail to an address, so that nobody waits for one that was refused. */
export async function confirmationDelivery(runtime: Runtime, address: Address, now: Date): Promise<Html | null> {
  const mail = (await mailsTo(runtime, address, MOST_LOOKED_AT)).find((one) => one.message === "confirm-address");
  // One from before mail began to come back says nothing of the address as it is now.
  if (!mail || (address.unreachableAt && mail.queuedAt <= address.unreachableAt)) return null;
  const hint = mail.bounce || mail.state === "failed" ? " Is the address written correctly?" : "";
  return html`The mail ${fateOf(mail, now)}.${hint}`;
}

/** What became of a mail, to be said after “The mail” or its subject. The words of other servers are quoted and cut. */
function fateOf(mail: MailRecord, now: Date): Html {
  if (mail.bounce)
    return html`came back ${time(mail.bounce.at, now, "relative")}${quote(mail.bounce.answer || mail.bounce.status)}`;
  if (mail.state === "sent" && mail.acceptedAt)
    return html`was accepted by ${mail.acceptedBy ?? "the mail server"} ${time(mail.acceptedAt, now, "relative")}`;
  if (mail.state === "failed") return html`could not be delivered${quote(mail.lastAnswer)}`;
  return html`is on its way: queued ${time(mail.queuedAt, now, "relative")}${mail.attempts > 0 ? html`, tried ${mail.attempts} times so far${quote(mail.lastAnswer)}` : null}`;
}

const quote = (answer: string | null): Html | null => (answer ? html`: “${answer.slice(0, LONGEST_ANSWER)}”` : null);

/** The delivery log of one address: what we sent there lately, and what became of it. Null where nothing was sent. */
export async function deliveryLog(runtime: Runtime, address: Address, now: Date): Promise<Html | null> {
  const mails = await mailsTo(runtime, address, MOST_SHOWN);
  if (mails.length === 0) return null;
  return details({
    summary: html`Our mails there<span class="visually-hidden"> to ${address.address}</span>`,
    body: html`<ul>${mails.map((mail) => html`<li>${time(mail.queuedAt, now)}: “${mail.subject}” ${fateOf(mail, now)}.</li>`)}</ul>`,
  });
}

/** What to do about an address where mail does not arrive. */
export const unreachableAdvice = (address: Address, now: Date): Html | null =>
  address.unreachableAt &&
  html`<p><strong>Mail does not arrive here</strong>, since ${time(address.unreachableAt, now)}. Its provider may give a mailbox that is gone to somebody else, so this address cannot be used to get into your account until you confirm it again. It stays yours.</p>
    <p>If you still read it, make room or let our mail in, and have the confirmation sent. If not, ${address.isPrimary ? "add another address, make it the main one and remove this one" : "remove it, and add another address"}.</p>`;

/** What an owner must not miss: mail to one of the addresses comes back. */
export function unreachableBanner(addresses: readonly Address[]): Html | undefined {
  const lost = addresses.filter((one) => one.unreachableAt);
  if (lost.length === 0) return undefined;
  const isAll = !addresses.some(hasStanding);
  return notice({
    tone: "warning",
    title: `Our mail does not arrive at ${lost.map((one) => one.address).join(" and ")}`,
    body: html`<p>${isAll ? "You have no other confirmed address, so a forgotten password could not be replaced by mail. " : ""}<a href="/account/addresses">Confirm it again, or add another address</a>.</p>`,
  });
}
