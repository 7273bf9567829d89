import { button, errorSummary, field, form as formElement, html, type Html } from "../kernel/html/index.ts";
import { anyone, defineRoute, form, type Incoming, line, page, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { askByMail } from "../sign-in/index.ts";
import { EMPTY, type FormState, invalidState } from "./forms.ts";
import { layout } from "./layout.ts";

function askPage(runtime: Runtime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Find your username</h1>
    <p>Write a mail address that you have had. If it is a confirmed address of an account, we mail the username there, and show it nowhere else.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account-finder",
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "address", label: "Mail address", type: "email", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}
        ${button({ label: "Mail me my username" })}`,
    })}
    <p>You can also <a href="/sign-in">sign in with the address</a> in place of the username.</p>`;
  return layout(runtime, incoming, { title: "Find your username", body });
}

/** The one answer, whatever was typed. */
function askedPage(runtime: Runtime, incoming: Incoming): Html {
  const body = html`
    <h1>Look into your mailbox</h1>
    <p>If that address belongs to an account, a mail with the username is on its way. It can take a few minutes; look into the spam folder too.</p>
    <h2>No mail?</h2>
    <ul>
      <li>Perhaps you registered with another address. <a href="/account-finder">Ask again with each one you have had</a>.</li>
      <li>The pages of your projects name their owners.</li>
      <li>No mailbox is left? <a href="/recovery">Open a recovery case</a>, and write what you remember.</li>
    </ul>`;
  return layout(runtime, incoming, { title: "Look into your mailbox", body });
}

/** A forgotten username: answered by mail and never on the screen. */
export const accountFinderRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account-finder",
    about: "Asks for an address whose username was forgotten.",
    guard: anyone,
    handle: async (runtime, request) => page(askPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account-finder",
    about: "Takes the address; the answer is the same for every address, and the username comes by mail.",
    guard: anyone,
    limit: { bucket: "ask-by-mail", limit: 20, windowSeconds: 3600 },
    body: form({ address: line({ max: 254, missing: "Please write a mail address." }) }),
    invalid: async (runtime, request, invalid) =>
      page(askPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const asked = { kind: "usernames", typed: request.body.address, source: request.source } as const;
      await askByMail(runtime, asked, request.now);
      return page(askedPage(runtime, request));
    },
  }),
];
