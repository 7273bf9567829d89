import { listAccounts } from "../accounts/index.ts";
import { html, type Html, notice, time } from "../kernel/html/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Hold, heldInWords, type HoldBeside, listHoldsBeside } from "../registry/index.ts";
import type { AccountRequest } from "./account-frame.ts";

/* What is held for a while after an account was given back: said to its owner, and to those who share projects with it. */

const RECOVERY = "account recovery";

/** Why, as people say it; the words of the hold itself stand in refusals. */
const because = (hold: Pick<Hold, "because">): string =>
  hold.because === RECOVERY
    ? "the account was recovered"
    : hold.because === "the account was locked and unlocked"
      ? "the account was locked and unlocked"
      : hold.because;

/** To the owner of the account that is held. */
export const ownHoldNotice = (hold: Hold, now: Date): Html =>
  notice({
    tone: "warning",
    title: "Some things wait for a while",
    body: html`<p>Held until <strong>${time(hold.until, now)}</strong>, because ${because(hold)}: ${heldInWords(hold.powers)}. This gives everybody time to notice if it was not you. It ends by itself; nobody can make it shorter. The owners of your projects see it too.</p>`,
  });

/**
 * To somebody who owns projects: from whose accounts nothing can be published for now, because they were given back lately.
 * @param project only those who share this one; by its normalised name
 */
export async function holdsBesideNotice(
  runtime: Runtime,
  request: AccountRequest,
  project?: string,
): Promise<Html | null> {
  const all = await listHoldsBeside(runtime.db, request.actor.account.id, request.now);
  const held = project === undefined ? all : all.filter(({ projects }) => projects.includes(project));
  if (held.length === 0) return null;
  const names = new Map(
    (
      await listAccounts(
        runtime.db,
        held.map((one) => one.accountId),
      )
    ).map((one) => [one.id, one.username]),
  );
  const row = (one: HoldBeside): Html =>
    html`<li><strong>${names.get(one.accountId) ?? "Somebody"}</strong>, until ${time(one.until, request.now, "date")}, because ${because(one)}${project === undefined ? html`. You share ${one.projects.slice(0, 5).join(", ")}${one.projects.length > 5 ? " and more" : ""}` : null}.</li>`;
  return notice({
    tone: "info",
    title:
      project === undefined
        ? "Publishing is held for somebody you share projects with"
        : "Publishing from an account is held",
    body: html`<p>Nothing can be published and nobody’s role can be changed from ${held.length === 1 ? "this account" : "these accounts"} for a while, so that you have time to notice if it was not them:</p><ul>${held.map(row)}</ul><p>Do you know of it? Then there is nothing to do. ${held.some((one) => one.because === RECOVERY) ? "If something looks wrong, the mail about the recovery that we sent you has a button that stops it." : "If something looks wrong, ask them, on a channel you already used with them."}</p>`,
  });
}
