import {
  button,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  radios,
  textarea,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  line,
  page,
  paragraph,
  type Reply,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { type Cause, CAUSES, openFromResetLink, type RecoveryRuntime } from "../recovery/index.ts";
import { DEVICE_COOKIE, deviceCookie } from "../sessions/index.ts";
import { askByMail, peekReset, type ResetForm, resetPassword } from "../sign-in/index.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { causeField, opened } from "./recovery-open.ts";

const FIELD_OF = {
  "authenticators/password-short": "password",
  "authenticators/password-short-second": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
} as const;

function askPage(runtime: Runtime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Choose a new password by mail</h1>
    <p>Write your username or one of your mail addresses. If there is an account, we send a link to that mailbox. You will still be asked for your second factor.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/reset",
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "name", label: "Username or mail address", autocomplete: "username", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 254, spellcheck: false })}
        ${button({ label: "Send me a link" })}`,
    })}
    <p><a href="/account-finder">I forgot my username</a></p>
    <p><a href="/recovery">I cannot read that mailbox any more</a></p>`;
  return layout(runtime, incoming, { title: "Choose a new password by mail", body });
}

/** The one answer, whatever was typed. */
function askedPage(runtime: Runtime, incoming: Incoming): Html {
  const body = html`
    <h1>Look into your mailbox</h1>
    <p>If what you wrote belongs to an account, a mail is on its way. It can take a few minutes; look into the spam folder too. The link in it works once, within an hour.</p>
    <h2>No mail?</h2>
    <ul>
      <li>With a username we write to the account’s main address. <a href="/reset">Ask again with another address of yours</a> that you confirmed.</li>
      <li>Not sure of the username? <a href="/account-finder">We mail it to you</a>.</li>
      <li>No mailbox of the account is left? <a href="/recovery">There are other ways to prove that it is yours</a>.</li>
    </ul>`;
  return layout(runtime, incoming, { title: "Look into your mailbox", body });
}

const lostLink = (token: string): string => `/reset/${token}/lost`;

function newPasswordPage(
  runtime: Runtime,
  incoming: Incoming,
  token: string,
  { account, hasSecondFactor, standing }: ResetForm,
  state: FormState,
): Html {
  if (standing === "case-only") return caseOnlyPage(runtime, incoming, token, account.username);
  const hint = hasSecondFactor
    ? "At least 8 characters, better four or five unrelated words."
    : "At least 15 characters. Four or five unrelated words are strong and easy to type.";
  const body = html`
    <h1>Choose a new password</h1>
    <p>For the account <strong>${account.username}</strong>. Everybody who is signed in to it is signed out. ${hasSecondFactor ? "Your passkeys, your app and your recovery codes stay as they are; you need one of them to sign in." : null}</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: `/reset/${token}`,
      csrf: incoming.csrfToken,
      body: html`
        <input type="text" name="username" autocomplete="username" value="${account.username}" readonly hidden>
        ${field({ name: "password", label: "New password", type: "password", hint, autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${button({ label: "Set the new password" })}`,
    })}
    ${hasSecondFactor ? html`<p><a href="${lostLink(token)}">I have lost all of these too</a></p>` : null}`;
  return layout(runtime, incoming, { title: "Choose a new password", body });
}

function caseOnlyPage(runtime: Runtime, incoming: Incoming, token: string, username: string): Html {
  const body = html`
    <h1>One more proof is needed</h1>
    <p>The account <strong>${username}</strong> can publish, and has no second factor. So a mailbox alone is not enough to change its password: whoever reads your mail could take it. That you read this mailbox is the first proof; a recovery case shows what else helps.</p>
    <p>${linkButton({ href: lostLink(token), label: "Open a recovery case" })}</p>`;
  return layout(runtime, incoming, { title: "One more proof is needed", body });
}

function donePage(runtime: Runtime, incoming: Incoming): Html {
  const body = html`
    ${notice({ tone: "success", title: "Your password is changed", body: html`<p>Every address of the account has been told.</p>` })}
    <h1>Now sign in</h1>
    <p>With the new password, and with your app or a recovery code if you have set one up.</p>
    <p>${linkButton({ href: "/sign-in", label: "Go to the sign-in" })}</p>`;
  return layout(runtime, incoming, { title: "Your password is changed", body });
}

const LOST_CAUSES: readonly Cause[] = ["second-factor", "recovery-codes", "compromised", "other"];

function lostPage(runtime: Runtime, incoming: Incoming, token: string, found: ResetForm, state: FormState): Html {
  const body = html`
    <h1>Open a recovery case</h1>
    <p>You can read the mailbox <strong>${found.link.address.address}</strong>. That is the first proof, and it is carried along. We write to you there.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: lostLink(token),
      csrf: incoming.csrfToken,
      body: html`
        ${radios({ name: "cause", label: "What happened?", options: LOST_CAUSES.map((cause) => ({ value: cause, label: CAUSES[cause] })), value: state.values["cause"], error: state.errors["cause"] })}
        ${textarea({ name: "story", label: "Anything that helps us to understand (optional)", hint: "Please no passwords, codes or tokens.", value: state.values["story"], error: state.errors["story"], maxlength: 4000, rows: 5 })}
        ${button({ label: "Open a recovery case" })}`,
    })}
    <p>Your account’s addresses, co-owners and open sessions are told at once, and each can stop this with one click. The link you came with is used up by it.</p>`;
  return layout(runtime, incoming, { title: "Open a recovery case", body });
}

const refusedPage = (runtime: Runtime, incoming: Incoming, refusal: Refusal): Reply =>
  page(refusalPage(runtime, refusal, incoming), { status: refusal.status });

/** A forgotten password. Looking at a link never uses it up, and a password that does not do does not either. */
export const resetRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/reset",
    about: "Asks for the name whose password was forgotten.",
    guard: anyone,
    handle: async (_, request) => page(askPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/reset",
    about: "Takes the name; the answer is the same for every name, and a link comes by mail.",
    guard: anyone,
    limit: { bucket: "ask-by-mail", limit: 20, windowSeconds: 3600 },
    body: form({ name: line({ max: 254, missing: "Please write your username or address." }) }),
    invalid: async (_, request, invalid) => page(askPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      await askByMail(runtime, { kind: "reset", typed: request.body.name, source: request.source }, request.now);
      return page(askedPage(runtime, request));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/reset/:token",
    about: "The form for a new password behind a mailed link. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const found = await peekReset(runtime.db, request.params.token, request.now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      return page(newPasswordPage(runtime, request, request.params.token, found.value, EMPTY));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/reset/:token",
    about: "Sets the new password and spends the link; nobody is signed in by it.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "reset", limit: 60, windowSeconds: 3600 },
    body: form({ password: secretText(1024), username: line({ max: 64 }).optional() }),
    invalid: async (_, request, invalid) => {
      const found = await peekReset(runtime.db, request.params.token, request.now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      const state = invalidState(invalid);
      return page(newPasswordPage(runtime, request, request.params.token, found.value, state), { status: 422 });
    },
    handle: async (_, request) => {
      const { token } = request.params;
      const { source, now, body } = request;
      const done = await resetPassword(runtime, {
        token,
        password: secret(body.password),
        source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now,
      });
      if (done.ok) return page(donePage(runtime, request), { cookies: [deviceCookie(done.value.deviceToken)] });
      const found = await peekReset(runtime.db, token, now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      const state = refusedState(done.refusal, {}, FIELD_OF);
      return formAgain(request, done.refusal, newPasswordPage(runtime, request, token, found.value, state));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/reset/:token/lost",
    about: "The form for a recovery case of somebody who has lost the second factor too.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const found = await peekReset(runtime.db, request.params.token, request.now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      return page(lostPage(runtime, request, request.params.token, found.value, EMPTY));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/reset/:token/lost",
    about: "Opens a recovery case in which the mailbox is already proven, and spends the link.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "open-case", limit: 10, windowSeconds: 3600 },
    body: form({ cause: causeField, story: paragraph({ max: 4000 }).optional().default("") }),
    invalid: async (_, request, invalid) => {
      const found = await peekReset(runtime.db, request.params.token, request.now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      const state = invalidState(invalid);
      return page(lostPage(runtime, request, request.params.token, found.value, state), { status: 422 });
    },
    handle: async (_, request) => {
      const { token } = request.params;
      const { source, now, body } = request;
      const done = await openFromResetLink(runtime, { token, cause: body.cause, story: body.story, source, now });
      if (done.ok) return opened(runtime, request, done.value);
      const found = await peekReset(runtime.db, token, now);
      if (!found.ok) return refusedPage(runtime, request, found.refusal);
      const state = refusedState(done.refusal, { cause: body.cause, story: body.story });
      return formAgain(request, done.refusal, lostPage(runtime, request, token, found.value, state));
    },
  }),
];
