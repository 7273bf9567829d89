import { z } from "zod";
import type { Account } from "../accounts/index.ts";
import { describeCodes, isPasskeyBound, isTotpBound, mayHavePasskeys } from "../authenticators/index.ts";
import {
  button,
  errorSummary,
  field,
  fieldId,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  PASSKEY_SCRIPTS,
  passkeyForm,
  time,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Guard,
  type Incoming,
  line,
  page,
  redirect,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import { ok, refuse } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { cancelCaseOfSignedIn } from "../recovery/index.ts";
import { DEVICE_COOKIE, deviceCookie, SESSION_COOKIE } from "../sessions/index.ts";
import {
  CEREMONY_COOKIE,
  type Ceremony,
  findCeremony,
  type SignedIn,
  signInRefusals,
  submitPassword,
  submitRecoveryCode,
  submitTotp,
} from "../sign-in/index.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, nextPath, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";

/** Somebody whose password was right and who still owes the second factor. */
export interface CeremonyActor {
  readonly ceremony: Ceremony;
  readonly account: Account;
}

export const ceremonyGuard: Guard<CeremonyActor> = {
  name: "password was right, second factor to come",
  authorize: async (runtime, incoming) => {
    const running = await findCeremony(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return running && running.ceremony.purpose === "subscriber" ? ok(running) : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/sign-in",
};

const NEXT = z.strictObject({ next: nextPath });

/** @param more something for the browser that nobody sees */
export function signInPage(
  runtime: Runtime,
  incoming: Incoming,
  state: FormState,
  next: string | undefined,
  more?: Html,
): Html {
  const isPasskeyOffered = mayHavePasskeys(runtime.publicUrl);
  const body = html`
    <h1>Sign in</h1>
    ${errorSummary(state.errors, state.general)}
    ${more}
    ${formElement({
      action: "/sign-in",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "name", label: "Username or mail address", autocomplete: isPasskeyOffered ? "username webauthn" : "username", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 254, spellcheck: false })}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", error: state.errors["password"], required: true, maxlength: 1024 })}
        ${button({ label: "Go on" })}`,
    })}
    ${
      isPasskeyOffered
        ? passkeyForm({
            ceremony: "get",
            action: "/sign-in/passkey",
            csrf: incoming.csrfToken,
            fields: next ? hidden("next", next) : null,
            optionsAt: "/sign-in/passkey/options",
            label: "Sign in with a passkey",
            kind: "secondary",
            nameField: fieldId("name"),
            isAutofill: true,
            without:
              "Signing in with a passkey needs scripts, which this browser has switched off. The password works without.",
          })
        : null
    }
    <p><a href="/reset">I forgot my password</a> · <a href="/account-finder">I forgot my username</a></p>
    <p><a href="/recovery">I cannot sign in</a></p>
    <p>New here? <a href="/register">Create an account</a>.</p>`;
  return layout(runtime, incoming, { title: "Sign in", body, scripts: isPasskeyOffered ? PASSKEY_SCRIPTS : undefined });
}

/** The second step with what the account has: a passkey, the app, or either. */
export async function secondFactorPage(
  runtime: Runtime,
  incoming: Incoming,
  account: Account,
  state: FormState,
  next: string | undefined,
): Promise<Html> {
  const [hasPasskey, hasTotp] = await Promise.all([
    isPasskeyBound(runtime.db, account.id),
    isTotpBound(runtime.db, account.id),
  ]);
  const app = html`
    <p>${hasPasskey ? "Or open" : "Your password was right. Open"} your authenticator app and enter the six digits it shows for ${runtime.indexName}.</p>
    ${formElement({
      action: "/sign-in/second-factor",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Sign in" })}`,
    })}`;
  const body = html`
    <h1>${hasPasskey ? "Show your passkey" : "Enter the code from your app"}</h1>
    ${errorSummary(state.errors, state.general)}
    ${
      hasPasskey
        ? passkeyForm({
            ceremony: "get",
            action: "/sign-in/second-factor/passkey",
            csrf: incoming.csrfToken,
            fields: html`<p>Your password was right. Now use your passkey or your security key.</p>${next ? hidden("next", next) : null}`,
            optionsAt: "/sign-in/second-factor/passkey/options",
            label: "Use a passkey",
            without: hasTotp
              ? "Passkeys need scripts, which this browser has switched off. Use the app or a recovery code."
              : "Passkeys need scripts, which this browser has switched off. Switch them on, or use a recovery code.",
          })
        : null
    }
    ${hasTotp ? app : null}
    <p><a href="/sign-in/recovery-code">Use a recovery code</a></p>
    <p><a href="/sign-in/stuck">I can’t use any of these</a></p>
    <p class="muted">Phone lost? <a href="/help/lost-phone">What to do now</a>.</p>`;
  return layout(runtime, incoming, { title: "Second step", body, scripts: hasPasskey ? PASSKEY_SCRIPTS : undefined });
}

/** For whoever comes back to the second step from the confirmation of a new browser. */
function wasRightPage(runtime: Runtime, incoming: Incoming, next: string | undefined): Html {
  const body = html`
    <h1>That was right already</h1>
    <p>Only the confirmation that it is you is missing.</p>
    <p>${linkButton({ href: newDevicePath(next), label: "Go on" })}</p>`;
  return layout(runtime, incoming, { title: "That was right already", body });
}

async function recoveryCodePage(
  runtime: Runtime,
  incoming: Incoming,
  account: Account,
  state: FormState,
): Promise<Html> {
  const codes = await describeCodes(runtime.db, account.id);
  const body = html`
    <h1>Use a recovery code</h1>
    ${
      codes
        ? html`<p>You made your codes ${time(codes.madeAt, incoming.now)}. ${codes.unused} of them ${codes.unused === 1 ? "is" : "are"} unused. The file we offered you is called <code>${codes.fileName}</code>; perhaps your computer or your password manager finds it by that name.</p>`
        : html`<p>No recovery codes were made for this account.</p>`
    }
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/sign-in/recovery-code",
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "code", label: "Recovery code", hint: "It begins with “lkrc-”. Capital or small letters, spaces and dashes do not matter.", autocomplete: "off", error: state.errors["code"], required: true, maxlength: 64, spellcheck: false })}
        ${button({ label: "Sign in" })}`,
    })}
    <p><a href="/sign-in/second-factor">Use your passkey or your app</a></p>
    <p><a href="/sign-in/stuck">I can’t use any of these</a></p>
    <p class="muted"><a href="/help/recovery-codes">Where could they be, and why is one refused?</a></p>`;
  return layout(runtime, incoming, { title: "Recovery code", body });
}

export const signedIn = (done: Pick<SignedIn, "sessionToken" | "deviceToken">) => [
  { name: SESSION_COOKIE, value: done.sessionToken.reveal() },
  { name: CEREMONY_COOKIE, value: null },
  deviceCookie(done.deviceToken),
];

/** Where a browser that is new to the account is confirmed. */
export const newDevicePath = (next: string | undefined): string =>
  `/sign-in/new-device${next ? `?next=${encodeURIComponent(next)}` : ""}`;

export const onSignedIn = (runtime: Runtime) => (tx: Parameters<typeof cancelCaseOfSignedIn>[0], account: Account) =>
  cancelCaseOfSignedIn(tx, runtime, account);

export const signInRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/sign-in",
    about: "The sign-in form.",
    guard: anyone,
    query: NEXT,
    handle: async (runtime, request) => page(signInPage(runtime, request, EMPTY, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in",
    about: "First step: name and password.",
    guard: anyone,
    limit: { bucket: "sign-in", limit: 100, windowSeconds: 300 },
    body: form({
      name: line({ max: 254, missing: "Please enter your username or address." }),
      password: secretText(1024),
      next: nextPath,
    }),
    invalid: async (runtime, request, invalid) =>
      page(signInPage(runtime, request, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { name, password, next } = request.body;
      const done = await submitPassword(runtime, {
        name,
        password: secret(password),
        purpose: "subscriber",
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      });
      if (!done.ok)
        return formAgain(
          request,
          done.refusal,
          signInPage(runtime, request, refusedState(done.refusal, { name }), next),
        );
      if (done.value.next === "setup") return redirect("/account/setup", { cookies: signedIn(done.value) });
      if (done.value.next === "confirm-device")
        return redirect(newDevicePath(next), {
          cookies: [{ name: CEREMONY_COOKIE, value: done.value.ceremonyToken.reveal() }],
        });
      if (done.value.next === "frozen")
        return redirect("/frozen", {
          cookies: [{ name: CEREMONY_COOKIE, value: done.value.ceremonyToken.reveal() }],
        });
      return redirect(`/sign-in/second-factor${next ? `?next=${encodeURIComponent(next)}` : ""}`, {
        cookies: [{ name: CEREMONY_COOKIE, value: done.value.ceremonyToken.reveal() }],
      });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/sign-in/second-factor",
    about: "Second step: a passkey or the authenticator app.",
    guard: ceremonyGuard,
    query: NEXT,
    handle: async (runtime, request) => {
      const { account, ceremony } = request.actor;
      const { next } = request.query;
      if (ceremony.confirmingSince) return page(wasRightPage(runtime, request, next));
      return page(await secondFactorPage(runtime, request, account, EMPTY, next));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/second-factor",
    about: "Checks the six digits and signs in.",
    guard: ceremonyGuard,
    limit: { bucket: "second-factor", limit: 60, windowSeconds: 300 },
    body: form({ code: codeField, next: nextPath }),
    invalid: async (runtime, request, invalid) =>
      page(await secondFactorPage(runtime, request, request.actor.account, invalidState(invalid), undefined), {
        status: 422,
      }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitTotp(runtime, step, onSignedIn(runtime));
      if (!done.ok)
        return formAgain(
          request,
          done.refusal,
          await secondFactorPage(runtime, request, request.actor.account, refusedState(done.refusal, {}), next),
        );
      if (done.value.next === "confirm-device") return redirect(newDevicePath(next));
      return redirect(next ?? "/account", { cookies: signedIn(done.value) });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/sign-in/recovery-code",
    about: "Second step with a recovery code.",
    guard: ceremonyGuard,
    handle: async (runtime, request) => page(await recoveryCodePage(runtime, request, request.actor.account, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/recovery-code",
    about: "Spends a recovery code, shows the one that replaces it, and signs in.",
    guard: ceremonyGuard,
    limit: { bucket: "second-factor", limit: 60, windowSeconds: 300 },
    body: form({ code: codeField }),
    invalid: async (runtime, request, invalid) =>
      page(await recoveryCodePage(runtime, request, request.actor.account, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: request.body.code,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitRecoveryCode(runtime, step, onSignedIn(runtime));
      if (!done.ok) {
        return formAgain(
          request,
          done.refusal,
          await recoveryCodePage(runtime, request, request.actor.account, refusedState(done.refusal, {})),
        );
      }
      const body = html`
        ${notice({ tone: "success", title: "You are signed in", body: html`<p>The code you used does not work any more.</p>` })}
        <h1>Here is its replacement</h1>
        <p>Cross out the used code on your list and write this one beside it. We cannot show it again. You now have ${done.value.unused} unused codes.</p>
        <p class="code-large"><code>${done.value.replacement.reveal()}</code></p>
        <p>${linkButton({ href: "/account", label: "I have noted it" })}</p>`;
      return page(layout(runtime, request, { title: "Your replacement code", body }), {
        cookies: signedIn(done.value),
      });
    },
  }),
];
