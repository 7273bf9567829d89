import { z } from "zod";
import type { Account } from "../accounts/index.ts";
import { describeCodes } from "../authenticators/index.ts";
import {
  button,
  details,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
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
import { SESSION_COOKIE } from "../sessions/index.ts";
import {
  CEREMONY_COOKIE,
  type Ceremony,
  findCeremony,
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

function signInPage(runtime: Runtime, incoming: Incoming, state: FormState, next: string | undefined): Html {
  const body = html`
    <h1>Sign in</h1>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/sign-in",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "name", label: "Username or mail address", autocomplete: "username", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 254, spellcheck: false })}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", error: state.errors["password"], required: true, maxlength: 1024 })}
        ${button({ label: "Go on" })}`,
    })}
    <p><a href="/reset">I forgot my password</a> · <a href="/account-finder">I forgot my username</a></p>
    <p><a href="/recovery">I cannot sign in</a></p>
    <p>New here? <a href="/register">Create an account</a>.</p>`;
  return layout(runtime, incoming, { title: "Sign in", body });
}

function totpPage(runtime: Runtime, incoming: Incoming, state: FormState, next: string | undefined): Html {
  const body = html`
    <h1>Enter the code from your app</h1>
    <p>Your password was right. Open your authenticator app and enter the six digits it shows for ${runtime.indexName}.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/sign-in/second-factor",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Sign in" })}`,
    })}
    <p><a href="/sign-in/recovery-code">Use a recovery code</a></p>
    <p><a href="/sign-in/stuck">I can’t use any of these</a></p>
    <p class="muted">Phone lost? <a href="/help/lost-phone">What to do now</a>.</p>`;
  return layout(runtime, incoming, { title: "Second step", body });
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
    <p><a href="/sign-in/second-factor">Use the authenticator app</a></p>
    <p><a href="/sign-in/stuck">I can’t use any of these</a></p>
    <p class="muted"><a href="/help/recovery-codes">Where could they be, and why is one refused?</a></p>`;
  return layout(runtime, incoming, { title: "Recovery code", body });
}

const signedIn = (token: string) => [
  { name: SESSION_COOKIE, value: token },
  { name: CEREMONY_COOKIE, value: null },
];

const onSignedIn = (runtime: Runtime) => (tx: Parameters<typeof cancelCaseOfSignedIn>[0], account: Account) =>
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
        now: request.now,
      });
      if (!done.ok)
        return formAgain(
          request,
          done.refusal,
          signInPage(runtime, request, refusedState(done.refusal, { name }), next),
        );
      if (done.value.next === "setup")
        return redirect("/account/setup", { cookies: signedIn(done.value.sessionToken.reveal()) });
      return redirect(`/sign-in/second-factor${next ? `?next=${encodeURIComponent(next)}` : ""}`, {
        cookies: [{ name: CEREMONY_COOKIE, value: done.value.ceremonyToken.reveal() }],
      });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/sign-in/second-factor",
    about: "Second step: the authenticator app.",
    guard: ceremonyGuard,
    query: NEXT,
    handle: async (runtime, request) => page(totpPage(runtime, request, EMPTY, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/second-factor",
    about: "Checks the six digits and signs in.",
    guard: ceremonyGuard,
    limit: { bucket: "second-factor", limit: 60, windowSeconds: 300 },
    body: form({ code: codeField, next: nextPath }),
    invalid: async (runtime, request, invalid) =>
      page(totpPage(runtime, request, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        now: request.now,
      };
      const done = await submitTotp(runtime, step, onSignedIn(runtime));
      if (!done.ok)
        return formAgain(request, done.refusal, totpPage(runtime, request, refusedState(done.refusal, {}), next));
      return redirect(next ?? "/account", { cookies: signedIn(done.value.sessionToken.reveal()) });
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
        cookies: signedIn(done.value.sessionToken.reveal()),
      });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/sign-in/stuck",
    about: "Every way back for somebody whose password was right, best first.",
    guard: ceremonyGuard,
    handle: async (runtime, request) => {
      const codes = await describeCodes(runtime.db, request.actor.account.id);
      const body = html`
        <h1>You can get back in</h1>
        <p>Your password was right, and we will remember that. Here is every way back, the quickest first.</p>
        <ol class="ways">
          <li>
            <h2>Your authenticator on another device</h2>
            <p>Is the app also on a tablet, an old phone or in a password manager? Its six digits work the same.</p>
            <p><a href="/sign-in/second-factor">Enter the six digits</a></p>
          </li>
          ${
            codes && codes.unused > 0
              ? html`<li>
                  <h2>One of your ${codes.unused} unused recovery codes</h2>
                  <p>Made ${time(codes.madeAt, request.now)}. Look for a file called <code>${codes.fileName}</code>, or a printed sheet.</p>
                  <p><a href="/sign-in/recovery-code">Enter a recovery code</a></p>
                </li>`
              : null
          }
          <li>
            <h2>A device on which you are still signed in</h2>
            <p>A browser at work or an old laptop? Open <code>${runtime.publicUrl.host}/account</code> there and set up a new app.</p>
          </li>
          <li>
            <h2>A recovery case</h2>
            <p>Prove in other ways that the account is yours, most of them checked within seconds. It stays private, and nobody can rush it, including you: the owner is told everywhere and can object.</p>
            <p>${linkButton({ href: "/sign-in/stuck/case", label: "Open a recovery case" })}</p>
          </li>
        </ol>
        ${details({ summary: "Is somebody hurrying you?", body: html`<p>We never telephone, and we never ask for a code or a password. If somebody does, close this page.</p>` })}`;
      return page(layout(runtime, request, { title: "You can get back in", body, width: "wide" }));
    },
  }),
];
