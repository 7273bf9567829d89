import {
  confirmOpenpgpKey,
  forgetPendingOpenpgpKey,
  listOpenpgpKeys,
  pasteOpenpgpKey,
  pendingOpenpgpKey,
  revokeOpenpgpKey,
} from "../evidence/index.ts";
import {
  button,
  copyable,
  errorSummary,
  form as formElement,
  hidden,
  html,
  type Html,
  summaryList,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, page, paragraph, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { SigningKeyId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";

/** In groups of four, as gpg prints it. */
const grouped = (fingerprint: string): string => fingerprint.replace(/(.{4})(?=.)/g, "$1 ");

type Pending = NonNullable<Awaited<ReturnType<typeof pendingOpenpgpKey>>>;

const expiry = (at: Date | null, request: AccountRequest): Html =>
  at === null ? html`Never` : at <= request.now ? html`<strong>Expired</strong>` : time(at, request.now, "date");

/** Second step: what was pasted, and the text to sign with it. */
function waiting(request: AccountRequest, { key, text }: Pending, state: FormState): Html {
  return html`
    <h2>Show that you have this key</h2>
    ${errorSummary(state.errors, state.general)}
    ${summaryList([
      { key: "Fingerprint", value: html`<code>${grouped(key.fingerprint)}</code>` },
      { key: "User ids", value: html`${key.userIds.map((one) => html`${one}<br>`)}` },
      { key: "Kind", value: key.algorithm },
      { key: "Made", value: time(key.madeAt, request.now, "date") },
      { key: "Expires", value: expiry(key.expiresAt, request) },
    ])}
    <p>Run this where the key is, and paste all that it prints.</p>
    ${copyable({ id: "command-openpgp-binding", text: `printf '%s\\n' '${text}' | gpg --clearsign --local-user ${key.fingerprint}`, label: "Run this" })}
    ${formElement({
      action: "/account/openpgp/confirm",
      csrf: request.csrfToken,
      body: html`
        ${textarea({ name: "signature", label: "All that it printed", hint: "From -----BEGIN PGP to -----END PGP SIGNATURE-----. Never the key itself.", error: state.errors["signature"], required: true, maxlength: 16_384, rows: 8, isCode: true, spellcheck: false })}
        ${button({ label: "Add this key" })}`,
    })}
    ${formElement({ action: "/account/openpgp/forget", csrf: request.csrfToken, body: button({ label: "Leave it, paste another key", kind: "secondary" }) })}
    <p class="muted">The text to sign is good until ${time(key.nonceUntil, request.now)}.</p>`;
}

/** First step. */
const paste = (request: AccountRequest, state: FormState): Html => html`
  <h2>Add a key</h2>
  ${errorSummary(state.errors, state.general)}
  ${formElement({
    action: "/account/openpgp",
    csrf: request.csrfToken,
    body: html`
      ${textarea({ name: "publicKey", label: "Public key", hint: "What gpg --export --armor prints, with the key’s fingerprint after it. To renew a key that is here already, paste its newer export.", error: state.errors["publicKey"], required: true, maxlength: 98_304, rows: 8, isCode: true, spellcheck: false })}
      ${button({ label: "Continue" })}`,
  })}`;

async function keysPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const { account } = request.actor;
  const keys = await listOpenpgpKeys(runtime.db, account.id);
  const pending = await pendingOpenpgpKey(runtime, account, request.now);
  const body = html`
    <h1>OpenPGP keys for recovery</h1>
    <p>Should you lose your app one day, a signature made with one of these keys helps to prove that the account is yours. They cannot sign you in. A key counts from seven days after you add or renew it. <a href="/help/openpgp-signature">How such a signature is made</a></p>
    ${table({
      caption: "Your keys",
      columns: ["Key", "Kind", "Expires", "Added", ""],
      rows: keys.map((key) => [
        html`${key.userIds[0] ? html`${key.userIds[0]}<br>` : null}<code>${grouped(key.fingerprint)}</code>`,
        key.algorithm,
        expiry(key.expiresAt, request),
        html`${time(key.boundAt, request.now, "date")}${key.changedAt ? html`<br>renewed ${time(key.changedAt, request.now, "date")}` : null}`,
        formElement({
          action: "/account/openpgp/remove",
          csrf: request.csrfToken,
          body: html`${hidden("id", key.id)}${button({ label: html`Remove<span class="visually-hidden"> ${key.fingerprint}</span>`, kind: "secondary" })}`,
        }),
      ]),
      empty: "No keys yet.",
    })}
    ${pending ? waiting(request, pending, state) : paste(request, state)}
    <p class="muted">You use SSH rather than OpenPGP? See <a href="/account/keys">SSH keys</a>.</p>`;
  return accountFrame(runtime, request, "OpenPGP keys", body);
}

const byOwner = (request: AccountRequest) => ({
  accountId: request.actor.account.id,
  actor: { kind: "subscriber", id: request.actor.account.id } as const,
  now: request.now,
});

const LIMIT = { bucket: "keys", limit: 30, windowSeconds: 3600 };

export const openpgpKeyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/openpgp",
    about: "OpenPGP keys that can help in a recovery.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await keysPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/openpgp",
    about: "Takes an OpenPGP public key, which then waits for a signature.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ publicKey: paragraph({ max: 98_304, min: 1, missing: "Please paste a public key." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await keysPage(runtime, request, { ...invalidState(invalid), values: {} }), { status: 422 }),
    handle: async (runtime, request) => {
      const done = await pasteOpenpgpKey(runtime, { ...byOwner(request), armored: request.body.publicKey });
      if (!done.ok)
        return formAgain(request, done.refusal, await keysPage(runtime, request, refusedState(done.refusal, {})));
      return redirect("/account/openpgp");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/openpgp/confirm",
    about: "Binds an OpenPGP key by a signature made with it.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ signature: paragraph({ max: 16_384, min: 1, missing: "Please paste the signature." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await keysPage(runtime, request, { ...invalidState(invalid), values: {} }), { status: 422 }),
    handle: async (runtime, request) => {
      const done = await confirmOpenpgpKey(runtime, { ...byOwner(request), signature: request.body.signature });
      if (!done.ok)
        return formAgain(request, done.refusal, await keysPage(runtime, request, refusedState(done.refusal, {})));
      return redirect("/account/openpgp");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/openpgp/forget",
    about: "Forgets an OpenPGP key that waits for its signature.",
    guard: subscriberGuard,
    body: form({}),
    handle: async (runtime, request) => {
      const done = await forgetPendingOpenpgpKey(runtime, request.actor.account.id, request.now);
      return done.ok ? redirect("/account/openpgp") : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/openpgp/remove",
    about: "Removes an OpenPGP key.",
    guard: freshSubscriberGuard,
    body: form({ id: idField("key") }),
    handle: async (runtime, request) => {
      const id = request.body.id as SigningKeyId; // its shape was checked by idField
      const done = await revokeOpenpgpKey(runtime, { ...byOwner(request), id });
      return done.ok ? redirect("/account/openpgp") : refused(done.refusal);
    },
  }),
];
