import { authenticatorRefusals, credentialIdOf, rpIdOf } from "../authenticators/index.ts";
import { passkeySignal } from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  json,
  line,
  page,
  redirect,
  refused,
  type Route,
} from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { DEVICE_COOKIE } from "../sessions/index.ts";
import {
  beginPasskeySignIn,
  beginPasskeyStep,
  CEREMONY_COOKIE,
  type PasskeyPlace,
  submitPasskey,
  submitPasskeyStep,
} from "../sign-in/index.ts";
import { answerField, formAgain, invalidState, nextPath, refusedState } from "./forms.ts";
import { ceremonyGuard, onSignedIn, secondFactorPage, signedIn, signInPage } from "./sign-in.ts";

const placeOf = (incoming: Incoming): PasskeyPlace => ({
  browser: incoming.cookies["browser"] ?? "",
  purpose: "subscriber",
  now: incoming.now,
});

/** A passkey that was removed is still on somebody's device: the browser is told, so that it stops offering it. */
function signalRemoved(runtime: Runtime, code: string, answer: string) {
  const id = code === authenticatorRefusals["passkey-removed"]().code ? credentialIdOf(answer) : null;
  return id ? passkeySignal({ signal: "unknown", rpId: rpIdOf(runtime.publicUrl), credentialIds: [id] }) : undefined;
}

const LIMIT = { bucket: "passkey", limit: 120, windowSeconds: 300 };

/** Signing in with a passkey: alone, or as the second step. What may be shown is asked first, by script, with a form's token. */
export const passkeySignInRoutes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/sign-in/passkey/options",
    about: "What a browser needs to show a passkey. Alike for every name.",
    guard: anyone,
    limit: { ...LIMIT, bucket: "passkey-options", limit: 240 },
    body: form({ name: line({ max: 254 }).optional() }),
    handle: async (runtime, request) => json(await beginPasskeySignIn(runtime, placeOf(request), request.body.name)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/passkey",
    about: "Signs in with a passkey that has checked its owner.",
    guard: anyone,
    limit: LIMIT,
    body: form({ answer: answerField, next: nextPath }),
    invalid: async (runtime, request, invalid) =>
      page(signInPage(runtime, request, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { answer, next } = request.body;
      const step = { ...placeOf(request), answer, source: request.source, deviceToken: request.cookies[DEVICE_COOKIE] };
      const done = await submitPasskey(runtime, step, onSignedIn(runtime));
      if (done.ok) return redirect(next ?? "/account", { cookies: signedIn(done.value) });
      const more = signalRemoved(runtime, done.refusal.code, answer);
      return formAgain(request, done.refusal, signInPage(runtime, request, refusedState(done.refusal, {}), next, more));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/second-factor/passkey/options",
    about: "What a browser needs to show one of the account's passkeys as the second step.",
    guard: ceremonyGuard,
    limit: { ...LIMIT, bucket: "passkey-options", limit: 240 },
    body: form({}),
    handle: async (runtime, request) => {
      const options = await beginPasskeyStep(runtime, request.cookies[CEREMONY_COOKIE], request.now);
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/second-factor/passkey",
    about: "Checks the passkey as the second step and signs in.",
    guard: ceremonyGuard,
    limit: LIMIT,
    body: form({ answer: answerField, next: nextPath }),
    invalid: async (runtime, request, invalid) => {
      const { account } = request.actor;
      return page(await secondFactorPage(runtime, request, account, invalidState(invalid), undefined), { status: 422 });
    },
    handle: async (runtime, request) => {
      const { answer, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        answer,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitPasskeyStep(runtime, step, onSignedIn(runtime));
      if (done.ok) return redirect(next ?? "/account", { cookies: signedIn(done.value) });
      const state = refusedState(done.refusal, {});
      const again = await secondFactorPage(runtime, request, request.actor.account, state, next);
      return formAgain(request, done.refusal, again);
    },
  }),
];
