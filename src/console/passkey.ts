import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  json,
  page,
  redirect,
  refused,
  type Route,
} from "../kernel/http/index.ts";
import { z } from "zod";
import { DEVICE_COOKIE } from "../sessions/index.ts";
import {
  beginPasskeySignIn,
  beginPasskeyStep,
  CEREMONY_COOKIE,
  type PasskeyPlace,
  submitPasskey,
  submitPasskeyStep,
} from "../sign-in/index.ts";
import { atDesk, NEXT, passwordPage, say, secondStepPage, staffCeremonyGuard } from "./sign-in.ts";

/** What a WebAuthn ceremony gave; read by the authenticators slice. */
export const passkeyAnswer = z
  .string("Please send this field once, as text.")
  .min(1, "Passkeys need scripts in your browser.")
  .max(60_000, "Your browser sent more than a passkey's answer can be.");

const LIMIT = { bucket: "console-sign-in", limit: 60, windowSeconds: 300 };
const OPTIONS_LIMIT = { bucket: "passkey-options", limit: 240, windowSeconds: 300 };

const placeOf = (incoming: Incoming): PasskeyPlace => ({
  browser: incoming.cookies["browser"] ?? "",
  purpose: "staff",
  now: incoming.now,
});

/** Signing in to the desk with a passkey: alone, or as the second step. A recovery case of one's own does not end by it. */
export const deskPasskeyRoutes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/console/sign-in/passkey/options",
    about: "What a browser needs to show a passkey at the desk.",
    guard: anyone,
    limit: OPTIONS_LIMIT,
    body: form({}),
    handle: async (runtime, request) => json(await beginPasskeySignIn(runtime, placeOf(request), undefined)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/passkey",
    about: "Opens the desk with a passkey that has checked its owner.",
    guard: anyone,
    limit: LIMIT,
    body: form({ answer: passkeyAnswer, next: NEXT.shape.next }),
    handle: async (runtime, request) => {
      const { next } = request.body;
      const step = {
        ...placeOf(request),
        answer: request.body.answer,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
      };
      const done = await submitPasskey(runtime, step, async () => {});
      if (done.ok) return redirect(next ?? "/console", { cookies: atDesk(done.value) });
      if (request.wantsJson) return refused(done.refusal);
      return page(passwordPage(runtime, request, say(done.refusal), next), { status: done.refusal.status });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/second-factor/passkey/options",
    about: "What a browser needs to show one of the account's passkeys as the second step at the desk.",
    guard: staffCeremonyGuard,
    limit: OPTIONS_LIMIT,
    body: form({}),
    handle: async (runtime, request) => {
      const options = await beginPasskeyStep(runtime, request.cookies[CEREMONY_COOKIE], request.now);
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/second-factor/passkey",
    about: "Checks the passkey as the second step and opens the desk.",
    guard: staffCeremonyGuard,
    limit: LIMIT,
    body: form({ answer: passkeyAnswer, next: NEXT.shape.next }),
    handle: async (runtime, request) => {
      const { next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        answer: request.body.answer,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitPasskeyStep(runtime, step, async () => {});
      if (done.ok) return redirect(next ?? "/console", { cookies: atDesk(done.value) });
      if (request.wantsJson) return refused(done.refusal);
      const again = await secondStepPage(runtime, request, request.actor.account, say(done.refusal), next);
      return page(again, { status: done.refusal.status });
    },
  }),
];
