import {
  credentialIdOf,
  listPasskeys,
  mayHavePasskeys,
  type Passkey,
  passkeySignal as signalOf,
  rpIdOf,
} from "../authenticators/index.ts";
import {
  badge,
  button,
  details,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  PASSKEY_SCRIPTS,
  passkeyForm,
  passkeySignal,
  summaryList,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, json, line, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { AuthenticatorId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { addPasskey, endPasskey, renamePasskey, startPasskey } from "../security-settings/index.ts";
import { freshSubscriberGuard, SESSION_COOKIE } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { enrolmentGuard } from "./enrolment-guard.ts";
import { answerField, EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";

const NAME = line({ max: 60, min: 0 });
const LIMIT = { bucket: "enrol", limit: 30, windowSeconds: 3600 };

/** Backup flags in the words of its owner (WebAuthn L3 §6.1.3): whether the loss of one device loses the passkey. */
export function whereKept(passkey: Passkey): Html {
  if (passkey.isBackedUp) return badge({ tone: "success", text: "Synced" });
  return passkey.isBackupEligible
    ? badge({ tone: "warning", text: "Not synced yet" })
    : badge({ tone: "info", text: "This device only" });
}

function signInNote(passkey: Passkey): string | null {
  if (!passkey.isUserVerifying) return "Second step only: it asked for no PIN, fingerprint or face";
  return passkey.isDiscoverable === false ? "Type your username first" : null;
}

/** Keeps the browser's list of passkeys in step with ours; null where the account never had one. */
export async function acceptedSignal(runtime: Runtime, request: AccountRequest): Promise<Html | null> {
  const known = await signalOf(runtime.db, request.actor.account.id);
  if (!known) return null;
  const { userHandle, credentialIds } = known;
  return passkeySignal({ signal: "all", rpId: rpIdOf(runtime.publicUrl), userHandle, credentialIds });
}

function passkeyCard(request: AccountRequest, passkey: Passkey): Html {
  const { csrfToken, now } = request;
  return html`<section class="card">
    <h2>${passkey.name}</h2>
    ${passkey.copySuspectedAt ? notice({ tone: "warning", title: "May have been copied", body: html`<p>Its count of uses went back ${time(passkey.copySuspectedAt, now)}. Remove it, and make a new one on the same device.</p>` }) : null}
    ${summaryList([
      { key: "Kept", value: whereKept(passkey) },
      { key: "Made", value: time(passkey.boundAt, now) },
      { key: "Last used", value: passkey.lastUsedAt ? time(passkey.lastUsedAt, now) : "Never" },
      ...(signInNote(passkey) ? [{ key: "Sign-in", value: signInNote(passkey) }] : []),
    ])}
    ${details({
      summary: "Rename or remove",
      body: html`
        ${formElement({
          action: "/account/passkeys/rename",
          csrf: csrfToken,
          body: html`${hidden("id", passkey.id)}${field({ name: "name", id: `name-${passkey.id}`, label: "Name", value: passkey.name, required: true, maxlength: 60, width: "medium" })}${button({ label: "Rename", kind: "secondary" })}`,
        })}
        ${formElement({
          action: "/account/passkeys/remove",
          csrf: csrfToken,
          body: html`${hidden("id", passkey.id)}<p>A removed passkey opens nothing any more. Your other ways in stay as they are. Was the device lost? Then end <a href="/account">its sessions</a> as well.</p>${button({ label: `Remove ${passkey.name}`, kind: "danger" })}`,
        })}`,
    })}
  </section>`;
}

async function passkeysPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const passkeys = await listPasskeys(runtime.db, request.actor.account.id);
  const isAlone = passkeys.length > 0 && passkeys.every((one) => !one.isBackedUp);
  const body = html`
    <h1>Passkeys</h1>
    <p>A passkey signs you in with a fingerprint, a face or a PIN. It works on this site only, so nobody can phish it. <a href="/help/passkeys">More about passkeys</a>.</p>
    ${errorSummary(state.errors, state.general)}
    ${isAlone && passkeys.length === 1 ? notice({ tone: "info", title: "One device, one passkey", body: html`<p>If this device is lost, the passkey is lost with it. A second one, or an authenticator app, is a way back.</p>` }) : null}
    ${passkeys.length === 0 ? emptyState({ title: "No passkeys yet", body: html`<p>Your password manager, phone, computer or security key can hold one.</p>` }) : passkeys.map((one) => passkeyCard(request, one))}
    <p>${linkButton({ href: "/account/passkeys/new", label: "Add a passkey", kind: passkeys.length === 0 ? "primary" : "secondary" })}</p>
    <p><a href="/account">Back to your account</a></p>
    ${await acceptedSignal(runtime, request)}`;
  return accountFrame(runtime, request, "Passkeys", body, undefined, PASSKEY_SCRIPTS);
}

/** @param orphan id of a passkey that the browser made and we did not take */
function newPasskeyPage(runtime: Runtime, request: AccountRequest, state: FormState, orphan: string | null): Html {
  const box = passkeyForm({
    ceremony: "create",
    action: "/account/passkeys",
    csrf: request.csrfToken,
    fields: field({
      name: "name",
      label: "What do you call it? (optional)",
      hint: "For instance “Blue key” or “Work laptop”, to tell them apart later.",
      autocomplete: "off",
      value: state.values["name"],
      error: state.errors["name"],
      maxlength: 60,
      width: "medium",
    }),
    optionsAt: "/account/passkeys/options",
    label: "Create the passkey",
    without: "Making a passkey needs scripts, which this browser has switched off. An authenticator app works without.",
  });
  const body = html`
    <h1>Add a passkey</h1>
    <p>Your browser asks where to keep it: a password manager, this computer, your phone, or a security key. One that is synced survives the loss of a device.</p>
    ${errorSummary(state.errors, state.general)}
    ${orphan ? passkeySignal({ signal: "unknown", rpId: rpIdOf(runtime.publicUrl), credentialIds: [orphan] }) : null}
    ${
      mayHavePasskeys(runtime.publicUrl)
        ? box
        : notice({
            tone: "warning",
            title: "Not at this address",
            body: html`<p>Passkeys need a host name, and this installation is reached by the number ${runtime.publicUrl.hostname}. Use an authenticator app.</p>`,
          })
    }
    <p><a href="/account/setup">Set up an authenticator app in its place</a></p>`;
  const signedInAs = request.actor.account.username;
  return layout(runtime, request, { title: "Add a passkey", body, signedInAs, scripts: PASSKEY_SCRIPTS });
}

export const passkeyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/passkeys",
    about: "The passkeys of the account, to rename and remove.",
    guard: freshSubscriberGuard,
    handle: async (runtime, request) => page(await passkeysPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "GET",
    path: "/account/passkeys/new",
    about: "The page on which a passkey is made.",
    guard: enrolmentGuard,
    handle: async (runtime, request) => page(newPasskeyPage(runtime, request, EMPTY, null)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/passkeys/options",
    about: "What a browser needs to make a passkey for this account.",
    guard: enrolmentGuard,
    limit: { ...LIMIT, bucket: "enrol-options", limit: 60 },
    body: form({}),
    handle: async (runtime, request) => {
      const options = await startPasskey(runtime, selfOf(request));
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/passkeys",
    about: "Binds the passkey that the browser has made.",
    guard: enrolmentGuard,
    limit: LIMIT,
    body: form({ answer: answerField, name: NAME.optional() }),
    invalid: async (runtime, request, invalid) =>
      page(newPasskeyPage(runtime, request, invalidState(invalid), null), { status: 422 }),
    handle: async (runtime, request) => {
      const { answer, name } = request.body;
      const done = await addPasskey(runtime, selfOf(request), { answer, name: name || undefined });
      if (!done.ok) {
        const state = refusedState(done.refusal, { name: name ?? "" });
        return formAgain(
          request,
          done.refusal,
          newPasskeyPage(runtime, request, state, await orphanOf(runtime, request, answer)),
        );
      }
      const { sessionToken } = done.value;
      if (!sessionToken) return redirect("/account/passkeys");
      return redirect("/account/recovery-codes", { cookies: [{ name: SESSION_COOKIE, value: sessionToken.reveal() }] });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/passkeys/rename",
    about: "Gives a passkey another name.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ id: idField("aut"), name: line({ max: 60, missing: "Please choose a name." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await passkeysPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { id, name } = request.body;
      const done = await renamePasskey(runtime, selfOf(request), id as AuthenticatorId, name); // its shape was checked by idField
      if (done.ok) return redirect("/account/passkeys");
      return formAgain(request, done.refusal, await passkeysPage(runtime, request, refusedState(done.refusal, {})));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/passkeys/remove",
    about: "Ends a passkey, unless it is the last second factor.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ id: idField("aut") }),
    handle: async (runtime, request) => {
      const done = await endPasskey(runtime, selfOf(request), request.body.id as AuthenticatorId); // checked by idField
      if (done.ok) return redirect("/account/passkeys");
      return formAgain(request, done.refusal, await passkeysPage(runtime, request, refusedState(done.refusal, {})));
    },
  }),
];

/** The id of a passkey that exists on the device and not here. One that is bound already is none: it must stay. */
async function orphanOf(runtime: Runtime, request: AccountRequest, answer: string): Promise<string | null> {
  const id = credentialIdOf(answer);
  const present = await listPasskeys(runtime.db, request.actor.account.id);
  return id && !present.some((one) => one.credentialId === id) ? id : null;
}
