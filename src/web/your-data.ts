import { button, form as formElement, html, type Html, linkButton, notice, table, time } from "../kernel/html/index.ts";
import { defineRoute, form, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { exportAccount, findPendingDeletion, KEEP_DAYS, keepAccount } from "../privacy/index.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { selfOf } from "./setup.ts";

/** What is held, why, and how long, in the words of the person; docs/privacy.md has it table by table. */
const HELD: readonly (readonly [what: string, why: string, how: string])[] = [
  ["Your username", "Others see who published what", "As long as the account; the name is never given to anybody else"],
  [
    "Your mail addresses",
    "We reach you, and know you by them when you are locked out",
    `As long as they are on the account, and ${KEEP_DAYS.removedAddresses} days after you remove one`,
  ],
  [
    "What you sign in with",
    "To check it. Passwords and codes are stored so that nobody can read them back, the secret of an app sealed",
    `Until replaced, and ${KEEP_DAYS.endedAuthenticatorSecrets} days`,
  ],
  [
    "Where you are signed in: network, browser, times",
    "So that you see and end what is not yours",
    `${KEEP_DAYS.endedSessions} days after the end`,
  ],
  ["API tokens and SSH keys", "To publish, and to prove that it is you", "As long as the account"],
  [
    "Mails we sent you",
    "So that you see whether one arrived",
    `What they said goes at delivery, the rest after a year`,
  ],
  [
    "Account history",
    "So that a theft can be seen and proven",
    "Networks, browsers and addresses as long as the operator set, at least a year; what happened for ever, without your name",
  ],
  [
    "Recovery cases",
    "To decide, and to explain the decision",
    `What was written, ${KEEP_DAYS.endedCases} days after the end`,
  ],
];

/** Shown on the pages of an account whose deletion is under way; undefined where none is. */
export async function deletionNotice(runtime: Runtime, request: AccountRequest): Promise<Html | undefined> {
  const pending = await findPendingDeletion(runtime.db, request.actor.account.id);
  if (!pending) return undefined;
  return notice({
    tone: "danger",
    title: "This account is about to be deleted",
    body: html`
      <p>Asked for ${time(pending.askedAt, request.now)}. It will be deleted after ${time(pending.dueAt, request.now)}.</p>
      ${formElement({ action: "/account/delete/keep", csrf: request.csrfToken, body: button({ label: "Keep my account", kind: "secondary" }) })}`,
  });
}

async function dataPage(runtime: Runtime, request: AccountRequest): Promise<Html> {
  const banner = await deletionNotice(runtime, request);
  const body = html`
    <h1>Your data</h1>
    <p>Everything we hold about you, why, and how long. Nobody else gets it.</p>
    ${table({
      caption: "What we hold",
      columns: [{ label: "What", isRowHeader: true }, "Why", "How long"],
      rows: HELD.map((row) => [...row]),
      empty: "Nothing.",
    })}
    <h2>Take it with you</h2>
    <p>One file in JSON, with everything above. No password, code or secret is in it. We mail your addresses that it was downloaded.</p>
    ${formElement({ action: "/account/data/download", csrf: request.csrfToken, body: button({ label: "Download your data" }) })}
    <h2>Delete the account</h2>
    <p>What you published stays. Everything personal is erased after seven days, in which you can change your mind.</p>
    <p>${banner ? html`The deletion is under way, see above.` : linkButton({ href: "/account/delete", label: "Delete my account", kind: "secondary" })}</p>`;
  return accountFrame(runtime, request, "Your data", body, banner);
}

export const yourDataRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/data",
    about: "What is held about the account, why and how long, with the way to take it along or delete it.",
    guard: freshSubscriberGuard, // both buttons need it, and it is asked for before they are pressed
    handle: async (runtime, request) => page(await dataPage(runtime, request)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/data/download",
    about: "Everything held about the account, as one JSON file.",
    guard: freshSubscriberGuard,
    limit: { bucket: "data-export", limit: 20, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const made = await exportAccount(runtime, selfOf(request));
      if (!made.ok) return refused(made.refusal);
      const { username } = request.actor.account;
      const name = `${username}-${request.now.toISOString().slice(0, 10)}.json`; // usernames are plain ASCII
      return {
        kind: "stream",
        stream: made.value,
        length: null,
        type: "application/json",
        headers: { "content-disposition": `attachment; filename="${name}"`, "cache-control": "no-store" },
      };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/delete/keep",
    about: "Stops the deletion of the account.",
    guard: subscriberGuard, // whoever is signed in may keep the account: nothing is lost by it
    body: form({}),
    handle: async (runtime, request) => {
      await keepAccount(runtime, selfOf(request)); // pressed twice, it is kept as well
      return redirect("/account");
    },
  }),
];
