import { z } from "zod";
import { findAccount } from "../../accounts/index.ts";
import { DRAFT_FIELDS, keepDraft, listPresent, LONGEST_DRAFT, notePresence } from "../../desk/index.ts";
import { button, form as formElement, hidden, html, type Html, liveRegion, time } from "../../kernel/html/index.ts";
import {
  defineRoute,
  form,
  type HttpRequest,
  json,
  page,
  paragraph,
  redirect,
  refused,
  type Route,
} from "../../kernel/http/index.ts";
import type { AccountId } from "../../kernel/ids.ts";
import {
  assignCases,
  findCaseByNumber,
  type RecoveryCase,
  recoveryRefusals,
  type RecoveryRuntime,
} from "../../recovery/index.ts";
import { type StaffActor, staffGuard, watchingStaffGuard } from "../../sessions/index.ts";
import { deskLayout } from "../layout.ts";
import { PARAMS } from "./params.ts";

/* In whose hands a case is: who has taken it, who looks at it at the moment, and what somebody was writing. */

type StaffRequest = HttpRequest<StaffActor, unknown, unknown, unknown>;

const PRESENCE_SECONDS = 60;

async function nameOf(runtime: RecoveryRuntime, id: AccountId, reader: StaffActor): Promise<string> {
  if (id === reader.account.id) return "you";
  return (await findAccount(runtime.db, id))?.username ?? "somebody who has left";
}

/** Who has taken the case, with the way to take it or to give it back. */
export async function handsPart(
  runtime: RecoveryRuntime,
  request: StaffRequest,
  { number, assignedTo }: RecoveryCase,
): Promise<Html> {
  const { actor, csrfToken } = request;
  const who = assignedTo === null ? "nobody" : await nameOf(runtime, assignedTo, actor);
  if (actor.roles.every((role) => role === "auditor")) return html`${who}`;
  const isMine = assignedTo === actor.account.id;
  return html`${who} ${formElement({
    action: `/console/cases/${number}/hand`,
    csrf: csrfToken,
    class: "inline",
    body: html`${hidden("to", isMine ? "nobody" : "me")}${button({ label: isMine ? "Give it back" : "Take it", kind: "secondary", key: "t" })}`,
  })}`;
}

/** Who else looks at the case at the moment, in a line that keeps itself up to date. */
export async function presencePart(
  runtime: RecoveryRuntime,
  request: StaffRequest,
  { id, number }: RecoveryCase,
): Promise<Html> {
  const { actor, now } = request;
  const present = await listPresent(runtime.db, id, actor.account.id, now);
  const lines = await Promise.all(
    present.map(
      async ({ accountId, since }) =>
        html`<p class="presence"><strong>${await nameOf(runtime, accountId, actor)}</strong> is looking at this case too, since ${time(since, now, "relative")}.</p>`,
    ),
  );
  return liveRegion({
    id: "presence",
    url: `/console/cases/${number}/presence`,
    seconds: PRESENCE_SECONDS,
    body: lines.length > 0 ? lines : html`<p class="presence">Nobody else is looking at this case.</p>`,
  });
}

export const handsRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/console/cases/:number/presence",
    about: "Who looks at the case at the moment.",
    guard: watchingStaffGuard("support", "reviewer", "administrator", "auditor"),
    params: PARAMS,
    handle: async (_, request) => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      await notePresence(runtime, found.id, request.actor.account.id, request.now);
      const body = html`<h1>${found.number}</h1>${await presencePart(runtime, request, found)}<p><a href="/console/cases/${found.number}">To the case</a></p>`;
      return page(deskLayout(runtime, request, { title: found.number, body, staff: request.actor }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/cases/:number/hand",
    about: "Takes the case, or gives it back.",
    guard: staffGuard("support", "reviewer", "administrator"),
    params: PARAMS,
    body: form({ to: z.enum(["me", "nobody"]) }),
    handle: async (_, request) => {
      const { number } = request.params;
      const me = request.actor.account.id;
      const asked = { numbers: [number], to: request.body.to === "me" ? me : null, now: request.now };
      const done = await assignCases(runtime, { accountId: me }, asked);
      return done.ok ? redirect(`/console/cases/${number}`) : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/cases/:number/draft",
    about: "Keeps what somebody is writing, for them alone.",
    guard: staffGuard("support", "reviewer", "administrator"),
    params: PARAMS,
    body: form({ field: z.enum(DRAFT_FIELDS), text: paragraph({ max: LONGEST_DRAFT }) }),
    handle: async (_, request) => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      const { field, text } = request.body;
      await keepDraft(runtime, { caseId: found.id, accountId: request.actor.account.id, field, text }, request.now);
      return json({ kept: true });
    },
  }),
];
