import { z } from "zod";
import type { Account, Freeze, FreezeReason } from "../accounts/index.ts";
import {
  button,
  errorSummary,
  field,
  fieldId,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  PASSKEY_SCRIPTS,
  panel,
  passkeyButton,
  radios,
  summaryList,
  textarea,
  time,
} from "../kernel/html/index.ts";
import {
  defineRoute,
  form,
  type Guard,
  type Incoming,
  json,
  line,
  page,
  paragraph,
  refused,
  type Reply,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import { ok, refuse } from "../kernel/result.ts";
import { secret } from "../kernel/secret.ts";
import {
  appealAgainstFreeze,
  CAUSES,
  cancelCaseOfSignedIn,
  findCase,
  type RecoveryRuntime,
} from "../recovery/index.ts";
import {
  startUnlockPasskey,
  unlockAccount,
  type Unlocked,
  type UnlockFactor,
  type WaysToUnlock,
  waysToUnlock,
} from "../security-settings/index.ts";
import { CEREMONY_COOKIE, type Ceremony, endCeremonies, findFrozenCeremony, signInRefusals } from "../sign-in/index.ts";
import { answerField, EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { opened } from "./recovery-open.ts";

/** Somebody whose password was right, and whose account is frozen. */
interface FrozenActor {
  readonly ceremony: Ceremony;
  readonly account: Account;
  readonly freeze: Freeze;
}

const frozenGuard: Guard<FrozenActor> = {
  name: "password was right, account frozen",
  authorize: async (runtime, incoming) => {
    const found = await findFrozenCeremony(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return found ? ok(found) : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/sign-in",
};

const WHY: Readonly<Record<FreezeReason, string>> = {
  owner: "Somebody who was signed in, or who reads your mail, said “This was not me”. That may have been you.",
  objection: "Somebody was recovering this account, and somebody we told said “This was not me”.",
  staff: "The people who run the index froze it.",
  suspicious: "There were signs that somebody else was using it.",
};

const HELD = html`<p class="muted">While it is frozen, nobody can sign in, publish or change anything. Projects, tokens and addresses are all still there.</p>`;

/** What the owner can show, in words: “your passkey, your authenticator app or a recovery code”. */
function inWords(ways: WaysToUnlock): string {
  const all = [
    ...(ways.passkey ? ["your passkey"] : []),
    ...(ways.app ? ["your authenticator app"] : []),
    ...(ways.codes ? ["a recovery code"] : []),
  ];
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} or ${all.at(-1)}` : (all[0] ?? "");
}

/** What somebody can do about it, the one next step first. */
function nextStep(ways: WaysToUnlock | null, freeze: Freeze, caseNumber: string | null): Html {
  if (ways?.isPasswordSettled && inWords(ways) !== "")
    return html`
      <h2>Unlock it</h2>
      <p>Your password was right. Now show ${inWords(ways)}, and choose a new password.</p>
      <p>${linkButton({ href: "/frozen/unlock", label: "Unlock my account" })}</p>
      <p>Can’t do that, or is somebody else able to? <a href="/frozen/appeal">Write to us</a>.</p>`;
  const whyNot =
    ways === null
      ? html`<p>Your password was right, and we will remember that. Because of the reason above, only a person can end this freeze${freeze.until ? " before its date" : ""}.</p>`
      : ways.isPasswordSettled && !ways.isChangedLately
        ? html`<p>Your password was right, and we will remember that. To unlock the account a second factor is needed, and it has none that works.</p>`
        : html`<p>Your password was right, and we will remember that. But ${ways.isPasswordSettled ? "the second factor" : "the password"} was changed only days before the account was locked, perhaps by whoever was locked out. So a person looks at it.</p>`;
  return html`
    <h2>What you can do</h2>
    ${whyNot}
    ${
      caseNumber
        ? html`<p>Case ${caseNumber} is about this. If it is yours, <a href="/recovery">its page</a> says more. Otherwise write to us here: your words are put beside it.</p>`
        : html`<p>Write to us: it becomes a case in which your password is already proven, and one of us answers.</p>`
    }
    <p>${linkButton({ href: "/frozen/appeal", label: "Write to us about it" })}</p>
    ${freeze.until ? html`<p>Or wait: it ends by itself.</p>` : null}`;
}

async function frozenPage(runtime: RecoveryRuntime, incoming: Incoming, { account, freeze }: FrozenActor) {
  const ways = await waysToUnlock(runtime.db, account);
  const recoveryCase = freeze.caseId && (await findCase(runtime.db, freeze.caseId));
  const title = freeze.because === "owner" ? "Your account is locked" : "Your account is frozen";
  const body = html`
    <h1>${title}</h1>
    ${freeze.until ? panel({ title: "It ends by itself", date: freeze.until, now: incoming.now }) : null}
    ${summaryList([
      { key: "Account", value: account.username },
      { key: "Since", value: time(freeze.at, incoming.now) },
      { key: "Why", value: WHY[freeze.because] },
      { key: "Until", value: freeze.until ? time(freeze.until, incoming.now) : "somebody ends it" },
      ...(recoveryCase ? [{ key: "Case", value: recoveryCase.number }] : []),
    ])}
    ${nextStep(ways, freeze, recoveryCase ? recoveryCase.number : null)}
    ${HELD}`;
  return layout(runtime, incoming, { title, body });
}

const unlockByPasskey = html`
  <h2>With your passkey</h2>
  ${passkeyButton({
    ceremony: "get",
    optionsAt: "/frozen/unlock/passkey/options",
    label: "Unlock with a passkey",
    needs: fieldId("password"),
    without: "Passkeys need scripts, which this browser has switched off. Switch them on, or write to us.",
  })}`;

const unlockByCode = (state: FormState, isAlternative: boolean): Html => html`
  ${isAlternative ? html`<h2>Or with a code</h2>` : null}
  ${field({ name: "code", label: "Six-digit code from your app, or a recovery code", autocomplete: "one-time-code", error: state.errors["code"], required: true, maxlength: 64, width: "medium", spellcheck: false })}
  ${button({ label: "Unlock my account", kind: isAlternative ? "secondary" : "primary" })}`;

async function unlockPage(runtime: RecoveryRuntime, incoming: Incoming, account: Account, state: FormState) {
  const ways = await waysToUnlock(runtime.db, account);
  const body = html`
    <h1>Unlock your account</h1>
    <p>Everybody stays signed out. API tokens stay held until you release or end each of them, and publishing and changes wait for 24 hours.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/frozen/unlock",
      csrf: incoming.csrfToken,
      body: html`
        <input type="text" name="username" autocomplete="username" value="${account.username}" readonly hidden>
        ${field({ name: "password", label: "New password", type: "password", hint: "At least 8 characters, better four or five unrelated words.", autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${ways?.passkey ? unlockByPasskey : null}
        ${!ways?.passkey || ways.app || ways.codes ? unlockByCode(state, ways?.passkey ?? false) : null}`,
    })}
    <p><a href="/frozen/appeal">I can’t do that</a></p>`;
  const scripts = ways?.passkey ? PASSKEY_SCRIPTS : undefined;
  return layout(runtime, incoming, { title: "Unlock your account", body, scripts });
}

/** The answer of a passkey counts before a code; the form has room for either. */
function factorOf(answer: string | undefined, code: string | undefined, { id }: Ceremony): UnlockFactor | null {
  if (answer) return { kind: "passkey", answer, ceremonyId: id };
  return code ? { kind: "typed", code } : null;
}

const FIELD_OF = {
  "authenticators/password-short-second": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
  "authenticators/password-leaked": "password",
  "security-settings/same-password": "password",
  "authenticators/wrong": "code",
  "authenticators/code-used": "code",
  "authenticators/not-bound": "code",
  "authenticators/recovery-code-mistyped": "code",
  "authenticators/recovery-code-foreign": "code",
  "authenticators/recovery-code-used": "code",
  "authenticators/recovery-code-replaced": "code",
  "authenticators/recovery-code-unknown": "code",
} as const;

function unlockedPage(runtime: RecoveryRuntime, incoming: Incoming, { replacement, heldUntil }: Unlocked): Reply {
  const body = html`
    ${notice({ tone: "success", title: "Your account is open again", body: html`<p>Sign in with your new password.</p>` })}
    ${
      replacement
        ? html`<h1>Here is your replacement code</h1>
            <p>The recovery code you used does not work any more. Cross it out and write this one beside it; we cannot show it again.</p>
            <p class="code-large"><code>${replacement.reveal()}</code></p>`
        : html`<h1>What to look at now</h1>`
    }
    <ul>
      <li>Publishing and changes wait until ${time(heldUntil, incoming.now)}.</li>
      <li>Your API tokens are held. On the tokens page, release those you know and end the rest.</li>
      <li>Go through what was done while somebody else may have been in, and undo what was not you. That need not wait.</li>
    </ul>
    <p>${linkButton({ href: "/sign-in?next=%2Faccount%2Fundo", label: replacement ? "I have noted it, sign in" : "Sign in" })}</p>`;
  const frame = layout(runtime, incoming, { title: "Your account is open again", body });
  return page(frame, { cookies: [{ name: CEREMONY_COOKIE, value: null }] });
}

const APPEAL_CAUSES = ["frozen", "compromised"] as const;

function appealPage(runtime: RecoveryRuntime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Write to us about the freeze</h1>
    <p>Your password was right. That is the first proof, and it is carried along.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/frozen/appeal",
      csrf: incoming.csrfToken,
      body: html`
        ${radios({
          name: "cause",
          label: "What fits best?",
          options: [
            {
              value: "frozen",
              label: "I want it open again",
              hint: "I think the freeze is a mistake, or I cannot unlock it.",
            },
            { value: "compromised", label: CAUSES.compromised, hint: "Or somebody was, and may have changed things." },
          ],
          value: state.values["cause"],
          error: state.errors["cause"],
        })}
        ${field({ name: "contact", label: "Where can we write to you?", type: "email", hint: "An address whose mail you can read now. If it is the one on the account, that already proves something.", autocomplete: "email", value: state.values["contact"], error: state.errors["contact"], required: true, maxlength: 254 })}
        ${textarea({ name: "story", label: "What should we know? (optional)", hint: "Please no passwords, codes or tokens.", value: state.values["story"], error: state.errors["story"], maxlength: 4000, rows: 5 })}
        ${button({ label: "Send it" })}`,
    })}
    <p>The addresses of the account are told that a case was opened.</p>`;
  return layout(runtime, incoming, { title: "Write to us about the freeze", body });
}

type Noted = { readonly caseNumber: string; readonly told: string | null };

function notedPage(runtime: RecoveryRuntime, incoming: Incoming, noted: Noted): Html {
  const body = html`
    ${notice({ tone: "success", title: "Your words are with the desk", body: html`<p>They lie beside case ${noted.caseNumber}, which is about this account. Nobody else can read them.</p>` })}
    ${noted.told === null ? null : notice({ tone: "warning", title: "Something you wrote was cut out", body: html`<p>${noted.told}</p>` })}
    <h1>What happens next</h1>
    <p>Frozen accounts are looked at first. One of us writes to the address you gave. Until then the account stays as it is, and nothing on it can change.</p>`;
  return layout(runtime, incoming, { title: "Your words are with the desk", body });
}

/** The honest page of a frozen account, and what can be done from it. */
export const frozenRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/frozen",
    about: "Since when, why and until when an account is frozen, and what to do; after a right password.",
    guard: frozenGuard,
    handle: async (_, request) => page(await frozenPage(runtime, request, request.actor)),
  }),
  defineRoute({
    method: "GET",
    path: "/frozen/unlock",
    about: "The form with which an owner undoes their own lock.",
    guard: frozenGuard,
    handle: async (_, request) => page(await unlockPage(runtime, request, request.actor.account, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/frozen/unlock/passkey/options",
    about: "What a browser needs to show a passkey that was there before the lock.",
    guard: frozenGuard,
    limit: { bucket: "passkey-options", limit: 240, windowSeconds: 300 },
    body: form({}),
    handle: async (_, request) => {
      const { account, ceremony } = request.actor;
      const options = await startUnlockPasskey(runtime, { account, ceremonyId: ceremony.id, now: request.now });
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/frozen/unlock",
    about: "Unlocks an account that its owner locked, with a second factor and a new password.",
    guard: frozenGuard,
    limit: { bucket: "second-factor", limit: 60, windowSeconds: 300 },
    body: form({
      code: line({ max: 64, min: 0 }).optional(),
      answer: z.union([z.literal(""), answerField]).optional(),
      password: secretText(1024),
      username: line({ max: 64 }).optional(),
    }),
    invalid: async (_, request, invalid) =>
      page(await unlockPage(runtime, request, request.actor.account, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const { account, ceremony } = request.actor;
      const { code, answer, password } = request.body;
      const factor = factorOf(answer, code, ceremony);
      if (!factor) {
        const state = { errors: { code: "Please enter the code." }, values: {} };
        return page(await unlockPage(runtime, request, account, state), { status: 422 });
      }
      const unlock = {
        accountId: account.id,
        factor,
        newPassword: secret(password),
        source: request.source,
        now: request.now,
      };
      const done = await unlockAccount(runtime, unlock, async (tx, unlocked) => {
        await endCeremonies(tx, unlocked.id);
        await cancelCaseOfSignedIn(tx, runtime, unlocked);
      });
      if (done.ok) return unlockedPage(runtime, request, done.value);
      const state = refusedState(done.refusal, {}, FIELD_OF);
      return formAgain(request, done.refusal, await unlockPage(runtime, request, account, state));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/frozen/appeal",
    about: "The form for an appeal against a freeze.",
    guard: frozenGuard,
    handle: async (_, request) => page(appealPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/frozen/appeal",
    about: "Opens a case about the freeze, or puts the words into the one there is.",
    guard: frozenGuard,
    limit: { bucket: "open-case", limit: 10, windowSeconds: 3600 },
    body: form({
      contact: line({ max: 254, missing: "Please tell us where we can write to you." }),
      cause: z.enum(APPEAL_CAUSES, "Please choose what fits best."),
      story: paragraph({ max: 4000 }).optional().default(""),
    }),
    invalid: async (_, request, invalid) => page(appealPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const { account, ceremony } = request.actor;
      const { contact, cause, story } = request.body;
      const done = await appealAgainstFreeze(runtime, {
        account,
        passwordAt: ceremony.passwordAt,
        contact,
        cause,
        story,
        source: request.source,
        now: request.now,
      });
      if (done.ok && done.value.kind === "opened") return opened(runtime, request, done.value.opened);
      if (done.ok && done.value.kind === "noted") return page(notedPage(runtime, request, done.value));
      if (done.ok) throw new Error("An appeal is opened or noted."); // for the compiler
      const state = refusedState(done.refusal, { contact, cause, story }, { "accounts/address-shape": "contact" });
      return formAgain(request, done.refusal, appealPage(runtime, request, state));
    },
  }),
];
