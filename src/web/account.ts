import { z } from "zod";
import { listAddresses } from "../accounts/index.ts";
import { listEvents, type StoredAuditEvent } from "../audit/index.ts";
import { describeCodes, isTotpBound } from "../authenticators/index.ts";
import { listSigningKeys, registerSigningKey, revokeSigningKey } from "../evidence/index.ts";
import {
  badge,
  button,
  copyable,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
  select,
  summaryList,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, type HttpRequest, line, page, paragraph, redirect, refused, type Route, secretText, text } from "../kernel/http/index.ts";
import { type ApiTokenId, isId, type SessionId, type SigningKeyId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { findOpenCaseOf } from "../recovery/index.ts";
import { listActiveHolds, listApiTokens, listProjectsOf } from "../registry/index.ts";
import { confirmIdentity, createToken, endOneSession, endOtherSessions, revokeToken, signOut } from "../security-settings/index.ts";
import { freshSubscriberGuard, listLiveSessions, SESSION_COOKIE, type SubscriberActor, subscriberGuard } from "../sessions/index.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, nextPath, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";
import { describeAct, describeBrowser } from "./wording.ts";

type Request = HttpRequest<SubscriberActor, unknown, unknown, unknown>;
const NEXT = z.strictObject({ next: nextPath });

const frame = (runtime: Runtime, request: Request, title: string, body: Html, banner?: Html): Html =>
  layout(runtime, request, { title, body, width: "wide", signedInAs: request.actor.account.username, banner });

/** What a signed-in owner must not miss: somebody is trying to recover this account. */
async function caseBanner(runtime: Runtime, request: Request): Promise<Html | undefined> {
  const open = await findOpenCaseOf(runtime.db, request.actor.account.id);
  if (!open) return undefined;
  return notice({
    tone: "danger",
    title: "Somebody has opened a recovery case for this account",
    body: html`<p>Case ${open.number}, opened ${time(open.openedAt, request.now)} from ${open.openedFrom.ip}. You are signed in, so it was probably not you. The mail we sent to your addresses has a link that stops it at once. Signing in anew with your authenticator app also ends it.</p>`,
  });
}

async function accountPage(runtime: Runtime, request: Request): Promise<Html> {
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
    ${holds.map((hold) =>
      notice({
        tone: "warning",
        title: "Some things wait after the recovery",
        body: html`<p>Held until ${time(hold.until, request.now)}: ${hold.powers.join(", ")}. This gives everybody time to notice if it was not you.</p>`,
      }),
    )}
    <h2>How you get in</h2>
    ${summaryList([
      { key: "Password", value: "Set" },
      { key: "Authenticator app", value: hasTotp ? "Set up" : "Not set up" },
      {
        key: "Recovery codes",
        value: codes ? html`${codes.unused} unused, made ${time(codes.madeAt, request.now)}` : "None yet",
        action: html`<a href="/account/recovery-codes">${codes ? "Check or replace" : "Make them"}</a>`,
      },
      ...addresses.map((one) => ({
        key: one.isPrimary ? "Mail address" : "Second address",
        value: html`${one.address} ${one.verifiedAt ? badge({ tone: "success", text: "Confirmed" }) : badge({ tone: "warning", text: "Not confirmed" })}`,
        action: one.verifiedAt ? undefined : html`<a href="/account/setup">Confirm</a>`,
      })),
    ])}
    <h2>Your projects</h2>
    ${
      projects.length === 0
        ? emptyState({ title: "Nothing published yet", body: html`<p>Make an API token, then run <code>twine upload --repository-url ${new URL("/legacy/", runtime.publicUrl).href} dist/*</code></p>` })
        : html`<ul>${projects.map((project) => html`<li><a href="/project/${project.normalizedName}/">${project.name}</a> <span class="muted">${project.role}</span></li>`)}</ul>`
    }
    <p><a href="/account/tokens">API tokens</a> · <a href="/account/keys">SSH keys for recovery</a> · <a href="/account/history">Account history</a></p>
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
          : formElement({ action: "/account/sessions/end", csrf: request.csrfToken, body: html`${hidden("id", one.id)}${button({ label: "End", kind: "secondary" })}` }),
      ]),
      empty: "No sessions.",
    })}
    <div class="actions">
      ${sessions.length > 1 ? formElement({ action: "/account/sessions/end-others", csrf: request.csrfToken, body: button({ label: "End all others", kind: "secondary" }) }) : null}
      ${formElement({ action: "/sign-out", csrf: request.csrfToken, body: button({ label: "Sign out", kind: "secondary" }) })}
    </div>`;
  return frame(runtime, request, "Your account", body, await caseBanner(runtime, request));
}

function confirmPage(runtime: Runtime, request: Request, state: FormState, next: string | undefined): Html {
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

async function tokensPage(runtime: Runtime, request: Request, state: FormState, made?: string): Promise<Html> {
  const { account } = request.actor;
  const tokens = await listApiTokens(runtime.db, account.id);
  const projects = await listProjectsOf(runtime.db, account.id);
  const body = html`
    <h1>API tokens</h1>
    ${
      made
        ? notice({
            tone: "success",
            title: "Your new token",
            body: html`<p>Copy it now; we cannot show it again. Use it as the password, with <code>__token__</code> as the username.</p>${copyable({ id: "new-token", text: made, label: "Token" })}`,
          })
        : null
    }
    ${table({
      caption: "Your tokens",
      columns: ["Name", "For", "Made", "Last used", "State", ""],
      rows: tokens.map((token) => [
        token.name,
        token.projects === null ? "All projects" : token.projects.join(", "),
        time(token.createdAt, request.now),
        token.lastUsedAt ? time(token.lastUsedAt, request.now) : "Never",
        token.revoked ? badge({ tone: "neutral", text: "Ended" }) : token.held ? badge({ tone: "warning", text: "Held" }) : badge({ tone: "success", text: "Works" }),
        token.revoked
          ? ""
          : formElement({ action: "/account/tokens/revoke", csrf: request.csrfToken, body: html`${hidden("id", token.id)}${button({ label: "End", kind: "secondary" })}` }),
      ]),
      empty: "No tokens yet. Make one to publish with twine.",
    })}
    <h2>Make a token</h2>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/tokens",
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "name", label: "Name", hint: "Where will it be used? Later this helps you to know it again.", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 64, autocomplete: "off" })}
        ${select({ name: "project", label: "For", value: state.values["project"] ?? "", options: [{ value: "", label: "All my projects" }, ...projects.map((one) => ({ value: one.normalizedName, label: one.name }))], error: state.errors["project"] })}
        ${select({ name: "days", label: "Ends by itself", value: state.values["days"] ?? "365", options: [{ value: "30", label: "After 30 days" }, { value: "365", label: "After a year" }, { value: "", label: "Never" }], error: state.errors["days"] })}
        ${button({ label: "Make token" })}`,
    })}`;
  return frame(runtime, request, "API tokens", body);
}

async function keysPage(runtime: Runtime, request: Request, state: FormState): Promise<Html> {
  const keys = await listSigningKeys(runtime.db, request.actor.account.id);
  const body = html`
    <h1>SSH keys for recovery</h1>
    <p>Should you lose your app one day, a signature made with one of these keys helps to prove that the account is yours. They cannot sign you in. A key counts from seven days after you add it.</p>
    ${table({
      caption: "Your keys",
      columns: ["Fingerprint", "Kind", "Comment", "Added", ""],
      rows: keys.map((key) => [
        html`<code>${key.fingerprint}</code>`,
        key.type,
        key.comment,
        time(key.boundAt, request.now),
        formElement({ action: "/account/keys/remove", csrf: request.csrfToken, body: html`${hidden("id", key.id)}${button({ label: "Remove", kind: "secondary" })}` }),
      ]),
      empty: "No keys yet.",
    })}
    <h2>Add a key</h2>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/keys",
      csrf: request.csrfToken,
      body: html`
        ${textarea({ name: "key", label: "Public key", hint: "One line, from a file such as ~/.ssh/id_ed25519.pub. Never the file without .pub.", value: state.values["key"], error: state.errors["key"], required: true, maxlength: 8192, rows: 4 })}
        ${button({ label: "Add key" })}`,
    })}`;
  return frame(runtime, request, "SSH keys", body);
}

const HISTORY_PAGE = 50;

const personal = (event: StoredAuditEvent, name: string): string => String(event.personal?.[name] ?? "");

async function historyPage(runtime: Runtime, request: Request, before: bigint | undefined): Promise<Html> {
  const events = await listEvents(runtime.db, { accountId: request.actor.account.id, limit: HISTORY_PAGE, ...(before === undefined ? {} : { before }) });
  const last = events.at(-1);
  const body = html`
    <h1>Account history</h1>
    <p>Everything that happened around your account's security. Something you do not recognise? <a href="/recovery">Tell us</a>.</p>
    ${table({
      caption: "Events, newest first",
      columns: ["When", "What", "Network", "Browser"],
      rows: events.map((event) => [time(event.at, request.now), describeAct(event), personal(event, "ip"), describeBrowser(personal(event, "userAgent"))]),
      empty: "Nothing yet.",
    })}
    <p>${events.length === HISTORY_PAGE && last ? html`<a href="/account/history?before=${last.seq.toString()}">Older events</a> · ` : null}<a href="/account/history.json">Download as JSON</a></p>`;
  return frame(runtime, request, "Account history", body);
}

const idField = <P extends "tok" | "ses" | "key">(prefix: P) =>
  line({ max: 64 }).refine((id) => isId(prefix, id), "That is not one of yours.");

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
    invalid: async (runtime, request, invalid) => page(confirmPage(runtime, request, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { password, code, next } = request.body;
      const done = await confirmIdentity(runtime, selfOf(request), { password: secret(password), code });
      if (!done.ok) return formAgain(request, done.refusal, confirmPage(runtime, request, refusedState(done.refusal, {}), next));
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
      return redirect("/", { cookies: [{ name: SESSION_COOKIE, value: null }], headers: { "clear-site-data": '"cache", "storage"' } });
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
    path: "/account/tokens",
    about: "The account's API tokens.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await tokensPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/tokens",
    about: "Makes an API token and shows it once.",
    guard: freshSubscriberGuard,
    limit: { bucket: "tokens", limit: 60, windowSeconds: 3600 },
    body: form({
      name: line({ max: 64, missing: "Please give the token a name." }),
      project: z.string().max(128).optional(),
      days: z.enum(["30", "365", ""], "Please choose one of the times.").optional(),
    }),
    invalid: async (runtime, request, invalid) => page(await tokensPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { name, project, days } = request.body;
      const expiresAt = days ? new Date(request.now.getTime() + Number(days) * 86_400_000) : null;
      const made = await createToken(runtime, selfOf(request), { name, projects: project ? [project] : null, expiresAt });
      if (!made.ok) return formAgain(request, made.refusal, await tokensPage(runtime, request, refusedState(made.refusal, { name })));
      return page(await tokensPage(runtime, request, EMPTY, made.value.reveal()));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/tokens/revoke",
    about: "Ends an API token of the account.",
    guard: subscriberGuard,
    body: form({ id: idField("tok") }),
    handle: async (runtime, request) => {
      const done = await revokeToken(runtime, selfOf(request), request.body.id as ApiTokenId); // its shape was checked by idField
      return done.ok ? redirect("/account/tokens") : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/keys",
    about: "SSH keys that can help in a recovery.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await keysPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/keys",
    about: "Adds an SSH key for recovery.",
    guard: freshSubscriberGuard,
    limit: { bucket: "keys", limit: 30, windowSeconds: 3600 },
    body: form({ key: paragraph({ max: 16_384, min: 1, missing: "Please paste a public key." }) }),
    invalid: async (runtime, request, invalid) => page(await keysPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { account } = request.actor;
      const done = await registerSigningKey(runtime, { accountId: account.id, line: request.body.key, actor: { kind: "subscriber", id: account.id }, now: request.now });
      if (!done.ok) return formAgain(request, done.refusal, await keysPage(runtime, request, refusedState(done.refusal, {})));
      return redirect("/account/keys");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/keys/remove",
    about: "Removes an SSH key.",
    guard: freshSubscriberGuard,
    body: form({ id: idField("key") }),
    handle: async (runtime, request) => {
      const { account } = request.actor;
      const done = await revokeSigningKey(runtime, { id: request.body.id as SigningKeyId, accountId: account.id, actor: { kind: "subscriber", id: account.id }, now: request.now }); // its shape was checked by idField
      return done.ok ? redirect("/account/keys") : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/history",
    about: "Security events of the account.",
    guard: subscriberGuard,
    query: z.strictObject({ before: z.string().regex(/^\d{1,18}$/).transform(BigInt).optional() }),
    handle: async (runtime, request) => page(await historyPage(runtime, request, request.query.before)),
  }),
  defineRoute({
    method: "GET",
    path: "/account/history.json",
    about: "The same as JSON, newest first, at most ten thousand.",
    guard: subscriberGuard,
    handle: async (runtime, request) => {
      const events = await listEvents(runtime.db, { accountId: request.actor.account.id, limit: 10_000 });
      const rows = events.map((event) => ({ ...event, seq: event.seq.toString() }));
      return text(JSON.stringify(rows, null, 2), { type: "application/json", headers: { "content-disposition": 'attachment; filename="account-history.json"' } });
    },
  }),
];
