import {
  button,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  notice,
  time,
} from "../kernel/html/index.ts";
import { anyone, defineRoute, form, line, page, redirect, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { askDeletion, DELETION_DAYS, keepAccountByLink, obstaclesNow, peekKeepLink } from "../privacy/index.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { selfOf } from "./setup.ts";
import { deletionNotice } from "./your-data.ts";

const WHAT_HAPPENS: readonly string[] = [
  "Your addresses, authenticators, keys, sessions, API tokens and roles are erased, and so is what was written in recovery cases.",
  "What you published stays, so that nothing breaks for those who use it. It no longer names you as its uploader.",
  "Nobody can take your username afterwards, you neither.",
];

async function deletePage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const { account } = request.actor;
  const pending = await deletionNotice(runtime, request);
  const obstacles = pending ? [] : await obstaclesNow(runtime.db, account, request.now);
  const form = html`
    <p>Before it happens we wait ${DELETION_DAYS} days and write to every address. You can stop it until then, with one button.</p>
    ${formElement({
      action: "/account/delete",
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "username", label: "Type your username", hint: `It is ${account.username}`, autocomplete: "off", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 64 })}
        ${button({ label: "Delete my account", kind: "danger" })}`,
    })}`;
  const body = html`
    <h1>Delete your account</h1>
    ${errorSummary(state.errors, obstacles.length > 0 ? undefined : state.general)}
    ${
      obstacles.length > 0
        ? notice({
            tone: "warning",
            title: "This account cannot be deleted yet",
            body: html`<ul>${obstacles.map((one) => html`<li>${one.text}</li>`)}</ul>`,
          })
        : null
    }
    <p>What it means:</p>
    <ul>${WHAT_HAPPENS.map((one) => html`<li>${one}</li>`)}</ul>
    ${pending || obstacles.length > 0 ? null : form}
    <p class="muted"><a href="/account/data">Take your data with you first</a></p>`;
  return accountFrame(runtime, request, "Delete your account", body, pending);
}

const FIELD = { "privacy/name-differs": "username" } as const;

export const deleteAccountRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/delete",
    about: "What deleting the account means, what stands against it, and the form that asks for it.",
    guard: freshSubscriberGuard, // password and second factor, before anything is typed
    handle: async (runtime, request) => page(await deletePage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/delete",
    about: "Asks for the deletion of the account, in seven days.",
    guard: freshSubscriberGuard,
    limit: { bucket: "delete-account", limit: 30, windowSeconds: 3600 },
    body: form({ username: line({ max: 64, missing: "Please type your username." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await deletePage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { username } = request.body;
      const asked = await askDeletion(runtime, selfOf(request), username);
      if (asked.ok) return redirect("/account/delete");
      return formAgain(
        request,
        asked.refusal,
        await deletePage(runtime, request, refusedState(asked.refusal, { username }, FIELD)),
      );
    },
  }),
  defineRoute({
    method: "GET",
    path: "/keep-account/:token",
    about: "The page behind the link that stops a deletion, with one button. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const found = await peekKeepLink(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const body = html`
        <h1>Keep the account?</h1>
        <p>The account <strong>${found.value.username}</strong> will be deleted after ${time(found.value.dueAt, request.now)}. With this button it stays as it is.</p>
        ${formElement({ action: `/keep-account/${request.params.token}`, csrf: request.csrfToken, body: button({ label: "Keep the account" }) })}
        <p>If you asked for the deletion yourself and still want it, close this page. Without the button nothing happens.</p>
        <p class="muted"><a href="/help/phishing">Is this page really from us?</a></p>`;
      return page(layout(runtime, request, { title: "Keep the account?", body }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/keep-account/:token",
    about: "Stops the deletion of an account.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "keep-account", limit: 30, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const kept = await keepAccountByLink(runtime, request.params.token, request.source, request.now);
      if (!kept.ok) return page(refusalPage(runtime, kept.refusal, request), { status: kept.refusal.status });
      const body = html`
        ${notice({ tone: "success", title: "The account stays", body: html`<p>${kept.value.username} will not be deleted.</p>` })}
        <h1>If it was not you who asked</h1>
        <p>Then somebody else can sign in. Sign in yourself, change your password, and look at your account history.</p>
        <p><a href="/help/something-is-wrong">Something is wrong with my account: step by step</a></p>`;
      return page(layout(runtime, request, { title: "The account stays", body }));
    },
  }),
];
