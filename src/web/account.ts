import { z } from "zod";
import { listAddresses } from "../accounts/index.ts";
import { describeCodes, isTotpBound } from "../authenticators/index.ts";
import {
  badge,
  button,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
  summaryList,
  table,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, line, page, redirect, type Route, secretText } from "../kernel/http/index.ts";
import type { SessionId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { findOpenCaseOf } from "../recovery/index.ts";
import { listActiveHolds, listProjectsOf } from "../registry/index.ts";
import {
  changePassword,
  confirmIdentity,
  endOneSession,
  endOtherSessions,
  signOut,
} from "../security-settings/index.ts";
import { freshSubscriberGuard, listLiveSessions, SESSION_COOKIE, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, nextPath, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";
import { describeBrowser } from "./wording.ts";
import { deletionNotice } from "./your-data.ts";

const NEXT = z.strictObject({ next: nextPath });

/** What a signed-in owner must not miss: somebody is trying to recover this account. */
async function caseBanner(runtime: Runtime, request: AccountRequest): Promise<Html | undefined> {
  const open = await findOpenCaseOf(runtime.db, request.actor.account.id);
  if (!open) return undefined;
  return notice({
    tone: "danger",
    title: "Somebody has opened a recovery case for this account",
    body: html`<p>Case ${open.number}, opened ${time(open.openedAt, request.now)} from ${open.openedFrom.ip}. You are signed in, so it was probably not you. The mail we sent to your addresses has a link that stops it at once. Signing in anew with your authenticator app also ends it.</p>`,
  });
}

async function accountPage(runtime: Runtime, request: AccountRequest): Promise<Html> {
  const { account, session } = request.actor;
  const [addresses, codes, sessions, holds, projects, hasTotp] = await Promise.all([
    listAddresses(runtime.db, account.id),
    describeCodes(runtime.db, account.id),
    listLiveSessions(runtime.db, account.id, request.now),
    listActiveHolds(runtime.db, account.id, request.now),
    listProjectsOf(runtime.db, account.id),
    isTotpBound(runtime.db, account.id),
  ]);
  const body = html`
    <h1>${account.username}</h1>
    ${await deletionNotice(runtime, request)}
    ${holds.map((hold) =>
      notice({
        tone: "warning",
        title: "Some things wait after the recovery",
        body: html`<p>Held until ${time(hold.until, request.now)}: ${hold.powers.join(", ")}. This gives everybody time to notice if it was not you.</p>`,
      }),
    )}
    <h2>How you get in</h2>
    ${summaryList([
      { key: "Password", value: "Set", action: html`<a href="/account/password">Change</a>` },
      { key: "Authenticator app", value: hasTotp ? "Set up" : "Not set up" },
      {
        key: "Recovery codes",
        value: codes ? html`${codes.unused} unused, made ${time(codes.madeAt, request.now)}` : "None yet",
        action: html`<a href="/account/recovery-codes">${codes ? "Check or replace" : "Make them"}</a>`,
      },
      ...addresses.map((one) => ({
        key: one.isPrimary ? "Mail address" : "Second address",
        value: html`${one.address} ${one.verifiedAt ? badge({ tone: "success", text: "Confirmed" }) : badge({ tone: "warning", text: "Not confirmed" })}`,
        action: html`<a href="/account/addresses">${one.verifiedAt ? "Change" : "Confirm"}</a>`,
      })),
    ])}
    <p class="muted"><a href="/help/new-phone">A new phone?</a> · <a href="/help/leaving-a-job">Leaving a job?</a> · <a href="/help/something-is-wrong">Something wrong?</a></p>
    <h2>Your projects</h2>
    ${
      projects.length === 0
        ? emptyState({
            title: "Nothing published yet",
            body: html`<p>Make an API token, then run <code>twine upload --repository-url ${new URL("/legacy/", runtime.publicUrl).href} dist/*</code></p>`,
          })
        : html`<ul>${projects.map((project) => html`<li><a href="/project/${project.normalizedName}/">${project.name}</a> <span class="muted">${project.role}</span></li>`)}</ul>`
    }
    <p><a href="/account/tokens">API tokens</a> · <a href="/account/keys">SSH keys for recovery</a> · <a href="/account/contacts">Recovery contacts</a> · <a href="/account/check-up">Check-up</a> · <a href="/account/drill">Could you get back in today?</a> · <a href="/account/kit">Recovery kit</a> · <a href="/account/strict">Strict mode</a> · <a href="/account/history">Account history</a> · <a href="/account/data">Your data</a></p>
    <h2>Where you are signed in</h2>
    ${table({
      caption: "Sessions",
      columns: ["Browser", "Network", "Since", "Last seen", ""],
      rows: sessions.map((one) => [
        describeBrowser(one.userAgent),
        one.ip,
        time(one.startedAt, request.now),
        time(one.lastSeenAt, request.now),
        one.id === session.id
          ? badge({ tone: "info", text: "This one" })
          : formElement({
              action: "/account/sessions/end",
              csrf: request.csrfToken,
              body: html`${hidden("id", one.id)}${button({ label: html`End<span class="visually-hidden"> the session on ${describeBrowser(one.userAgent)}</span>`, kind: "secondary" })}`,
            }),
      ]),
      empty: "No sessions.",
    })}
    <div class="actions">
      ${sessions.length > 1 ? formElement({ action: "/account/sessions/end-others", csrf: request.csrfToken, body: button({ label: "End all others", kind: "secondary" }) }) : null}
      ${formElement({ action: "/sign-out", csrf: request.csrfToken, body: button({ label: "Sign out", kind: "secondary" }) })}
    </div>`;
  return accountFrame(runtime, request, "Your account", body, await caseBanner(runtime, request));
}

function confirmPage(runtime: Runtime, request: AccountRequest, state: FormState, next: string | undefined): Html {
  const body = html`
    <h1>Is it still you?</h1>
    <p>Before this change, please show your password and your app once more. It then holds for ten minutes.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/confirm",
      csrf: request.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        <input type="text" name="username" autocomplete="username" value="${request.actor.account.username}" readonly hidden>
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", error: state.errors["password"], required: true, maxlength: 1024 })}
        ${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Go on" })}`,
    })}`;
  return layout(runtime, request, { title: "Is it still you?", body, signedInAs: request.actor.account.username });
}

const PASSWORD_FIELD = {
  "authenticators/password-short-second": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
} as const;

function passwordPage(runtime: Runtime, request: AccountRequest, state: FormState): Html {
  const body = html`
    <h1>Choose a new password</h1>
    <p>Your app and your recovery codes stay as they are. Everywhere else you are signed out.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/password",
      csrf: request.csrfToken,
      body: html`
        <input type="text" name="username" autocomplete="username" value="${request.actor.account.username}" readonly hidden>
        ${field({ name: "password", label: "New password", type: "password", hint: "At least 8 characters, better four or five unrelated words.", autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${button({ label: "Change password" })}`,
    })}`;
  return layout(runtime, request, { title: "Choose a new password", body, signedInAs: request.actor.account.username });
}

export const accountRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account",
    about: "The account at a glance.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await accountPage(runtime, request)),
  }),
  defineRoute({
    method: "GET",
    path: "/account/confirm",
    about: "Asks for both authenticators again.",
    guard: subscriberGuard,
    query: NEXT,
    handle: async (runtime, request) => page(confirmPage(runtime, request, EMPTY, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/confirm",
    about: "Checks both authenticators again before a sensitive change.",
    guard: subscriberGuard,
    limit: { bucket: "confirm", limit: 60, windowSeconds: 300 },
    body: form({ password: secretText(1024), code: codeField, next: nextPath, username: line({ max: 64 }).optional() }),
    invalid: async (runtime, request, invalid) =>
      page(confirmPage(runtime, request, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { password, code, next } = request.body;
      const done = await confirmIdentity(runtime, selfOf(request), { password: secret(password), code });
      if (!done.ok)
        return formAgain(request, done.refusal, confirmPage(runtime, request, refusedState(done.refusal, {}), next));
      return redirect(next ?? "/account", { cookies: [{ name: SESSION_COOKIE, value: done.value.reveal() }] });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-out",
    about: "Ends this session and clears what the browser kept.",
    guard: subscriberGuard,
    body: form({}),
    handle: async (runtime, request) => {
      await signOut(runtime, selfOf(request));
      return redirect("/", {
        cookies: [{ name: SESSION_COOKIE, value: null }],
        headers: { "clear-site-data": '"cache", "storage"' },
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/sessions/end",
    about: "Ends another session of the account.",
    guard: subscriberGuard,
    body: form({ id: idField("ses") }),
    handle: async (runtime, request) => {
      await endOneSession(runtime, selfOf(request), request.body.id as SessionId); // its shape was checked by idField
      return redirect("/account");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/sessions/end-others",
    about: "Ends every other session of the account.",
    guard: subscriberGuard,
    body: form({}),
    handle: async (runtime, request) => {
      await endOtherSessions(runtime, selfOf(request));
      return redirect("/account");
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/password",
    about: "The form for a new password.",
    guard: freshSubscriberGuard,
    handle: async (runtime, request) => page(passwordPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/password",
    about: "Sets a new password and ends every other session.",
    guard: freshSubscriberGuard,
    limit: { bucket: "password", limit: 30, windowSeconds: 3600 },
    body: form({ password: secretText(1024), username: line({ max: 64 }).optional() }),
    invalid: async (runtime, request, invalid) =>
      page(passwordPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const done = await changePassword(runtime, selfOf(request), secret(request.body.password));
      if (!done.ok)
        return formAgain(
          request,
          done.refusal,
          passwordPage(runtime, request, refusedState(done.refusal, {}, PASSWORD_FIELD)),
        );
      return redirect("/account", { cookies: [{ name: SESSION_COOKIE, value: done.value.reveal() }] });
    },
  }),
];
