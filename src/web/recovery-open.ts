import { z } from "zod";
import {
  button,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  radios,
  textarea,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  line,
  page,
  paragraph,
  redirect,
  type Reply,
  type Route,
} from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  CASE_COOKIE,
  type Cause,
  CAUSES,
  findCaseByLink,
  mailCaseCode,
  type OpenedCase,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  recoveryRefusals,
  type RecoveryRuntime,
  settleContact,
} from "../recovery/index.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { type CeremonyActor, ceremonyGuard } from "./sign-in.ts";
import { shownInWords } from "./stuck.ts";

export const causeField = z.enum(Object.keys(CAUSES) as [Cause, ...Cause[]], "Please choose what fits best."); // the keys of CAUSES are its causes
const contactField = line({ max: 254, missing: "Please tell us where we can write to you." });
const storyField = paragraph({ max: 4000 }).optional().default("");

const causeChoice = (state: FormState, causes: readonly Cause[]) =>
  radios({
    name: "cause",
    label: "What happened?",
    options: causes.map((cause) => ({ value: cause, label: CAUSES[cause] })),
    value: state.values["cause"],
    error: state.errors["cause"],
  });

const contactInput = (state: FormState) =>
  field({
    name: "contact",
    label: "Where can we write to you?",
    type: "email",
    hint: "An address whose mail you can read now. If it is the one on the account, that already proves something.",
    autocomplete: "email",
    value: state.values["contact"],
    error: state.errors["contact"],
    required: true,
    maxlength: 254,
  });

const storyInput = (state: FormState) =>
  textarea({
    name: "story",
    label: "Anything that helps us to understand (optional)",
    hint: "Please no passwords, codes or tokens. Public facts about your projects do not help, since anybody knows them.",
    value: state.values["story"],
    error: state.errors["story"],
    maxlength: 4000,
    rows: 5,
  });

function formPage(runtime: Runtime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Get back into your account</h1>
    <p>If you still know your password, <a href="/sign-in">sign in</a> as far as it goes: what you prove there counts here. Otherwise start with this form. It is private, takes two minutes, and everything but your name and an address is optional.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/recovery",
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "username", label: "Your username", hint: "As well as you remember it. A typing mistake does no harm. If you forgot it, write your mail address.", autocomplete: "username", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 254, spellcheck: false })}
        ${contactInput(state)}
        ${causeChoice(state, Object.keys(CAUSES) as Cause[])}
        ${storyInput(state)}
        ${button({ label: "Open a recovery case" })}`,
    })}
    <h2>What happens next</h2>
    <ol>
      <li>You get one mail with a link and a code.</li>
      <li>On your case page you prove, in ways you choose, that the account is yours.</li>
      <li>Everybody who should know is told, and a waiting time runs in which the owner can object.</li>
    </ol>
    ${runtime.supportAddress === undefined ? null : html`<p>You can also write to <strong>${runtime.supportAddress}</strong>, best from the mailbox on the account. It opens the same private case.</p>`}
    <p>We never telephone, and nobody can make this go faster: that protects you from whoever would like to.</p>`;
  return layout(runtime, incoming, { title: "Get back into your account", body });
}

function stuckPage(runtime: Runtime, incoming: Incoming, { ceremony }: CeremonyActor, state: FormState): Html {
  const isNewDevice = ceremony.confirmingSince !== null;
  const first = state.values["cause"] === undefined && isNewDevice ? { cause: "new-device" } : {};
  const body = html`
    <h1>Open a recovery case</h1>
    <p>${shownInWords(ceremony.factors)}. ${isNewDevice && ceremony.factors.length > 1 ? "The password is the first proof; both are" : "That is the first proof, and it is"} carried along.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/sign-in/stuck/case",
      csrf: incoming.csrfToken,
      body: html`
        ${causeChoice(
          { ...state, values: { ...first, ...state.values } },
          isNewDevice
            ? ["new-device", "mailbox", "recovery-codes", "compromised", "other"]
            : ["second-factor", "recovery-codes", "mailbox", "compromised", "other"],
        )}
        ${contactInput(state)}
        ${storyInput(state)}
        ${button({ label: "Open a recovery case" })}`,
    })}
    <p>Your account's addresses, co-owners and open sessions are told at once, and each can stop this with one click.</p>`;
  return layout(runtime, incoming, { title: "Open a recovery case", body });
}

/** The case code, shown this once, with the way on to the case page. */
export function opened(runtime: Runtime, incoming: Incoming, done: OpenedCase): Reply {
  const { recoveryCase } = done;
  const body = html`
    ${notice({ tone: "success", title: `Case ${recoveryCase.number} is open`, body: html`<p>We have written to the address you gave us, with a link to your case page.</p>` })}
    ${done.told === null ? null : notice({ tone: "warning", title: "Something you wrote was cut out", body: html`<p>${done.told}</p>` })}
    <h1>Note your case code</h1>
    <p>With the link from the mail and this code you can come back from any browser, and at the end it shows that it is you. We show it only now.</p>
    <p class="code-large"><code>${done.code.reveal()}</code></p>
    <p>Write it down or keep it in your password manager. Nobody of us will ever ask you for it.</p>
    <p>${linkButton({ href: "/recovery/case", label: "I have noted it, go to my case" })}</p>`;
  const cookies = [{ name: CASE_COOKIE, value: done.pageToken.reveal() }];
  return page(layout(runtime, incoming, { title: "Note your case code", body }), { cookies });
}

function openLinkPage(runtime: Runtime, incoming: Incoming, token: string, number: string, state: FormState): Html {
  const body = html`
    <h1>Open case ${number}</h1>
    <p>Enter the case code you noted when you opened the case, or the eight-digit code from our newest mail.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: `/recovery/open/${token}`,
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "code", label: "Code", autocomplete: "one-time-code", error: state.errors["code"], required: true, maxlength: 64, spellcheck: false })}
        ${button({ label: "Open my case page" })}`,
    })}
    <h2>No code at hand?</h2>
    <p>We can mail a new one to the address you gave for this case.</p>
    ${formElement({ action: `/recovery/open/${token}/mail-code`, csrf: incoming.csrfToken, body: button({ label: "Mail me a code", kind: "secondary" }) })}`;
  return layout(runtime, incoming, { title: `Open case ${number}`, body });
}

const noSuchCase = (runtime: Runtime, incoming: Incoming): Reply => {
  const refusal = recoveryRefusals["no-such-case"]();
  return page(refusalPage(runtime, refusal, incoming), { status: refusal.status });
};

/** The public ways into a case: the form, the stuck screen, and the link from the mail. */
export const recoveryOpenRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/recovery",
    about: "The public form for somebody who cannot sign in.",
    guard: anyone,
    handle: async (_, request) => page(formPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/recovery",
    about: "Opens a case; the answer is the same whatever the name.",
    guard: anyone,
    limit: { bucket: "open-case", limit: 10, windowSeconds: 3600 },
    floorMilliseconds: 100,
    body: form({
      username: line({ max: 254, missing: "Please write your username, as well as you remember it." }),
      contact: contactField,
      cause: causeField,
      story: storyField,
    }),
    invalid: async (_, request, invalid) => page(formPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const { username, contact, cause, story } = request.body;
      const done = await openFromForm(runtime, {
        claimedName: username,
        contact,
        cause,
        story,
        source: request.source,
        now: request.now,
      });
      if (done.ok) return opened(runtime, request, done.value);
      const state = refusedState(
        done.refusal,
        { username, contact, cause, story },
        { "accounts/address-shape": "contact" },
      );
      return formAgain(request, done.refusal, formPage(runtime, request, state));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/sign-in/stuck/case",
    about: "The form for a case, with the right password carried along.",
    guard: ceremonyGuard,
    handle: async (_, request) => page(stuckPage(runtime, request, request.actor, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/stuck/case",
    about: "Opens a case in which the password is already proven.",
    guard: ceremonyGuard,
    limit: { bucket: "open-case", limit: 10, windowSeconds: 3600 },
    body: form({ contact: contactField, cause: causeField, story: storyField }),
    invalid: async (_, request, invalid) =>
      page(stuckPage(runtime, request, request.actor, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const { contact, cause, story } = request.body;
      const { account, ceremony } = request.actor;
      const done = await openFromStuckScreen(runtime, {
        account,
        passwordAt: ceremony.passwordAt,
        shown: ceremony.factors,
        contact,
        cause,
        story,
        source: request.source,
        now: request.now,
      });
      if (done.ok) return opened(runtime, request, done.value);
      const state = refusedState(done.refusal, { contact, cause, story }, { "accounts/address-shape": "contact" });
      return formAgain(request, done.refusal, stuckPage(runtime, request, request.actor, state));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/recovery/open/:token",
    about: "The page behind the link in our mail: asks for the code.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const found = await findCaseByLink(runtime, request.params.token, request.now);
      return found
        ? page(openLinkPage(runtime, request, request.params.token, found.number, EMPTY))
        : noSuchCase(runtime, request);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/recovery/open/:token",
    about: "Opens the case page with a code; a mailed code is spent and proves the mailbox.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "open-case-page", limit: 60, windowSeconds: 3600 },
    body: form({ code: codeField }),
    invalid: async (_, request, invalid) => {
      const { token } = request.params;
      const found = await findCaseByLink(runtime, token, request.now);
      if (!found) return noSuchCase(runtime, request);
      return page(openLinkPage(runtime, request, token, found.number, invalidState(invalid)), { status: 422 });
    },
    handle: async (_, request) => {
      const { token } = request.params;
      const found = await findCaseByLink(runtime, token, request.now);
      if (!found) return noSuchCase(runtime, request);
      const opened = await openCasePage(runtime, found, request.body.code, request.now, (tx) =>
        settleContact(tx, runtime, found),
      );
      if (!opened.ok)
        return formAgain(
          request,
          opened.refusal,
          openLinkPage(runtime, request, token, found.number, refusedState(opened.refusal, {})),
        );
      return redirect("/recovery/case", { cookies: [{ name: CASE_COOKIE, value: opened.value.token.reveal() }] });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/recovery/open/:token/mail-code",
    about: "Mails a fresh code to the contact address.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "open-case-page", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (_, request) => {
      const found = await findCaseByLink(runtime, request.params.token, request.now);
      if (!found) return noSuchCase(runtime, request);
      const sent = await mailCaseCode(runtime, found, request.now);
      const state = sent.ok ? EMPTY : refusedState(sent.refusal, {});
      return sent.ok
        ? redirect(`/recovery/open/${request.params.token}`)
        : formAgain(request, sent.refusal, openLinkPage(runtime, request, request.params.token, found.number, state));
    },
  }),
];
