import { z } from "zod";
import type { Account } from "../accounts/index.ts";
import { isPasskeyBound, mayHavePasskeys } from "../authenticators/index.ts";
import {
  button,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  PASSKEY_SCRIPTS,
  passkeyForm,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Guard,
  type Incoming,
  type InvalidInput,
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
import { DEVICE_COOKIE, deviceCookie, STAFF_COOKIE, type StaffActor, staffGuard } from "../sessions/index.ts";
import {
  CEREMONY_COOKIE,
  findCeremony,
  type SignedIn,
  signInRefusals,
  submitPassword,
  submitTotp,
} from "../sign-in/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { endSession } from "../sessions/index.ts";
import { deskLayout } from "./layout.ts";

export const NEXT = z.strictObject({
  next: z
    .string()
    .regex(/^\/console(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/)
    .max(200)
    .optional(),
});

/** Anybody at the desk. */
export const anyStaffGuard: Guard<StaffActor> = staffGuard("support", "reviewer", "administrator", "auditor");

/** A member of staff whose password was right. */
export interface StaffCeremonyActor {
  readonly account: Account;
}

export const staffCeremonyGuard: Guard<StaffCeremonyActor> = {
  name: "staff password was right, second factor to come",
  authorize: async (runtime, incoming) => {
    const running = await findCeremony(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return running?.ceremony.purpose === "staff"
      ? ok({ account: running.account })
      : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/console/sign-in",
};

export interface State {
  readonly message?: string;
  readonly name?: string;
}

export function passwordPage(runtime: Runtime, incoming: Incoming, state: State, next: string | undefined): Html {
  const isPasskeyOffered = mayHavePasskeys(runtime.publicUrl);
  const passkey = passkeyForm({
    ceremony: "get",
    action: "/console/sign-in/passkey",
    csrf: incoming.csrfToken,
    fields: next ? hidden("next", next) : null,
    optionsAt: "/console/sign-in/passkey/options",
    label: "Sign in with a passkey",
    without: "Passkeys need scripts, which this browser has switched off.",
  });
  const body = html`
    <h1>Sign in to the desk</h1>
    <p>For the people who run ${runtime.indexName}. Sessions here last twelve hours, or a quarter of an hour without a click.</p>
    ${errorSummary({}, state.message)}
    ${isPasskeyOffered ? html`${passkey}<h2>Or with your password</h2>` : null}
    ${formElement({
      action: "/console/sign-in",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${field({ name: "name", label: "Username", autocomplete: "username", value: state.name, required: true, maxlength: 254, spellcheck: false })}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", required: true, maxlength: 1024 })}
        ${button({ label: "Go on", kind: isPasskeyOffered ? "secondary" : "primary" })}`,
    })}`;
  const scripts = isPasskeyOffered ? PASSKEY_SCRIPTS : undefined;
  return deskLayout(runtime, incoming, { title: "Sign in to the desk", body, scripts });
}

/** The second step: a passkey for those who have one, and nothing less; the app for the others. */
export async function secondStepPage(
  runtime: Runtime,
  incoming: Incoming,
  account: Account,
  state: State,
  next: string | undefined,
): Promise<Html> {
  if (!(await isPasskeyBound(runtime.db, account.id))) return codePage(runtime, incoming, state, next);
  const body = html`
    <h1>Show your passkey</h1>
    ${errorSummary({}, state.message)}
    ${passkeyForm({
      ceremony: "get",
      action: "/console/sign-in/second-factor/passkey",
      csrf: incoming.csrfToken,
      fields: html`<p>Since you have one, the desk takes nothing that can be phished.</p>${next ? hidden("next", next) : null}`,
      optionsAt: "/console/sign-in/second-factor/passkey/options",
      label: "Use a passkey",
      without: "Passkeys need scripts, which this browser has switched off. Switch them on for this site.",
    })}`;
  return deskLayout(runtime, incoming, { title: "Second step", body, scripts: PASSKEY_SCRIPTS });
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

export const say = (refusal: { readonly title: string; readonly detail?: string }): State => ({
  message: [refusal.title, refusal.detail].filter(Boolean).join(" "),
});

/** What a form of the desk's sign-in says when a field cannot be read. */
export const sayInvalid = ({ fields, values }: InvalidInput): State => ({
  message: [...new Set(Object.values(fields))].join(" "),
  name: values["name"] ?? "",
});

/** Where to go on to, from a form of which another field could not be read. */
export const nextIn = ({ values }: InvalidInput): string | undefined => NEXT.shape.next.safeParse(values["next"]).data;

/** Six or eight digits, as typed. */
export const codeLine = line({ max: 64, missing: "Please enter the code.", dropsInvisible: true });

export const atDesk = (done: Pick<SignedIn, "sessionToken" | "deviceToken">) => [
  { name: STAFF_COOKIE, value: done.sessionToken.reveal() },
  { name: CEREMONY_COOKIE, value: null },
  deviceCookie(done.deviceToken),
];

/** Where a browser that is new to the account is confirmed. */
export const deskDevicePath = (next: string | undefined): string =>
  `/console/sign-in/new-device${next ? `?next=${encodeURIComponent(next)}` : ""}`;

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
    invalid: async (runtime, request, invalid) =>
      page(passwordPage(runtime, request, sayInvalid(invalid), nextIn(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { name, password, next } = request.body;
      const done = await submitPassword(runtime, {
        name,
        password: secret(password),
        purpose: "staff",
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      });
      if (!done.ok) {
        if (request.wantsJson) return refused(done.refusal);
        return page(passwordPage(runtime, request, { ...say(done.refusal), name }, next), {
          status: done.refusal.status,
        });
      }
      if (done.value.next !== "second-factor") return refused(signInRefusals.wrong()); // not for staff, says the ceremony
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
    handle: async (runtime, request) =>
      page(await secondStepPage(runtime, request, request.actor.account, {}, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/second-factor",
    about: "Checks the six digits and opens the desk.",
    guard: staffCeremonyGuard,
    limit: { bucket: "console-sign-in", limit: 60, windowSeconds: 300 },
    body: form({ code: codeLine, next: NEXT.shape.next }),
    invalid: async (runtime, request, invalid) =>
      page(await secondStepPage(runtime, request, request.actor.account, sayInvalid(invalid), nextIn(invalid)), {
        status: 422,
      }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitTotp(runtime, step, async () => {});
      if (!done.ok) {
        if (request.wantsJson) return refused(done.refusal);
        const again = await secondStepPage(runtime, request, request.actor.account, say(done.refusal), next);
        return page(again, { status: done.refusal.status });
      }
      if (done.value.next === "confirm-device") return redirect(deskDevicePath(next));
      return redirect(next ?? "/console", { cookies: atDesk(done.value) });
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
