import { hasStanding, listAddresses } from "../accounts/index.ts";
import { describeCodes, isTotpBound, listPasskeys } from "../authenticators/index.ts";
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
  linkButton,
  notice,
  PASSKEY_SCRIPTS,
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
import { changePassword, endOneSession, endOtherSessions, signOut } from "../security-settings/index.ts";
import {
  freshSubscriberGuard,
  listDevices,
  listLiveSessions,
  owingGuard,
  SESSION_COOKIE,
  subscriberGuard,
} from "../sessions/index.ts";
import { accountMenu } from "./account-menu.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { askedNotice } from "./asked.ts";
import { addressBadge } from "./addresses.ts";
import { unreachableBanner } from "./delivery.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { acceptedSignal, whereKept } from "./passkeys.ts";
import { selfOf } from "./setup.ts";
import { undoNotice } from "./undo.ts";
import { holdsBesideNotice, ownHoldNotice } from "./holds.ts";
import { vouchNotice } from "./vouches.ts";
import { describeBrowser } from "./wording.ts";
import { deletionNotice } from "./your-data.ts";

/** What a signed-in owner must not miss: somebody is trying to recover this account. */
async function caseBanner(runtime: Runtime, request: AccountRequest): Promise<Html | undefined> {
  const open = await findOpenCaseOf(runtime.db, request.actor.account.id);
  if (!open) return undefined;
  return notice({
    tone: "danger",
    title: "Somebody has opened a recovery case for this account",
    body: html`<p>Case ${open.number}, opened ${time(open.openedAt, request.now)} from ${open.openedFrom.ip}. You are signed in, so it was probably not you. The mail we sent to your addresses has a link that stops it at once. Signing in anew, with your passkey or your app, also ends it.</p>`,
  });
}

const describeKnown = (since: Date | null | undefined, now: Date) => (since ? time(since, now, "date") : "Not known");

async function accountPage(runtime: Runtime, request: AccountRequest): Promise<Html> {
  const { account, session } = request.actor;
  const [addresses, codes, sessions, devices, holds, projects, hasTotp, passkeys] = await Promise.all([
    listAddresses(runtime.db, account.id),
    describeCodes(runtime.db, account.id),
    listLiveSessions(runtime.db, account.id, request.now),
    listDevices(runtime.db, account.id, request.now),
    listActiveHolds(runtime.db, account.id, request.now),
    listProjectsOf(runtime.db, account.id),
    isTotpBound(runtime.db, account.id),
    listPasskeys(runtime.db, account.id),
  ]);
  const knownSince = new Map(devices.map((device) => [device.id, device.firstSeenAt]));
  const body = html`
    <h1>${account.username}</h1>
    ${await deletionNotice(runtime, request)}
    ${await vouchNotice(runtime, request)}
    ${await undoNotice(runtime, request)}
    ${holds.map((hold) => ownHoldNotice(hold, request.now))}
    ${await holdsBesideNotice(runtime, request)}
    <h2>How you get in</h2>
    ${summaryList([
      { key: "Password", value: "Set", action: html`<a href="/account/password">Change</a>` },
      {
        key: "Passkeys",
        value:
          passkeys.length === 0
            ? "None yet"
            : html`${passkeys.map((one) => html`<div>${one.name} ${whereKept(one)}</div>`)}`,
        action: html`<a href="${passkeys.length === 0 ? "/account/passkeys/new" : "/account/passkeys"}">${passkeys.length === 0 ? "Add one" : "Manage"}</a>`,
      },
      {
        key: "Authenticator app",
        value: hasTotp ? "Set up" : "Not set up",
        action: hasTotp
          ? undefined
          : formElement({
              action: "/account/setup/totp/begin",
              csrf: request.csrfToken,
              body: button({ label: "Set up", kind: "secondary" }),
            }),
      },
      {
        key: "Recovery codes",
        value: codes ? html`${codes.unused} unused, made ${time(codes.madeAt, request.now)}` : "None yet",
        action: html`<a href="/account/recovery-codes">${codes ? "Check or replace" : "Make them"}</a>`,
      },
      ...addresses.map((one) => ({
        key: one.isPrimary ? "Mail address" : "Second address",
        value: html`${one.address} ${addressBadge(one)}`,
        action: html`<a href="/account/addresses">${hasStanding(one) ? "Change" : "Confirm"}</a>`,
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
        : html`<ul>${projects.map((project) => html`<li><a href="/project/${project.normalizedName}/">${project.name}</a> <span class="muted">${project.role}</span> <a href="/account/projects/${project.normalizedName}">Who shares it<span class="visually-hidden">: ${project.name}</span></a></li>`)}</ul>`
    }
    ${accountMenu()}
    <h2>Where you are signed in</h2>
    ${table({
      caption: "Sessions",
      columns: ["Browser", "Network", "Signed in", "Last seen", "Browser known since", ""],
      rows: sessions.map((one) => [
        describeBrowser(one.userAgent),
        one.ip,
        time(one.startedAt, request.now),
        time(one.lastSeenAt, request.now),
        describeKnown(one.deviceId && knownSince.get(one.deviceId), request.now),
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
    </div>
    <h2>Is something wrong?</h2>
    <p>If somebody else may be in your account, lock it. Everybody is signed out and nothing can be published, until you unlock it.</p>
    <p>${linkButton({ href: "/account/lock", label: "Lock my account", kind: "danger" })}</p>`;
  const signal = await acceptedSignal(runtime, request);
  const banner =
    (await askedNotice(runtime, request)) ?? (await caseBanner(runtime, request)) ?? unreachableBanner(addresses);
  return accountFrame(runtime, request, "Your account", html`${body}${signal}`, banner, signal ? PASSKEY_SCRIPTS : []);
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
    <p>Your passkeys, your app and your recovery codes stay as they are. Everywhere else you are signed out.</p>
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
    method: "POST",
    path: "/sign-out",
    about: "Ends this session and clears what the browser kept.",
    guard: owingGuard, // also for somebody who has not finished, at a computer that is not theirs
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
