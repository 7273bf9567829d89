import { button, errorSummary, field, form as formElement, html, type Html, notice } from "../kernel/html/index.ts";
import {
  defineRoute,
  form,
  type Incoming,
  line,
  page,
  redirect,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { changePassword } from "../security-settings/index.ts";
import { isFresh, owingGuard, SESSION_COOKIE, type SubscriberActor } from "../sessions/index.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";

const FIELD_OF = {
  "authenticators/password-short": "password",
  "authenticators/password-short-second": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
} as const;

function newPasswordPage(
  runtime: Runtime,
  incoming: Incoming & { readonly actor: SubscriberActor },
  state: FormState,
): Html {
  const { account, session } = incoming.actor;
  const isAlone = session.factors.length < 2;
  const hint = isAlone
    ? "At least 15 characters. Four or five unrelated words are strong and easy to type."
    : "At least 8 characters, better four or five unrelated words.";
  const body = html`
    ${notice({ tone: "warning", title: "Your password is known to thieves", body: html`<p>It stands in lists of passwords that were stolen from other sites. It was not stolen here, but such lists are tried everywhere.</p>` })}
    <h1>Choose a new password</h1>
    <p>You are signed in; this is the one step before you go on. ${isAlone ? null : "Your second factor and your recovery codes stay as they are."} Everywhere else you are signed out.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/sign-in/new-password",
      csrf: incoming.csrfToken,
      body: html`
        <input type="text" name="username" autocomplete="username" value="${account.username}" readonly hidden>
        ${field({ name: "password", label: "New password", type: "password", hint, autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${button({ label: "Set the new password" })}`,
    })}
    <p>If you used the old password on other sites, change it there too.</p>`;
  return layout(runtime, incoming, { title: "Choose a new password", body, signedInAs: account.username });
}

/** Where a session leads that was begun with a leaked password, and nowhere else until there is a new one. */
const elsewhere = (actor: SubscriberActor, now: Date): string | null => {
  if (!actor.session.owesNewPassword) return "/account/password";
  return isFresh(actor.session, now) ? null : "/sign-in";
};

/** Signed in with a password that has leaked: a new one there and then, with the second factor kept. */
export const newPasswordRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/sign-in/new-password",
    about: "The form for a new password, after a sign-in with one that has leaked.",
    guard: owingGuard,
    handle: async (runtime, request) => {
      const to = elsewhere(request.actor, request.now);
      return to ? redirect(to) : page(newPasswordPage(runtime, request, EMPTY));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/new-password",
    about: "Sets the new password in place of the leaked one, and ends every other session.",
    guard: owingGuard,
    limit: { bucket: "password", limit: 30, windowSeconds: 3600 },
    body: form({ password: secretText(1024), username: line({ max: 64 }).optional() }),
    invalid: async (runtime, request, invalid) =>
      page(newPasswordPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const to = elsewhere(request.actor, request.now);
      if (to) return redirect(to);
      const done = await changePassword(runtime, selfOf(request), secret(request.body.password));
      if (!done.ok) {
        const state = refusedState(done.refusal, {}, FIELD_OF);
        return formAgain(request, done.refusal, newPasswordPage(runtime, request, state));
      }
      return redirect("/account", { cookies: [{ name: SESSION_COOKIE, value: done.value.reveal() }] });
    },
  }),
];
