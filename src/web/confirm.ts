import { z } from "zod";
import { isPasskeyBound, isPasswordMissing, isTotpBound } from "../authenticators/index.ts";
import {
  button,
  errorSummary,
  field,
  fieldId,
  form as formElement,
  hidden,
  html,
  type Html,
  PASSKEY_SCRIPTS,
  passkeyForm,
} from "../kernel/html/index.ts";
import {
  defineRoute,
  form,
  json,
  line,
  page,
  redirect,
  refused,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { confirmIdentity, confirmWithPasskey, startPasskeyConfirmation } from "../security-settings/index.ts";
import { SESSION_COOKIE, subscriberGuard } from "../sessions/index.ts";
import type { AccountRequest } from "./account-frame.ts";
import {
  answerField,
  codeField,
  EMPTY,
  formAgain,
  type FormState,
  invalidState,
  nextPath,
  refusedState,
} from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";

const NEXT = z.strictObject({ next: nextPath });
const LIMIT = { bucket: "confirm", limit: 60, windowSeconds: 300 };

interface ConfirmState extends FormState {
  readonly next?: string | undefined;
  /** The passkey was shown and did not ask for PIN or finger: the password must come with it. */
  readonly isPasswordOwed?: boolean;
}

const ownName = (request: AccountRequest): Html =>
  html`<input type="text" name="username" autocomplete="username" value="${request.actor.account.username}" readonly hidden>`;

function passkeyPart(request: AccountRequest, state: ConfirmState, hasTotp: boolean): Html {
  const password = html`${ownName(request)}${field({ name: "password", id: "passkey-password", label: "Password", type: "password", autocomplete: "current-password", error: state.errors["password"], required: true, maxlength: 1024 })}`;
  return passkeyForm({
    ceremony: "get",
    action: "/account/confirm/passkey",
    csrf: request.csrfToken,
    fields: html`${state.next ? hidden("next", state.next) : null}${state.isPasswordOwed ? password : null}`,
    optionsAt: "/account/confirm/passkey/options",
    label: "Use a passkey",
    needs: state.isPasswordOwed ? "passkey-password" : undefined,
    without: hasTotp
      ? "Passkeys need scripts, which this browser has switched off. Use password and app below."
      : "Passkeys need scripts, which this browser has switched off. Switch them on for this site.",
  });
}

async function confirmPage(runtime: Runtime, request: AccountRequest, state: ConfirmState): Promise<Html> {
  const { account } = request.actor;
  const [hasPasskey, hasTotp] = await Promise.all([
    isPasskeyBound(runtime.db, account.id),
    isTotpBound(runtime.db, account.id),
  ]);
  const app = html`
    ${hasPasskey ? html`<h2>Or password and app</h2>` : null}
    ${formElement({
      action: "/account/confirm",
      csrf: request.csrfToken,
      body: html`
        ${state.next ? hidden("next", state.next) : null}
        ${ownName(request)}
        ${field({ name: "password", id: fieldId("password"), label: "Password", type: "password", autocomplete: "current-password", error: state.isPasswordOwed ? undefined : state.errors["password"], required: true, maxlength: 1024 })}
        ${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Go on", kind: hasPasskey ? "secondary" : "primary" })}`,
    })}`;
  const body = html`
    <h1>Is it still you?</h1>
    <p>Before this change, please show ${hasPasskey ? "your passkey" : "your password and your app"} once more. It then holds for ten minutes.</p>
    ${errorSummary(state.errors, state.general)}
    ${hasPasskey ? passkeyPart(request, state, hasTotp) : null}
    ${hasTotp || !hasPasskey ? app : null}`;
  return layout(runtime, request, {
    title: "Is it still you?",
    body,
    signedInAs: account.username,
    scripts: hasPasskey ? PASSKEY_SCRIPTS : undefined,
  });
}

/** Showing authenticators again before a sensitive change. */
export const confirmRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/confirm",
    about: "Asks for the authenticators again.",
    guard: subscriberGuard,
    query: NEXT,
    handle: async (runtime, request) =>
      page(await confirmPage(runtime, request, { ...EMPTY, next: request.query.next })),
  }),
  defineRoute({
    method: "POST",
    path: "/account/confirm",
    about: "Checks password and app again before a sensitive change.",
    guard: subscriberGuard,
    limit: LIMIT,
    body: form({ password: secretText(1024), code: codeField, next: nextPath, username: line({ max: 64 }).optional() }),
    invalid: async (runtime, request, invalid) =>
      page(await confirmPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { password, code, next } = request.body;
      const done = await confirmIdentity(runtime, selfOf(request), { password: secret(password), code });
      if (!done.ok) {
        const state = { ...refusedState(done.refusal, {}), next };
        return formAgain(request, done.refusal, await confirmPage(runtime, request, state));
      }
      return redirect(next ?? "/account", { cookies: [{ name: SESSION_COOKIE, value: done.value.reveal() }] });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/confirm/passkey/options",
    about: "What a browser needs to show one of the account's passkeys again.",
    guard: subscriberGuard,
    limit: { ...LIMIT, bucket: "passkey-options", limit: 240 },
    body: form({}),
    handle: async (runtime, request) => {
      const options = await startPasskeyConfirmation(runtime, selfOf(request));
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/confirm/passkey",
    about: "Checks a passkey again before a sensitive change.",
    guard: subscriberGuard,
    limit: LIMIT,
    body: form({
      answer: answerField,
      password: secretText(1024).optional(),
      next: nextPath,
      username: line({ max: 64 }).optional(),
    }),
    invalid: async (runtime, request, invalid) =>
      page(await confirmPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { answer, password, next } = request.body;
      const shown = { answer, password: password === undefined ? null : secret(password) };
      const done = await confirmWithPasskey(runtime, selfOf(request), shown);
      if (!done.ok) {
        const isPasswordOwed = isPasswordMissing(done) || password !== undefined;
        const state = { ...refusedState(done.refusal, {}), next, isPasswordOwed };
        return formAgain(request, done.refusal, await confirmPage(runtime, request, state));
      }
      return redirect(next ?? "/account", { cookies: [{ name: SESSION_COOKIE, value: done.value.reveal() }] });
    },
  }),
];
