import { badge, html, type Html, table, time } from "../../kernel/html/index.ts";
import type { AccountId, CaseId } from "../../kernel/ids.ts";
import { CAUSES, isOverdue, type QueuedCase } from "../../recovery/index.ts";
import { inWords, STATE_TONE } from "../wording.ts";

/** What the queue shows beside the cases themselves. */
export interface TableFacts {
  readonly now: Date;
  readonly caption: string;
  /** Whether there is a box before each case; reading roles have nothing to choose for. */
  readonly isSelectable: boolean;
  readonly nameOf: (id: AccountId) => string;
  /** Cases somebody else looks at. */
  readonly lookedAt: ReadonlyMap<CaseId, AccountId>;
}

/** The field of the box before the n-th case of a page, from 1. Each has a name of its own. */
export const pickField = (number: number): string => `pick-${number}`;

/** How an asked-for tier and way of deciding are said in one cell. */
function judged({ tier, route }: QueuedCase): string {
  if (tier === null) return "–";
  return route === null ? `Tier ${tier}` : `Tier ${tier}, ${inWords(route).toLowerCase()}`;
}

function atWork(one: QueuedCase, { nameOf, lookedAt }: TableFacts): Html | string {
  const onlooker = lookedAt.get(one.id);
  const hand = one.assignedTo === null ? "–" : nameOf(one.assignedTo);
  return onlooker === undefined
    ? hand
    : html`${hand}<br><span class="muted">${nameOf(onlooker)} is looking at it</span>`;
}

function ends(one: QueuedCase, now: Date): Html | string {
  if (one.state === "waiting") return one.waitEndsAt ? html`wait ends ${time(one.waitEndsAt, now, "relative")}` : "–";
  const closes = ["unconfirmed", "collecting", "information-requested", "ready"].includes(one.state);
  return closes ? html`closes ${time(one.expiresAt, now, "relative")}` : "–";
}

const box = (one: QueuedCase, number: number): Html => html`
  <input type="checkbox" name="${pickField(number)}" value="${one.number}" id="pick-${number}" data-pick>
  <label for="pick-${number}" class="visually-hidden">Select ${one.number}</label>`;

/** The cases of one page. */
export function casesTable(cases: readonly QueuedCase[], facts: TableFacts): Html {
  const { now, isSelectable } = facts;
  const rows = cases.map((one, at) => [
    ...(isSelectable ? [box(one, at + 1)] : []),
    html`<a class="case-number" href="/console/cases/${one.number}">${one.number}</a>`,
    one.claimedName,
    badge({ tone: STATE_TONE[one.state], text: inWords(one.state) }),
    judged(one),
    CAUSES[one.cause],
    isOverdue(one, now)
      ? html`${time(one.stateSince, now, "relative")} ${badge({ tone: "warning", text: "Overdue" })}`
      : time(one.stateSince, now, "relative"),
    ends(one, now),
    atWork(one, facts),
  ]);
  return table({
    caption: facts.caption,
    columns: [
      ...(isSelectable ? [{ label: "Select" }] : []),
      { label: "Case", isRowHeader: true },
      "Name claimed",
      "State",
      "Judged",
      "Cause",
      "In this state since",
      "Clock",
      "With",
    ],
    rows,
    empty: "",
    isKeyed: true,
    isDense: true,
  });
}
