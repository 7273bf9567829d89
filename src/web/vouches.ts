import { z } from "zod";
import { findAccount, listAccounts } from "../accounts/index.ts";
import { evidenceRefusals, findVouch, listVouchesOf, SPOKE_BY, type Vouch } from "../evidence/index.ts";
import {
  badge,
  button,
  emptyState,
  errorSummary,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  select,
  table,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, page, redirect, type Route } from "../kernel/http/index.ts";
import { isId, type VouchId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { answerInCase, type RecoveryRuntime } from "../recovery/index.ts";
import { listSharedWith } from "../registry/index.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";

const PATH = "/account/vouches";

const ANSWERS = {
  vouched: "You vouched",
  "gave-code": "You had a code shown",
  declined: "You declined",
  "not-them": "You said that it was not them",
} as const;

const isOpen = (one: Vouch, now: Date): boolean => one.answer === null && one.expiresAt > now;

/** On the account page: somebody asks to be spoken for. */
export async function vouchNotice(runtime: Runtime, request: AccountRequest): Promise<Html | null> {
  const open = (await listVouchesOf(runtime.db, request.actor.account.id)).filter((one) => isOpen(one, request.now));
  const [first] = open;
  if (!first) return null;
  return notice({
    tone: "warning",
    title:
      open.length === 1 ? "Somebody asks you to speak for them" : `${open.length} people ask you to speak for them`,
    body: html`<p>They say that they cannot get into their account. Speak with them before you answer.</p><p>${linkButton({ href: open.length === 1 ? `${PATH}/${first.id}` : PATH, label: "Look at it", kind: "secondary" })}</p>`,
  });
}

async function listPage(runtime: Runtime, request: AccountRequest): Promise<Html> {
  const all = await listVouchesOf(runtime.db, request.actor.account.id);
  const names = new Map(
    (
      await listAccounts(
        runtime.db,
        all.map((one) => one.accountId),
      )
    ).map((one) => [one.id, one.username]),
  );
  const body = html`
    <h1>People who ask you to speak for them</h1>
    <p>When somebody you share a project with cannot get in, or has named you as recovery contact, you can say whether it is really them. <a href="/help/vouching">How it works</a></p>
    ${
      all.length === 0
        ? emptyState({ title: "Nobody has asked", body: html`<p>You need do nothing.</p>` })
        : table({
            caption: "Asked",
            columns: [{ label: "Who", isRowHeader: true }, "Asked", "Your answer"],
            rows: all.map((one) => [
              isOpen(one, request.now)
                ? html`<a href="${PATH}/${one.id}">${names.get(one.accountId) ?? "Somebody"}</a>`
                : (names.get(one.accountId) ?? "Somebody"),
              time(one.askedAt, request.now),
              one.answer
                ? ANSWERS[one.answer]
                : isOpen(one, request.now)
                  ? badge({ tone: "warning", text: "Open" })
                  : badge({ tone: "neutral", text: "Ran out" }),
            ]),
            empty: "",
          })
    }`;
  return accountFrame(runtime, request, "People who ask you to speak for them", body);
}

const sharedList = async (runtime: Runtime, one: Vouch, now: Date): Promise<Html> => {
  const shared = (await listSharedWith(runtime.db, one.accountId)).get(one.personId) ?? [];
  return html`<ul>${shared.slice(0, 20).map(({ name, since }) => html`<li>${name}, together since ${time(since, now, "date")}</li>`)}</ul>`;
};

async function askedPage(runtime: Runtime, request: AccountRequest, one: Vouch, state: FormState): Promise<Html> {
  const username = (await findAccount(runtime.db, one.accountId))?.username ?? "somebody";
  const isVouch = one.kind === "vouch";
  const answer = (value: string, body: Html) =>
    formElement({
      action: `${PATH}/${one.id}`,
      csrf: request.csrfToken,
      body: html`${hidden("answer", value)}${body}`,
    });
  const body = html`
    <h1>Is it really ${username}?</h1>
    <p class="lead">Somebody says that they are ${username} and cannot get into their account. Asked ${time(one.askedAt, request.now)}.</p>
    ${notice({
      tone: "warning",
      title: "Call them first",
      body: html`<p>Use a number or a channel you already used with ${username}, and hear or see them. Do not trust the mail, a message, or a number you were given today: whoever wants the account can write those.</p>`,
    })}
    ${
      isVouch
        ? html`<h2>What you share</h2>${await sharedList(runtime, one, request.now)}
            <h2>What vouching means</h2>
            <p>You say that you have spoken with ${username}, and that it is they who ask. It counts together with other proofs, for what the two of you share and for nothing else, and your name is kept with it. If you are wrong, somebody else may publish what you share.</p>`
        : html`<h2>What the code means</h2>
            <p>You have a code of eight digits shown, and read it to ${username} on the telephone. It counts together with other proofs. You never see their account, and they are not told anything of yours.</p>`
    }
    ${errorSummary(state.errors, state.general)}
    ${answer(
      "them",
      html`
        ${select({
          name: "how",
          label: `How did you speak with ${username}?`,
          value: state.values["how"] ?? "",
          options: [
            { value: "", label: "Please choose" },
            { value: "in-person", label: "We met" },
            { value: "video", label: "By video, and I saw them" },
            { value: "telephone", label: "By telephone, and I know their voice" },
          ],
          error: state.errors["how"],
        })}
        ${button({ label: isVouch ? `I spoke with ${username}: it is them` : "It is them: show me the code" })}`,
    )}
    <h2>Or</h2>
    <div class="actions">
      ${answer("declined", button({ label: "I cannot say", kind: "secondary" }))}
      ${answer("not-them", button({ label: "This is not them", kind: "danger" }))}
    </div>
    <p class="muted">“I cannot say” has no effect on them, and they are not told. “This is not them” speaks against whoever asks, and people look at it. To stop the recovery at once, use the button behind the link in our mail about it.</p>`;
  return layout(runtime, request, {
    title: `Is it really ${username}?`,
    body,
    signedInAs: request.actor.account.username,
  });
}

function codePage(
  runtime: Runtime,
  request: AccountRequest,
  username: string,
  shown: { readonly code: string; readonly expiresAt: Date },
): Html {
  const body = html`
    <h1>Read this to ${username}</h1>
    <p class="code-large"><code>${shown.code.slice(0, 4)} ${shown.code.slice(4)}</code></p>
    <p>On the telephone or face to face, to the person you have just spoken with. Never in a message, and never to somebody who calls you.</p>
    <p>It works once, until ${time(shown.expiresAt, request.now)}.</p>
    <p>We show it this once. If it is lost, have another one shown on the same page.</p>
    <p>${linkButton({ href: PATH, label: "Done", kind: "secondary" })}</p>`;
  return layout(runtime, request, {
    title: `Read this to ${username}`,
    body,
    signedInAs: request.actor.account.username,
  });
}

const vouchParam = z.strictObject({
  vouch: z
    .string()
    .max(64)
    .refine((id) => isId("vch", id)),
});
const vouchIdOf = (params: unknown) => (params as { readonly vouch: string }).vouch as VouchId; // vouchParam has checked its shape

/** Speaking for somebody: who asks, and the answer. */
export const vouchRoutes = (runtime: RecoveryRuntime): readonly Route[] => {
  const show = async (request: AccountRequest, state: FormState, status = 200) => {
    const one = await findVouch(runtime.db, vouchIdOf(request.params), request.actor.account.id);
    const isAgain = one?.answer === "gave-code" && one.expiresAt > request.now;
    if (!one || (!isOpen(one, request.now) && !isAgain)) {
      return status === 200
        ? redirect(PATH)
        : page(refusalPage(runtime, evidenceRefusals["not-asked"](), request), { status: 404 });
    }
    return page(await askedPage(runtime, request, one, state), { status });
  };
  return [
    defineRoute({
      method: "GET",
      path: PATH,
      about: "Who asked the subscriber to speak for them.",
      guard: freshSubscriberGuard,
      handle: async (_, request) => page(await listPage(runtime, request)),
    }),
    defineRoute({
      method: "GET",
      path: `${PATH}/:vouch`,
      about: "Somebody asks to be spoken for: what it means, and the answers there are.",
      guard: freshSubscriberGuard,
      params: vouchParam,
      handle: (_, request) => show(request, EMPTY),
    }),
    defineRoute({
      method: "POST",
      path: `${PATH}/:vouch`,
      about: "Vouches, has the code for a claimant shown, declines, or says that it is not them.",
      guard: freshSubscriberGuard,
      limit: { bucket: "vouches", limit: 30, windowSeconds: 3600 },
      params: vouchParam,
      body: form({
        answer: z.enum(["them", "declined", "not-them"], "Please choose an answer."),
        how: z.enum([...SPOKE_BY, ""], "Please choose one.").optional(),
      }),
      invalid: (_, request, invalid) => show(request, invalidState(invalid), 422),
      handle: async (_, request) => {
        const { answer, how } = request.body;
        if (answer === "them" && !how) {
          return show(
            request,
            { ...EMPTY, errors: { how: "Please speak with them first, and say how you did." } },
            422,
          );
        }
        const said =
          answer === "them" && how
            ? ({ answer, spokeBy: how } as const)
            : ({ answer: answer === "not-them" ? answer : "declined" } as const);
        const done = await answerInCase(
          runtime,
          request.actor.account,
          { id: vouchIdOf(request.params), said },
          request.now,
        );
        if (!done.ok) {
          const one = await findVouch(runtime.db, vouchIdOf(request.params), request.actor.account.id);
          if (!one || !isOpen(one, request.now))
            return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
          return formAgain(
            request,
            done.refusal,
            await askedPage(runtime, request, one, refusedState(done.refusal, {})),
          );
        }
        const { code, vouch: answered } = done.value;
        if (!code) return redirect(PATH);
        const username = (await findAccount(runtime.db, answered.accountId))?.username ?? "them";
        return page(codePage(runtime, request, username, { code: code.code.reveal(), expiresAt: code.expiresAt }));
      },
    }),
  ];
};
