import { listSigningKeys, registerSigningKey, revokeSigningKey } from "../evidence/index.ts";
import {
  button,
  errorSummary,
  form as formElement,
  hidden,
  html,
  type Html,
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

async function keysPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const keys = await listSigningKeys(runtime.db, request.actor.account.id);
  const body = html`
    <h1>SSH keys for recovery</h1>
    <p>Should you lose your app one day, a signature made with one of these keys helps to prove that the account is yours. They cannot sign you in. A key counts from seven days after you add it. <a href="/help/ssh-signature">How such a signature is made</a></p>
    ${table({
      caption: "Your keys",
      columns: ["Key", "Kind", "Added", ""],
      rows: keys.map((key) => [
        html`${key.comment ? html`${key.comment}<br>` : null}<code>${key.fingerprint}</code>`,
        key.type,
        time(key.boundAt, request.now),
        formElement({
          action: "/account/keys/remove",
          csrf: request.csrfToken,
          body: html`${hidden("id", key.id)}${button({ label: html`Remove<span class="visually-hidden"> ${key.comment || key.fingerprint}</span>`, kind: "secondary" })}`,
        }),
      ]),
      empty: "No keys yet.",
    })}
    <h2>Add a key</h2>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/keys",
      csrf: request.csrfToken,
      body: html`
        ${textarea({ name: "key", label: "Public key", hint: "One line, from a file such as ~/.ssh/id_ed25519.pub. Never the file without .pub.", value: state.values["key"], error: state.errors["key"], required: true, maxlength: 8192, rows: 4 })}
        ${button({ label: "Add key" })}`,
    })}
    <p class="muted">You use OpenPGP rather than SSH? See <a href="/account/openpgp">OpenPGP keys</a>. Keys that a forge lists for you in public can help too: see <a href="/account/forges">Forge accounts</a>.</p>`;
  return accountFrame(runtime, request, "SSH keys", body);
}

export const signingKeyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/keys",
    about: "SSH keys that can help in a recovery.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await keysPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/keys",
    about: "Adds an SSH key for recovery.",
    guard: freshSubscriberGuard,
    limit: { bucket: "keys", limit: 30, windowSeconds: 3600 },
    body: form({ key: paragraph({ max: 16_384, min: 1, missing: "Please paste a public key." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await keysPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { account } = request.actor;
      const done = await registerSigningKey(runtime, {
        accountId: account.id,
        line: request.body.key,
        actor: { kind: "subscriber", id: account.id },
        now: request.now,
      });
      if (!done.ok)
        return formAgain(request, done.refusal, await keysPage(runtime, request, refusedState(done.refusal, {})));
      return redirect("/account/keys");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/keys/remove",
    about: "Removes an SSH key.",
    guard: freshSubscriberGuard,
    body: form({ id: idField("key") }),
    handle: async (runtime, request) => {
      const { account } = request.actor;
      const done = await revokeSigningKey(runtime, {
        id: request.body.id as SigningKeyId,
        accountId: account.id,
        actor: { kind: "subscriber", id: account.id },
        now: request.now,
      }); // its shape was checked by idField
      return done.ok ? redirect("/account/keys") : refused(done.refusal);
    },
  }),
];
