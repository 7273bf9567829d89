import { z } from "zod";
import {
  button,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, type Incoming, page, redirect, type Reply, type Route } from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  type AskedNumber,
  answerNumber,
  denyNumber,
  findAskedNumber,
  type RecoveryCase,
  type RecoveryRuntime,
} from "../recovery/index.ts";
import { DEVICE_COOKIE, SESSION_COOKIE, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { layout } from "./layout.ts";

/* Somebody asks to get back in: the question that every session of the account sees, and its answers. */

const LIMIT = { bucket: "asked", limit: 30, windowSeconds: 3600 };

const question = (request: AccountRequest, asked: AskedNumber): Html => html`
  <p>Case ${asked.recoveryCase.number}, opened ${time(asked.recoveryCase.openedAt, request.now)} from ${asked.recoveryCase.openedFrom.ip}. If it is you, choose the number that you see on your case page. Nobody of us ever asks you for it, by telephone or otherwise.</p>
  ${formElement({
    action: "/account/asked/number",
    csrf: request.csrfToken,
    body: html`${hidden("challenge", asked.challengeId)}<div class="actions">${asked.offered.map((number) => button({ label: html`<span class="visually-hidden">I see </span>${number}`, kind: "secondary", name: "number", value: String(number) }))}</div>`,
  })}
  ${formElement({
    action: "/account/asked/not-me",
    csrf: request.csrfToken,
    body: html`${hidden("challenge", asked.challengeId)}<div class="actions">${button({ label: "It is not me", kind: "danger" })}</div>`,
  })}
  <p>“It is not me” stops the case and locks the account at once. You do not see a number anywhere? Then it is not you. The question ends ${time(asked.until, request.now)}.</p>`;

/** What is asked of whoever is signed in; undefined where nothing is. */
export async function askedNotice(runtime: Runtime, request: AccountRequest): Promise<Html | undefined> {
  const asked = await findAskedNumber(runtime, request.actor.account, request.now);
  if (!asked) return undefined;
  return notice({
    tone: "danger",
    title: "Somebody asks to get back in. Is it you? Which number do you see?",
    body: question(request, asked),
  });
}

async function askedPage(runtime: RecoveryRuntime, request: AccountRequest, refusal?: Refusal): Promise<Reply> {
  const asked = await askedNotice(runtime, request);
  const { title, detail, status } = refusal ?? {};
  const body = html`
    <h1>Which number do you see?</h1>
    ${title ? notice({ tone: "warning", title, body: detail ? html`<p>${detail}</p>` : undefined }) : null}
    ${asked ?? html`<p>Nobody asks anything at the moment. Somebody who wants back in gets a number on their case page, and then it is asked for here.</p>`}
    <p>${linkButton({ href: "/account", label: "Your account", kind: "secondary" })}</p>`;
  return page(accountFrame(runtime, request, "Which number do you see?", body), { status: status ?? 200 });
}

/** After "It is not me" this browser is signed out, like every other. */
function stopped(runtime: RecoveryRuntime, incoming: Incoming, recoveryCase: RecoveryCase): Reply {
  const body = html`
    ${notice({ tone: "success", title: "It is stopped", body: html`<p>Case ${recoveryCase.number} goes no further. One of us looks at it.</p>` })}
    <h1>What to do next</h1>
    <p>The account is locked and everybody is signed out, you too. Nothing can be published or changed meanwhile. We have told the person who asked that somebody objected.</p>
    <ol>
      <li>Does somebody read your mail? Change that password first.</li>
      <li>Sign in: the page there says how the account is opened again.</li>
    </ol>
    <p>${linkButton({ href: "/sign-in", label: "Sign in", kind: "secondary" })}</p>`;
  const content = layout(runtime, { ...incoming, cookies: {} }, { title: "It is stopped", body });
  return page(content, { cookies: [{ name: SESSION_COOKIE, value: null }] });
}

const number = z
  .string("Please choose one of the numbers.")
  .regex(/^[1-9]\d$/, "Please choose one of the numbers.")
  .transform(Number);

const answerOf = (request: AccountRequest & { readonly body: { readonly challenge: string } }) => ({
  account: request.actor.account,
  session: request.actor.session,
  deviceToken: request.cookies[DEVICE_COOKIE],
  challengeId: request.body.challenge,
  source: request.source,
  now: request.now,
});

export const askedRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/account/asked",
    about: "Which number the person sees who asks to get back in, or that nobody asks.",
    guard: subscriberGuard,
    handle: (_, request) => askedPage(runtime, request),
  }),
  defineRoute({
    method: "POST",
    path: "/account/asked/number",
    about: "A signed-in session says which number it sees.",
    guard: subscriberGuard,
    limit: LIMIT,
    body: form({ challenge: idField("one"), number }),
    handle: async (_, request) => {
      const done = await answerNumber(runtime, { ...answerOf(request), picked: request.body.number });
      return done.ok ? redirect("/account/asked") : askedPage(runtime, request, done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/asked/not-me",
    about: "A signed-in session says that it does not ask to get back in: stops the case and locks the account.",
    guard: subscriberGuard,
    limit: LIMIT,
    body: form({ challenge: idField("one") }),
    handle: async (_, request) => {
      const done = await denyNumber(runtime, answerOf(request));
      return done.ok ? stopped(runtime, request, done.value) : askedPage(runtime, request, done.refusal);
    },
  }),
];
