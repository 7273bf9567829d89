import { z } from "zod";
import type { Account } from "../accounts/index.ts";
import { describeAct, findEvent, type StoredAuditEvent } from "../audit/index.ts";
import {
  button,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  summaryList,
  time,
} from "../kernel/html/index.ts";
import { anyone, defineRoute, form, type Incoming, page, type Reply, type Route } from "../kernel/http/index.ts";
import type { NotMeMessage } from "../notifications/index.ts";
import {
  lockByLink,
  lockBySubscriber,
  type Locked,
  type NotMe,
  peekNotMe,
  type RecoveryRuntime,
} from "../recovery/index.ts";
import { owingGuard, SESSION_COOKIE } from "../sessions/index.ts";
import { CEREMONY_COOKIE, endCeremonies } from "../sign-in/index.ts";
import type { AccountRequest } from "./account-frame.ts";
import { tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { describeBrowser } from "./wording.ts";

/** The number of an event of the history, as its link names it. */
export const eventNumber = z
  .string()
  .regex(/^\d{1,18}$/, "That is not an event of your history.")
  .transform(BigInt)
  .optional();

const onLocked = (tx: Parameters<typeof endCeremonies>[0], account: Account) => endCeremonies(tx, account.id);

const WHAT_HAPPENS = html`
  <ul>
    <li>Everybody is signed out, you as well, and nobody can sign in.</li>
    <li>Nothing can be published or changed, and every API token is held.</li>
    <li>A running recovery of the account is stopped, and a person looks at it.</li>
    <li>Every mail address of the account is told.</li>
  </ul>
  <p>Nothing is lost. You unlock it yourself, with your password and your second factor, and choose a new password then.</p>`;

const eventFacts = (event: StoredAuditEvent, now: Date): Html =>
  summaryList([
    { key: "Not you", value: describeAct(event) },
    { key: "When", value: time(event.at, now) },
    ...(event.personal?.["ip"] ? [{ key: "Network", value: String(event.personal["ip"]) }] : []),
    ...(event.personal?.["userAgent"]
      ? [{ key: "Browser", value: describeBrowser(String(event.personal["userAgent"])) }]
      : []),
  ]);

async function lockPage(runtime: RecoveryRuntime, request: AccountRequest, seq: bigint | undefined): Promise<Html> {
  const { account } = request.actor;
  const event = seq === undefined ? null : await findEvent(runtime.db, account.id, seq);
  const body = html`
    <h1>Lock your account?</h1>
    <p>Do this when somebody else may be in it, or knows your password. It works at once, and it is easy to undo.</p>
    ${event ? eventFacts(event, request.now) : null}
    <h2>What happens</h2>
    ${WHAT_HAPPENS}
    ${formElement({
      action: "/account/lock",
      csrf: request.csrfToken,
      body: html`${event ? hidden("event", event.seq.toString()) : null}${button({ label: "Lock my account now", kind: "danger" })}`,
    })}
    <p><a href="/account">No, go back</a></p>`;
  return layout(runtime, request, { title: "Lock your account?", body, signedInAs: account.username });
}

/** What was done, and the way on. The browser holds nothing of the account any more. */
function lockedPage(runtime: RecoveryRuntime, incoming: Incoming, done: Locked): Reply {
  const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
  const body = html`
    ${notice({
      tone: "success",
      title: done.isNew ? "The account is locked" : "The account was locked already",
      body: html`<p>${counted(done.sessionsEnded, "session was", "sessions were")} ended and ${counted(done.tokensHeld, "API token is", "API tokens are")} held by this.${done.recoveryCase ? ` Case ${done.recoveryCase.number} is stopped, and one of us looks at it.` : ""}</p>`,
    })}
    <h1>What to do next</h1>
    <ol>
      <li>Does somebody read your mail? Change that password first.</li>
      <li>Was your password used elsewhere, or typed on a page that asked for it? Change it there too.</li>
      <li>When you are ready, sign in. With your second factor you unlock the account there; without it, the same page opens a recovery case.</li>
    </ol>
    <p>${linkButton({ href: "/sign-in", label: "Sign in and unlock", kind: "secondary" })}</p>
    <p>There is no hurry: while it is locked, nothing can happen to it.</p>`;
  const cookies = [
    { name: SESSION_COOKIE, value: null },
    { name: CEREMONY_COOKIE, value: null },
  ];
  const html_ = layout(runtime, { ...incoming, cookies: {} }, { title: "The account is locked", body });
  return page(html_, { cookies });
}

/** What a mail was about, for every kind that carries the link. */
const MAILS: Readonly<Record<NotMeMessage, string>> = {
  "account-restored": "the recovery of the account",
  "account-unlocked": "the unlocking of the account",
  "address-unreachable": "an address where our mail does not arrive",
  "addresses-changed": "a change of its mail addresses",
  "api-token-created": "a new API token",
  "api-token-leaked": "an API token that was found in public",
  "contact-answered": "a recovery contact",
  "data-exported": "a download of everything about the account",
  "domain-lapsed": "an address whose domain takes no mail any more",
  "failed-second-factor": "a sign-in that failed at the second factor",
  "forge-account-added": "a forge account",
  "openpgp-key-added": "an OpenPGP key",
  "new-device-code": "a code to confirm a new device",
  "passkey-copied": "a passkey that may have been copied",
  "passkey-removed": "a removed passkey",
  "passkey-renamed": "a renamed passkey",
  "password-changed": "a changed password",
  "password-leaked": "a password in lists of leaked ones",
  "password-reset": "a link for a new password",
  "password-reset-done": "a password that was reset by mail",
  "recovery-code-burned": "a recovery code that was found in public",
  "recovery-code-used": "a recovery code that was used",
  "recovery-codes-made": "new recovery codes",
  "recovery-key-removed": "a key for recovery that counts no more",
  "second-factor-bound": "a new second factor",
  "signed-in-new-device": "a sign-in from a new device",
  "sharing-changed-by-you": "a change in something you share",
  "ssh-key-added": "a new SSH key",
  "strict-mode-changed": "strict mode",
  "undo-begun": "going through what was done in the account",
  "unusual-activity": "something unusual on the account",
};
const wordsFor = (message: string): string => MAILS[message as NotMeMessage] ?? "the account’s security"; // kept with the link, perhaps by an older version

function notMePage(runtime: RecoveryRuntime, incoming: Incoming, token: string, { account, message, mailedAt }: NotMe) {
  const isLocked = account.frozen?.because === "owner";
  const body = html`
    <h1>Was this not you?</h1>
    ${summaryList([
      { key: "Account", value: account.username },
      { key: "Our mail about", value: wordsFor(message) },
      { key: "Written", value: time(mailedAt, incoming.now) },
    ])}
    ${
      isLocked && account.frozen
        ? notice({
            tone: "info",
            title: "The account is locked already",
            body: html`<p>Since ${time(account.frozen.at, incoming.now)}. You need do nothing more here.</p>`,
          })
        : html`
            <p>If it was not you, lock the account. It works at once, and its owner can undo it.</p>
            ${formElement({
              action: `/not-me/${token}`,
              csrf: incoming.csrfToken,
              body: button({ label: "This was not me: lock the account", kind: "danger" }),
            })}
            <p>If it was you, close this page. Without the button nothing happens.</p>
            <h2>What the button does</h2>
            ${WHAT_HAPPENS}`
    }`;
  return layout(runtime, incoming, { title: "Was this not you?", body });
}

/** The panic button: signed in, and behind the link in each of our mails. A GET never acts, since scanners follow links. */
export const lockRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/account/lock",
    about: "Says what locking does, with one button; names the event that was not them.",
    guard: owingGuard,
    query: z.strictObject({ event: eventNumber }),
    handle: async (_, request) => page(await lockPage(runtime, request, request.query.event)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/lock",
    about: "Locks the account of whoever is signed in: one factor is enough to lock.",
    guard: owingGuard,
    limit: { bucket: "lock", limit: 60, windowSeconds: 3600 },
    body: form({ event: eventNumber }),
    handle: async (_, request) => {
      const lock = {
        account: request.actor.account,
        event: request.body.event ?? null,
        source: request.source,
        now: request.now,
      };
      const done = await lockBySubscriber(runtime, lock, onLocked);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      return lockedPage(runtime, request, done.value);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/not-me/:token",
    about: "The page behind “This was not me” in a mail, with one button. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const { token } = request.params;
      const found = await peekNotMe(runtime, token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      return page(notMePage(runtime, request, token, found.value));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/not-me/:token",
    about: "Locks the account that a mail was about.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "not-me", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (_, request) => {
      const press = { token: request.params.token, source: request.source, now: request.now };
      const done = await lockByLink(runtime, press, onLocked);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      return lockedPage(runtime, request, done.value);
    },
  }),
];
