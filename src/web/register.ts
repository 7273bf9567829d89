import { confirmAddress, peekConfirmation } from "../accounts/index.ts";
import { button, errorSummary, field, form as formElement, html, type Html, linkButton } from "../kernel/html/index.ts";
import {
  anyone,
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
import { DEVICE_COOKIE, deviceCookie, SESSION_COOKIE } from "../sessions/index.ts";
import { register } from "../sign-in/index.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";

const FIELD_OF = {
  "accounts/username-shape": "username",
  "accounts/username-taken": "username",
  "accounts/address-shape": "address",
  "authenticators/password-short": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
} as const;

function registerPage(runtime: Runtime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Create an account</h1>
    <p>With an account you can publish packages on ${runtime.indexName}. It takes about three minutes: a name, an address, a password, and an authenticator app.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/register",
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "username", label: "Username", hint: "Everybody can see it. Letters, digits, dots, dashes and underscores.", autocomplete: "username", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 50, spellcheck: false })}
        ${field({ name: "address", label: "Mail address", type: "email", hint: "Only you and we can see it. Best one that will still be yours in five years: not a work or university address.", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}
        ${field({ name: "password", label: "Password", type: "password", hint: "At least 15 characters. Four or five unrelated words are strong and easy to type; a password manager is better still.", autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${button({ label: "Create account" })}`,
    })}
    <p>Have one already? <a href="/sign-in">Sign in</a>.</p>`;
  return layout(runtime, incoming, { title: "Create an account", body });
}

export const registerRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/register",
    about: "The form for a new account.",
    guard: anyone,
    handle: async (runtime, request) => page(registerPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/register",
    about: "Creates an account and mails the confirmation link.",
    guard: anyone,
    limit: { bucket: "register", limit: 20, windowSeconds: 3600 },
    floorMilliseconds: 150,
    body: form({
      username: line({ max: 50, missing: "Please choose a username." }),
      address: line({ max: 254, missing: "Please enter your mail address." }),
      password: secretText(256),
    }),
    invalid: async (runtime, request, invalid) =>
      page(registerPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { username, address, password } = request.body;
      const done = await register(runtime, {
        username,
        address,
        password: secret(password),
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      });
      if (!done.ok)
        return formAgain(
          request,
          done.refusal,
          registerPage(runtime, request, refusedState(done.refusal, { username, address }, FIELD_OF)),
        );
      return redirect("/account/setup", {
        cookies: [
          { name: SESSION_COOKIE, value: done.value.sessionToken.reveal() },
          deviceCookie(done.value.deviceToken),
        ],
      });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/confirm-address/:token",
    about: "The page behind a confirmation link, with one button. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const found = await peekConfirmation(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const body = html`
        <h1>Confirm your address</h1>
        <p>Is <strong>${found.value.address}</strong> yours, and did you just add it to an account on ${runtime.indexName}?</p>
        ${formElement({ action: `/confirm-address/${request.params.token}`, csrf: request.csrfToken, body: button({ label: "Yes, confirm this address" }) })}
        <p>If not, close this page. Without the button nothing happens.</p>`;
      return page(layout(runtime, request, { title: "Confirm your address", body }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/confirm-address/:token",
    about: "Marks an address as proven.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "confirm-address", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const done = await confirmAddress(runtime, request.params.token, request.source, request.now);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      const body = html`
        <h1>Thank you, the address is confirmed</h1>
        <p>${done.value.address} can now be used to reach you.</p>
        <p>${linkButton({ href: "/account/setup", label: "Go on with your account" })}</p>`;
      return page(layout(runtime, request, { title: "Address confirmed", body }));
    },
  }),
];
