import { z } from "zod";
import { describeAct } from "../audit/index.ts";
import {
  badge,
  button,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  notice,
  radios,
  table,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, line, page, redirect, type Route } from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import {
  beginUndo,
  type Choice,
  decideChange,
  finishUndo,
  isOpen,
  isUndoUrged,
  type Item,
  type Listing,
  type UndoView,
  viewUndo,
} from "../undo/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { selfOf } from "./setup.ts";

/* After somebody else was in the account: what was done in that time, one question a page, each kept or undone. */

const PATH = "/account/undo";
const ALL = `${PATH}/all`;
const TITLE = "What happened while somebody else was in?";
const LIMIT = { bucket: "undo", limit: 600, windowSeconds: 3600 };

/** As for every sensitive act; whoever is sent to show both authenticators comes back to the wizard. */
const undoGuard: typeof freshSubscriberGuard = {
  ...freshSubscriberGuard,
  signInAt: (incoming, refusal) =>
    freshSubscriberGuard.signInAt?.(
      incoming.method === "GET" ? incoming : { ...incoming, method: "GET", path: PATH },
      refusal,
    ) ?? null,
};

/** What the account's page says where there is something to go through. */
export async function undoNotice(runtime: Runtime, request: AccountRequest): Promise<Html | null> {
  if (!(await isUndoUrged(runtime.db, selfOf(request)))) return null;
  return notice({
    tone: "warning",
    title: "Was somebody else in your account?",
    body: html`<p>Go through what was done in that time, and undo what was not you. What is on hold does not stand in the way.</p><p><a href="${PATH}">Look at what happened</a></p>`,
  });
}

const nothingPage = (runtime: Runtime, request: AccountRequest): Html =>
  accountFrame(
    runtime,
    request,
    TITLE,
    html`
      <h1>Nothing to go through</h1>
      <p class="lead">This page is for the 90 days after you got your account back: by a recovery, or by unlocking it.</p>
      <p>Everything that happened is in <a href="/account/history">your account’s history</a>. If you think that somebody else is in your account now, lock it first.</p>
      <p class="actions">${linkButton({ href: "/account/lock", label: "Lock my account", kind: "danger" })}</p>`,
  );

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** The first question: since when. */
function sincePage(runtime: Runtime, request: AccountRequest, { turn, listing }: UndoView, state: FormState): Html {
  const { moments, regained } = turn;
  const { now } = request;
  const body = html`
    <h1>Since when may somebody else have been in your account?</h1>
    <p>We then show you what was done from that moment until ${time(regained.at, now, "date")}, when you got it back. Nothing is undone before you say so.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: PATH,
      csrf: request.csrfToken,
      body: html`
        ${radios({
          name: "since",
          label: "Since",
          value: state.values["since"] ?? "settled",
          error: state.errors["since"],
          options: [
            {
              value: "settled",
              label: html`A week before the first sign of trouble: ${time(moments.settled, now, "date")}`,
              hint: "Best if you do not know. A thief is seldom noticed at once.",
            },
            {
              value: "just-before",
              label: html`Just before the first sign of trouble: ${time(moments.justBefore, now, "date")}`,
              hint: html`The sign was “${describeAct(moments.sign)}”, ${time(moments.sign.at, now, "date")}.`,
            },
            { value: "day", label: "Another day, which I name below" },
          ],
        })}
        ${field({ name: "day", label: "The other day", type: "date", hint: html`Between ${day(moments.earliest)} and ${day(regained.at)}. It counts from the first minute of that day, in UTC.`, value: state.values["day"], error: state.errors["day"], width: "short" })}
        ${button({ label: "Show me what happened" })}`,
    })}
    ${listing ? html`<p><a href="${ALL}">Back to the list</a></p>` : null}`;
  return layout(runtime, request, { title: TITLE, body, signedInAs: request.actor.account.username });
}

/** Both buttons of one change; on the list they carry its words for those who do not see the row. */
function buttons(request: AccountRequest, item: Item, from: "one" | "all"): Html {
  const about = from === "all" ? html`<span class="visually-hidden">: ${item.what}</span>` : null;
  const one = (verdict: string, label: Html | string, kind: "primary" | "secondary" | "danger") =>
    formElement({
      action: `${PATH}/decide`,
      csrf: request.csrfToken,
      body: html`${hidden("change", item.key)}${hidden("verdict", verdict)}${hidden("from", from)}${button({ label: html`${label}${about}`, kind })}`,
    });
  return html`<div class="${from === "all" ? "row-actions" : "actions"}">
    ${one("undone", item.undo, from === "all" ? "secondary" : "danger")}
    ${item.decision ? null : one("kept", from === "all" ? "Keep" : "It was me, keep it", "secondary")}
  </div>`;
}

function onePage(runtime: Runtime, request: AccountRequest, listing: Listing, item: Item, state: FormState): Html {
  const decided = listing.items.filter((one) => one.decision !== null).length;
  const left = listing.items.filter(isOpen).length;
  const body = html`
    <p class="muted">${decided + 1} of ${decided + left} · ${item.title}</p>
    <h1>Was this you?</h1>
    ${errorSummary(state.errors, state.general)}
    <p class="lead">${item.what}</p>
    <p>${time(item.at, request.now)}</p>
    ${buttons(request, item, "one")}
    <p class="muted">Undoing tells everybody concerned by mail. You can stop at any time and go on later. <a href="${ALL}">See all at once</a></p>`;
  return layout(runtime, request, { title: "Was this you?", body, signedInAs: request.actor.account.username });
}

const STATE = {
  undone: { tone: "success", text: "Undone" },
  kept: { tone: "neutral", text: "Kept" },
} as const;

function stateOf(item: Item): Html {
  if (item.decision) return badge(STATE[item.decision.verdict]);
  return item.over === null
    ? badge({ tone: "warning", text: "To decide" })
    : html`<span class="muted">${item.over}</span>`;
}

function listPage(runtime: Runtime, request: AccountRequest, view: UndoView, listing: Listing, state: FormState): Html {
  const { items, told, review } = listing;
  const left = items.filter(isOpen).length;
  const { now } = request;
  const finish = formElement({
    action: `${PATH}/finish`,
    csrf: request.csrfToken,
    body: button({ label: "Finish, and go to the check-up", kind: left === 0 ? "primary" : "secondary" }),
  });
  const groups = Map.groupBy(items, (item) => item.title);
  const body = html`
    <h1>${left === 0 ? "You have been through all of it" : TITLE}</h1>
    <p class="lead">${left === 0 ? (items.length === 0 ? "Nothing that could be undone was done in that time." : "Nothing is left to decide.") : left === 1 ? "One thing is left to decide." : `${left} things are left to decide.`}</p>
    <p>From ${time(review.since, now, "date")} until ${time(view.turn.regained.at, now, "date")}, when you got your account back. <a href="${PATH}?step=since">Begin at another moment</a></p>
    ${errorSummary(state.errors, state.general)}
    <div class="actions">${left > 0 ? linkButton({ href: PATH, label: "Go through them one by one" }) : null}${finish}</div>
    ${[...groups].map(([title, group]) =>
      table({
        caption: title,
        columns: [{ label: "What", isRowHeader: true }, "When", "State", ""],
        rows: group.map((item) => [
          item.what,
          time(item.at, now, "date"),
          stateOf(item),
          item.over === null && item.decision?.verdict !== "undone" ? buttons(request, item, "all") : "",
        ]),
        empty: "",
      }),
    )}
    ${
      told.length === 0
        ? null
        : table({
            caption: "What cannot be undone here",
            columns: [{ label: "What", isRowHeader: true }, "When", "What you can do"],
            rows: told.map((one) => [one.what, time(one.at, now, "date"), one.hint]),
            empty: "",
          })
    }
    <p class="muted">What somebody else has decided since about the same thing is not offered. Releases are yanked: installers pass them over, and nothing is deleted. Everything that happened is in <a href="/account/history">your account’s history</a>.</p>`;
  return accountFrame(runtime, request, TITLE, body);
}

interface Shown {
  readonly step: "next" | "since" | "all";
  readonly state: FormState;
}

async function undoPage(runtime: Runtime, request: AccountRequest, { step, state }: Shown): Promise<Html> {
  const view = await viewUndo(runtime.db, selfOf(request));
  if (!view) return nothingPage(runtime, request);
  const { listing } = view;
  if (!listing || step === "since") return sincePage(runtime, request, view, state);
  const next = step === "next" ? listing.items.find(isOpen) : undefined;
  return next ? onePage(runtime, request, listing, next, state) : listPage(runtime, request, view, listing, state);
}

const again = async (
  runtime: Runtime,
  request: AccountRequest,
  refusal: Refusal,
  shown: Omit<Shown, "state">,
  fields = {},
) =>
  formAgain(
    request,
    refusal,
    await undoPage(runtime, request, {
      ...shown,
      state: refusedState(refusal, {}, fields),
    }),
  );

/** The day that was named, as the first moment of it in UTC; an invalid date where none was. */
const choiceOf = (since: Choice["kind"], named: string | undefined): Choice =>
  since === "day" ? { kind: since, day: new Date(`${named ?? ""}T00:00:00Z`) } : { kind: since };

export const undoRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/undo",
    about: "After somebody else was in the account: the next question about what was done in that time.",
    guard: undoGuard,
    query: z.strictObject({ step: z.literal("since").optional() }),
    handle: async (runtime, request) =>
      page(await undoPage(runtime, request, { step: request.query.step ?? "next", state: EMPTY })),
  }),
  defineRoute({
    method: "GET",
    path: ALL,
    about: "Everything that was done while somebody else was in the account, with what was decided about it.",
    guard: undoGuard,
    handle: async (runtime, request) => page(await undoPage(runtime, request, { step: "all", state: EMPTY })),
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    about: "Says since when somebody else may have been in the account.",
    guard: undoGuard,
    limit: LIMIT,
    body: form({
      since: z.enum(["settled", "just-before", "day"], "Please choose one of the moments."),
      day: z
        .union(
          [z.literal(""), z.iso.date("Please write the day as in 2026-11-30.")],
          "Please write the day as in 2026-11-30.",
        )
        .optional(),
    }),
    invalid: async (runtime, request, invalid) =>
      page(await undoPage(runtime, request, { step: "since", state: invalidState(invalid) }), { status: 422 }),
    handle: async (runtime, request) => {
      const { since, day: named } = request.body;
      const begun = await beginUndo(runtime, selfOf(request), choiceOf(since, named));
      if (begun.ok) return redirect(PATH);
      return again(runtime, request, begun.refusal, { step: "since" }, { "undo/bad-moment": "day" });
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/decide`,
    about: "Keeps one thing that was done, or undoes it.",
    guard: undoGuard,
    limit: LIMIT,
    body: form({
      change: line({ max: 300 }),
      verdict: z.enum(["kept", "undone"], "Please choose one of the two."),
      from: z.enum(["one", "all"]).optional(),
    }),
    invalid: async (runtime, request, invalid) =>
      page(await undoPage(runtime, request, { step: "all", state: invalidState(invalid) }), { status: 422 }),
    handle: async (runtime, request) => {
      const { change, verdict, from } = request.body;
      const decided = await decideChange(runtime, selfOf(request), { key: change, verdict });
      if (decided.ok) return redirect(from === "all" ? ALL : PATH);
      return again(runtime, request, decided.refusal, { step: "all" });
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/finish`,
    about: "Ends going through what was done, and leads to the check-up.",
    guard: undoGuard,
    limit: LIMIT,
    body: form({}),
    handle: async (runtime, request) => {
      const finished = await finishUndo(runtime, selfOf(request));
      return finished.ok ? redirect("/account/check-up") : again(runtime, request, finished.refusal, { step: "next" });
    },
  }),
];
