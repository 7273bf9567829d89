import { button, errorSummary, field, form as formElement, html, type Html } from "../kernel/html/index.ts";
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
import { createAdministrator, peekAdministratorLink } from "../sign-in/index.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";

function administratorPage(runtime: Runtime, incoming: Incoming, token: string, state: FormState): Html {
  const body = html`
    <h1>Create the first administrator</h1>
    <p>This link works once. The account you make here runs the desk: it decides about recoveries together with the people you appoint. It needs an authenticator app before it can do anything.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: `/first-administrator/${token}`,
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "username", label: "Username", autocomplete: "username", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 50, spellcheck: false })}
        ${field({ name: "address", label: "Mail address", type: "email", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}
        ${field({ name: "password", label: "Password", type: "password", hint: "At least 15 characters.", autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${button({ label: "Create administrator" })}`,
    })}`;
  return layout(runtime, incoming, { title: "Create the first administrator", body });
}

export const firstAdministratorRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/first-administrator/:token",
    about: "The form behind the operator's one-time link.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const link = await peekAdministratorLink(runtime, request.params.token, request.now);
      if (!link.ok) return page(refusalPage(runtime, link.refusal, request), { status: link.refusal.status });
      return page(administratorPage(runtime, request, request.params.token, EMPTY));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/first-administrator/:token",
    about: "Creates an administrator and spends the link.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "first-administrator", limit: 20, windowSeconds: 3600 },
    body: form({ username: line({ max: 50 }), address: line({ max: 254 }), password: secretText(256) }),
    invalid: async (runtime, request, invalid) =>
      page(administratorPage(runtime, request, request.params.token, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { username, address, password } = request.body;
      const { token } = request.params;
      const done = await createAdministrator(runtime, token, {
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
          administratorPage(runtime, request, token, refusedState(done.refusal, { username, address })),
        );
      const { sessionToken, deviceToken } = done.value;
      return redirect("/account/setup", {
        cookies: [{ name: SESSION_COOKIE, value: sessionToken.reveal() }, deviceCookie(deviceToken)],
      });
    },
  }),
];
