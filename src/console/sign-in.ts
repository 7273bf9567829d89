import { z } from "zod";
import { button, errorSummary, field, form as formElement, hidden, html, type Html } from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Guard,
  type Incoming,
  line,
  page,
  redirect,
  refused,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import { ok, refuse } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { secret } from "../kernel/secret.ts";
import { STAFF_COOKIE, type StaffActor, staffGuard } from "../sessions/index.ts";
import { CEREMONY_COOKIE, findCeremony, signInRefusals, submitPassword, submitTotp } from "../sign-in/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { endSession } from "../sessions/index.ts";
import { deskLayout } from "./layout.ts";

const NEXT = z.strictObject({
  next: z
    .string()
    .regex(/^\/console[A-Za-z0-9/_-]*$/)
    .max(200)
    .optional(),
});

/** Anybody at the desk. */
export const anyStaffGuard: Guard<StaffActor> = staffGuard("support", "reviewer", "administrator", "auditor");

const staffCeremonyGuard: Guard<null> = {
  name: "staff password was right, second factor to come",
  authorize: async (runtime, incoming) => {
    const running = await findCeremony(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return running?.ceremony.purpose === "staff" ? ok(null) : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/console/sign-in",
};

interface State {
  readonly message?: string;
  readonly name?: string;
}

function passwordPage(runtime: Runtime, incoming: Incoming, state: State, next: string | undefined): Html {
  const body = html`
    <h1>Sign in to the desk</h1>
    <p>For the people who run ${runtime.indexName}. Sessions here last twelve hours, or a quarter of an hour without a click.</p>
    ${errorSummary({}, state.message)}
    ${formElement({
      action: "/console/sign-in",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "name", label: "Username", autocomplete: "username", value: state.name, required: true, maxlength: 254, spellcheck: false })}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", required: true, maxlength: 1024 })}
        ${button({ label: "Go on" })}`,
    })}`;
  return deskLayout(runtime, incoming, { title: "Sign in to the desk", body });
}

function codePage(runtime: Runtime, incoming: Incoming, state: State, next: string | undefined): Html {
  const body = html`
    <h1>Enter the code from your app</h1>
    ${errorSummary({}, state.message)}
    ${formElement({
      action: "/console/sign-in/second-factor",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Sign in" })}`,
    })}`;
  return deskLayout(runtime, incoming, { title: "Second step", body });
}

const say = (refusal: { readonly title: string; readonly detail?: string }): State => ({
  message: [refusal.title, refusal.detail].filter(Boolean).join(" "),
});

/** The desk's own sign-in: always two factors, and never the session of the subscriber pages. */
export const deskSignInRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/console/sign-in",
    about: "The desk's sign-in form.",
    guard: anyone,
    query: NEXT,
    handle: async (runtime, request) => page(passwordPage(runtime, request, {}, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in",
    about: "First step at the desk: name and password of somebody with a role.",
    guard: anyone,
    limit: { bucket: "console-sign-in", limit: 60, windowSeconds: 300 },
    body: form({ name: line({ max: 254 }), password: secretText(1024), next: NEXT.shape.next }),
    handle: async (runtime, request) => {
      const { name, password, next } = request.body;
      const done = await submitPassword(runtime, {
        name,
        password: secret(password),
        purpose: "staff",
        source: request.source,
        now: request.now,
      });
      if (!done.ok) {
        if (request.wantsJson) return refused(done.refusal);
        return page(passwordPage(runtime, request, { ...say(done.refusal), name }, next), {
          status: done.refusal.status,
        });
      }
      if (done.value.next === "setup") return refused(signInRefusals.wrong()); // not for staff, says the ceremony
      return redirect(`/console/sign-in/second-factor${next ? `?next=${encodeURIComponent(next)}` : ""}`, {
        cookies: [{ name: CEREMONY_COOKIE, value: done.value.ceremonyToken.reveal() }],
      });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/console/sign-in/second-factor",
    about: "Second step at the desk.",
    guard: staffCeremonyGuard,
    query: NEXT,
    handle: async (runtime, request) => page(codePage(runtime, request, {}, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/second-factor",
    about: "Checks the six digits and opens the desk.",
    guard: staffCeremonyGuard,
    limit: { bucket: "console-sign-in", limit: 60, windowSeconds: 300 },
    body: form({ code: line({ max: 64 }), next: NEXT.shape.next }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        now: request.now,
      };
      const done = await submitTotp(runtime, step, async () => {});
      if (!done.ok) {
        if (request.wantsJson) return refused(done.refusal);
        return page(codePage(runtime, request, say(done.refusal), next), { status: done.refusal.status });
      }
      return redirect(next ?? "/console", {
        cookies: [
          { name: STAFF_COOKIE, value: done.value.sessionToken.reveal() },
          { name: CEREMONY_COOKIE, value: null },
        ],
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-out",
    about: "Ends the session at the desk.",
    guard: anyStaffGuard,
    body: form({}),
    handle: async (runtime, request) => {
      const { account, session } = request.actor;
      await transact(runtime.db, { now: request.now }, async (tx) => {
        await endSession(tx, runtime.random, {
          id: session.id,
          accountId: account.id,
          because: "signed out",
          actor: { kind: "staff", id: account.id },
        });
        return ok();
      });
      return redirect("/console/sign-in", {
        cookies: [{ name: STAFF_COOKIE, value: null }],
        headers: { "clear-site-data": '"cache", "storage"' },
      });
    },
  }),
];
