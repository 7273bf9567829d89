import { z } from "zod";
import {
  beginTest,
  listWays,
  lookAtTest,
  isWaiting,
  nextToTest,
  peekReminder,
  putOffReminder,
  standingOf,
  type Test,
  testWay,
  type Way,
} from "../drill/index.ts";
import {
  badge,
  button,
  copyable,
  dayInWords,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { anyone, defineRoute, form, page, paragraph, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { confirmStillThere, peekStillThere } from "../recovery-contacts/index.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { selfOf } from "./setup.ts";

const PATH = "/account/drill";
const TITLE = "Could you get back in today?";

/** As for every sensitive act; whoever is sent to show both authenticators comes back to the drill. */
const drillGuard: typeof freshSubscriberGuard = {
  ...freshSubscriberGuard,
  signInAt: (incoming, refusal) =>
    freshSubscriberGuard.signInAt?.(
      incoming.method === "GET" ? incoming : { ...incoming, method: "GET", path: PATH },
      refusal,
    ) ?? null,
};

const WAY_ID = z.string().regex(/^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/);
const wayParam = z.strictObject({ way: WAY_ID });

/** When a way last worked, in words and by shape. */
export function testedBadge(way: Way, now: Date): Html {
  const standing = standingOf(way, now);
  if (way.askedAt && isWaiting(way, now))
    return badge({ tone: "neutral", text: `Asked ${dayInWords(way.askedAt, now)}, no answer yet` });
  if (standing === "untested" || way.lastTestedAt === null) return badge({ tone: "warning", text: "Never tested" });
  const when = dayInWords(way.lastTestedAt, now);
  return standing === "tested"
    ? badge({ tone: "success", text: when.replace(/^./, (first) => first.toUpperCase()) })
    : badge({ tone: "warning", text: `Long ago: ${when}` });
}

/** The ways back of an account with when each was last tested; the check-up shows the same. */
export const waysTable = (ways: readonly Way[], now: Date, action?: (way: Way) => Html): Html =>
  table({
    caption: "Your ways back",
    columns: [{ label: "Way", isRowHeader: true }, "Last tested", ...(action ? [""] : [])],
    rows: ways.map((way) => [way.label, testedBadge(way, now), ...(action ? [action(way)] : [])]),
    empty: "None yet.",
  });

function summary(ways: readonly Way[], now: Date): string {
  const good = ways.filter((way) => standingOf(way, now) === "tested").length;
  if (good === ways.length) return "Yes: every way back has worked in the last year.";
  return `${good} of your ${ways.length} ways back ${good === 1 ? "has" : "have"} worked in the last year.`;
}

async function drillPage(runtime: Runtime, request: AccountRequest, testedId?: string): Promise<Html> {
  const { now } = request;
  const ways = await listWays(runtime.db, request.actor.account);
  const next = nextToTest(ways, now);
  const tested = ways.find((way) => way.id === testedId && standingOf(way, now) === "tested");
  const body = html`
    ${tested ? notice({ tone: "success", title: "That works", body: html`<p>${tested.label}: tested ${time(tested.lastTestedAt ?? now, now)}.</p>` }) : null}
    <h1>${TITLE}</h1>
    ${
      ways.length === 0
        ? emptyState({
            title: "Nothing to test yet",
            body: html`<p><a href="/account/setup">Finish setting up your account</a> first.</p>`,
          })
        : html`
            <p class="lead">${summary(ways, now)}</p>
            ${next ? html`<p class="actions">${linkButton({ href: `${PATH}/${next.id}`, label: html`Test the next: ${next.label}` })}</p>` : html`<p>${ways.some((way) => isWaiting(way, now)) ? "Nothing is left for you to do; an answer is still to come." : "Nothing to do until next year."} Now is a good moment to <a href="/account/kit">print your recovery kit anew</a>.</p>`}
            ${waysTable(ways, now, (way) => html`<a href="${PATH}/${way.id}">Test<span class="visually-hidden"> ${way.label}</span></a>`)}`
    }
    <p class="muted">A test never uses a way up: codes stay unused and keys stay where they are. Signing in with a passkey or the app counts as its test. API tokens need none, since each upload shows that they work. Once a year we remind you by mail.</p>`;
  return accountFrame(runtime, request, TITLE, body);
}

function answerForm(request: AccountRequest, { way, ask, pending }: Test, state: FormState): Html | null {
  const { answer } = ask;
  if (!answer || (ask.begin !== undefined && pending === null)) return null;
  const { label, hint, shape } = answer;
  const error = state.errors["code"];
  const common = { name: "code", label, ...(hint === undefined ? {} : { hint }), error, required: true };
  const input =
    shape === "lines"
      ? textarea({ ...common, rows: 7, maxlength: 8192, spellcheck: false, isCode: true })
      : shape === "digits"
        ? field({ ...common, autocomplete: "one-time-code", inputmode: "numeric", maxlength: 16, width: "short" })
        : field({ ...common, autocomplete: "off", maxlength: 64, spellcheck: false });
  return formElement({
    action: `${PATH}/${way.id}`,
    csrf: request.csrfToken,
    body: html`${input}${button({ label: "Test it" })}`,
  });
}

function testPage(runtime: Runtime, request: AccountRequest, test: Test, state: FormState): Html {
  const { way, ask, pending } = test;
  const begin = ask.begin
    ? formElement({
        action: `${PATH}/${way.id}/begin`,
        csrf: request.csrfToken,
        body: button({ label: pending ? "Begin again" : ask.begin, kind: pending ? "secondary" : "primary" }),
      })
    : null;
  const body = html`
    <p><a href="${PATH}">${TITLE}</a></p>
    <h1>${way.label}</h1>
    <p>Last tested: ${testedBadge(way, request.now)}</p>
    ${errorSummary(state.errors, state.general)}
    <p>${ask.words}</p>
    ${pending ? html`<p><strong>${pending.words}</strong></p>` : null}
    ${pending?.command ? copyable({ id: "drill-command", text: pending.command, label: "Run this" }) : null}
    ${answerForm(request, test, state)}
    ${begin}
    <p class="muted">It does not work? Better today than on a bad day: <a href="${ask.mend.href}">${ask.mend.label}</a>.</p>`;
  return accountFrame(runtime, request, way.label, body);
}

const drillRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: PATH,
    about: "The yearly drill: every way back into the account, and when it was last tested.",
    guard: drillGuard,
    query: z.strictObject({ tested: WAY_ID.optional() }),
    handle: async (runtime, request) => page(await drillPage(runtime, request, request.query.tested)),
  }),
  defineRoute({
    method: "GET",
    path: `${PATH}/:way`,
    about: "Testing one way back.",
    guard: drillGuard,
    params: wayParam,
    handle: async (runtime, request) => {
      const test = await lookAtTest(runtime, selfOf(request), request.params.way);
      return test.ok ? page(testPage(runtime, request, test.value, EMPTY)) : refused(test.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/:way/begin`,
    about: "Starts a test: mails a code, shows a text to sign, or asks a recovery contact.",
    guard: drillGuard,
    params: wayParam,
    limit: { bucket: "drill-begin", limit: 30, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const { way } = request.params;
      const done = await beginTest(runtime, selfOf(request), way);
      if (done.ok) return redirect(`${PATH}/${way}`);
      const test = await lookAtTest(runtime, selfOf(request), way);
      if (!test.ok) return refused(done.refusal);
      return formAgain(request, done.refusal, testPage(runtime, request, test.value, refusedState(done.refusal, {})));
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/:way`,
    about: "Checks the answer of a test. Nothing is used up by it.",
    guard: drillGuard,
    params: wayParam,
    limit: { bucket: "drill", limit: 60, windowSeconds: 3600 },
    body: form({ code: paragraph({ max: 8192, min: 1, missing: "Please type or paste the answer." }) }),
    invalid: async (runtime, request, invalid) => {
      const test = await lookAtTest(runtime, selfOf(request), request.params.way);
      return test.ok
        ? page(testPage(runtime, request, test.value, invalidState(invalid)), { status: 422 })
        : refused(test.refusal);
    },
    handle: async (runtime, request) => {
      const { way } = request.params;
      const done = await testWay(runtime, selfOf(request), way, request.body.code);
      if (done.ok) return redirect(`${PATH}?tested=${way}`);
      const test = await lookAtTest(runtime, selfOf(request), way);
      if (!test.ok) return refused(done.refusal);
      const state = refusedState(done.refusal, {}, { [done.refusal.code]: "code" });
      return formAgain(request, done.refusal, testPage(runtime, request, test.value, state));
    },
  }),
];

/** A link in a mail: a page with one button, since a GET never acts. */
interface OneButton {
  readonly title: string;
  readonly path: string;
  readonly words: Html;
  readonly label: string;
}

const oneButton = (
  runtime: Runtime,
  request: { readonly csrfToken: string } & Parameters<typeof layout>[1],
  options: OneButton,
): Html =>
  layout(runtime, request, {
    title: options.title,
    body: html`
      <h1>${options.title}</h1>
      ${options.words}
      ${formElement({ action: options.path, csrf: request.csrfToken, body: button({ label: options.label }) })}`,
  });

const doneBody = (title: string, words: Html): Html => html`<h1>${title}</h1>${words}`;

const mailLinkRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/drill-later/:token",
    about: "The page behind the link of a reminder that puts it off. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const found = await peekReminder(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const words = html`<p>We write again in 30 days. Nothing else changes, and nobody is signed in.</p>`;
      const path = `/drill-later/${request.params.token}`;
      return page(oneButton(runtime, request, { title: "Not now?", path, words, label: "Remind me in 30 days" }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/drill-later/:token",
    about: "Puts the yearly reminder off by 30 days.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "drill-later", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const done = await putOffReminder(runtime, request.params.token, request.now);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      const words = html`<p>The next reminder comes ${time(done.value, request.now)}.</p>`;
      return page(layout(runtime, request, { title: "Put off", body: doneBody("Put off", words) }));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/still-there/:token",
    about: "The page on which a recovery contact says that they are still there. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const found = await peekStillThere(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const words = html`<p>You are a recovery contact of <strong>${found.value.username}</strong>. Should somebody ask to recover that account, we write to you, and you can stop it.</p>`;
      const path = `/still-there/${request.params.token}`;
      return page(
        oneButton(runtime, request, { title: "Are you still there?", path, words, label: "Yes, I am still there" }),
      );
    },
  }),
  defineRoute({
    method: "POST",
    path: "/still-there/:token",
    about: "A recovery contact says that they are still there.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "still-there", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const done = await confirmStillThere(runtime, request.params.token, request.now);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      const words = html`<p>${done.value.username} sees that you answered. We ask again in a year.</p>`;
      return page(layout(runtime, request, { title: "Thank you", body: doneBody("Thank you", words) }));
    },
  }),
];

/** The drill, and the links of its mails. */
export const drillPages: readonly Route[] = [...drillRoutes, ...mailLinkRoutes];
