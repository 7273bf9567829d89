import { type Account, listAddresses, lockAccount } from "../accounts/index.ts";
import { audit, listEvents, type StoredAuditEvent } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { wasRestoredSince } from "../recovery/index.ts";
import { listEveryHold } from "../registry/index.ts";
import type { Self } from "../security-settings/index.ts";
import { subjectOf } from "./kind.ts";
import { kindOf, UNDO_KINDS } from "./kinds.ts";
import { undoRefusals } from "./refusals.ts";
import { findTurn, isOwnersSession, type Turn } from "./regained.ts";
import { findReview, listDecisions, lockReview, putDecision, putReview, setFinished } from "./store.ts";
import { listTold, TOLD_ACTS } from "./told.ts";
import type { Change, Decision, Review, Told, Verdict, Window } from "./types.ts";
import { type Choice, OPEN_DAYS, windowOf } from "./window.ts";

const DAY_MS = 24 * 3600_000;
const PAGE = 500;
const ACTS: readonly string[] = [...new Set([...UNDO_KINDS.flatMap((kind) => kind.acts), ...TOLD_ACTS])];

/** Events about an account since a moment, the oldest first. */
async function historySince(reader: Reader, accountId: AccountId, from: Date): Promise<readonly StoredAuditEvent[]> {
  const found: StoredAuditEvent[] = [];
  for (;;) {
    const last = found.at(-1);
    const filter = { accountId, acts: ACTS, limit: PAGE, ...(last ? { before: last.seq } : {}) };
    const page = await listEvents(reader, filter);
    const recent = page.filter((event) => event.at >= from);
    found.push(...recent);
    if (recent.length < PAGE) return found.toReversed();
  }
}

export interface Item extends Change {
  /** The heading it stands under. */
  readonly title: string;
  readonly decision: Decision | null;
}

/** Everything there is to go through. */
export interface Listing {
  readonly review: Review;
  /** By kind, and by time in each. */
  readonly items: readonly Item[];
  readonly told: readonly Told[];
}

/** What there still is to decide. */
export const isOpen = (item: Item): boolean => item.decision === null && item.over === null;

async function list(reader: Reader, account: Account, review: Review, turn: Turn, now: Date): Promise<Listing> {
  const window: Window = { from: review.since, until: turn.regained.at };
  const events = await historySince(reader, account.id, window.from);
  const scope = { account, window, now, events };
  const decisions = await listDecisions(reader, account.id, review.seq);
  const items: Item[] = [];
  for (const kind of UNDO_KINDS) {
    const changes = await kind.list(reader, scope);
    for (const change of changes.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
      const decision = decisions.get(change.key) ?? null;
      if (kind.isLeftOutWhenOver && change.over !== null && !decision) continue;
      items.push({ ...change, title: kind.title, decision });
    }
  }
  return { review, items, told: listTold(scope) };
}

/** What the wizard shows: the moment to choose, or the list; null where there is nothing to go through. */
export interface UndoView {
  readonly turn: Turn;
  readonly listing: Listing | null;
}

type By = Pick<Self, "account" | "session" | "now">;

/** The turn, for a session that began after it. */
async function ownTurn(reader: Reader, { account, session, now }: By): Promise<Turn | null> {
  const turn = await findTurn(reader, account, now);
  return turn && isOwnersSession(session, turn) ? turn : null;
}

export async function viewUndo(reader: Reader, by: By): Promise<UndoView | null> {
  const turn = await ownTurn(reader, by);
  if (!turn) return null;
  const review = await findReview(reader, by.account.id, turn.regained.seq);
  return { turn, listing: review && (await list(reader, by.account, review, turn, by.now)) };
}

/** Whether the account's pages should say that there is something to go through. */
export async function isUndoUrged(reader: Reader, by: By): Promise<boolean> {
  // Asked on every look at the account: its history, which may be long, is read only where there is a trace elsewhere.
  const since = new Date(by.now.getTime() - OPEN_DAYS * DAY_MS);
  const wasGivenBack =
    (await wasRestoredSince(reader, by.account.id, since)) ||
    (await listEveryHold(reader, by.account.id)).some(({ placedAt }) => placedAt >= since);
  const turn = wasGivenBack ? await ownTurn(reader, by) : null;
  if (!turn?.regained.isUrged) return false;
  return (await findReview(reader, by.account.id, turn.regained.seq))?.finishedAt == null;
}

/** Begins, or begins at another moment. Refuses where nothing was given back, and a day that cannot be. */
export function beginUndo(runtime: Runtime, self: Self, choice: Choice): Promise<Result<undefined>> {
  const { account, now } = self;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    await lockAccount(tx, account.id); // two windows that begin at once tell everybody once
    const turn = await ownTurn(tx, self);
    if (!turn) return refuse(undoRefusals["nothing-to-undo"]());
    const window = windowOf(choice, turn.moments, turn.regained.at);
    if (!window) return refuse(undoRefusals["bad-moment"]());
    const isNew = (await findReview(tx, account.id, turn.regained.seq)) === null;
    await putReview(tx, account.id, turn.regained.seq, window.from);
    if (isNew) await tellBegun(tx, runtime, self);
    note(tx, runtime, self, "undo/begun", { since: window.from.toISOString(), choice: choice.kind });
    return ok();
  });
}

/** Every confirmed address hears of it at once: whoever undoes things may be a thief all the same. */
async function tellBegun(tx: Tx, runtime: Runtime, { account, source, now }: Self): Promise<void> {
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (!verifiedAt) continue;
    const params = { username: account.username, when: now, source: source.ip };
    await queueMail(tx, runtime, { to: address, message: "undo-begun", params, accountId: account.id });
  }
}

const note = (tx: Tx, runtime: Runtime, self: Self, act: string, facts: Readonly<Record<string, string>>): void =>
  audit(tx, runtime.random, {
    act,
    actor: { kind: "subscriber", id: self.account.id },
    accountId: self.account.id,
    facts,
    personal: { ...self.source },
  });

interface Deciding {
  readonly key: string;
  readonly verdict: Verdict;
}

/**
 * Keeps one change, or takes it back, in one transaction with its events and mails. Doing it twice changes nothing: what
 * was undone is found so, also by a second window that waited. Refuses what is not in the list or no longer stands.
 */
export function decideChange(runtime: Runtime, self: Self, { key, verdict }: Deciding): Promise<Result<undefined>> {
  const { account, now } = self;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const turn = await ownTurn(tx, self);
    if (!turn) return refuse(undoRefusals["nothing-to-undo"]());
    const review = await lockReview(tx, account.id, turn.regained.seq);
    if (!review) return refuse(undoRefusals["not-begun"]());
    const { items } = await list(tx, account, review, turn, now);
    const item = items.find((one) => one.key === key);
    const kind = kindOf(key);
    if (!item || !kind) return refuse(undoRefusals["change-gone"]());
    if (item.decision?.verdict === verdict) return ok();
    if (item.decision?.verdict === "undone") return refuse(undoRefusals["undone-already"]());
    if (item.over !== null) return refuse(undoRefusals["change-gone"]());
    if (verdict === "undone") {
      const undone = await kind.undo(tx, runtime, self, item);
      if (!undone.ok) return undone;
    }
    await putDecision(tx, account.id, review.seq, key, verdict);
    const facts = { kind: kind.id, subject: subjectOf(key) };
    note(tx, runtime, self, verdict === "undone" ? "undo/change-undone" : "undo/change-kept", facts);
    return ok();
  });
}

/** Ends a run; it can be looked at and gone on with as long as it is open. Refuses one that was not begun. */
export function finishUndo(runtime: Runtime, self: Self): Promise<Result<undefined>> {
  const { account, now } = self;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const turn = await ownTurn(tx, self);
    const review = turn && (await lockReview(tx, account.id, turn.regained.seq));
    if (!turn) return refuse(undoRefusals["nothing-to-undo"]());
    if (!review) return refuse(undoRefusals["not-begun"]());
    if (review.finishedAt) return ok();
    const { items } = await list(tx, account, review, turn, now);
    await setFinished(tx, account.id, review.seq);
    const count = (verdict: Verdict) => items.filter((one) => one.decision?.verdict === verdict).length.toString();
    note(tx, runtime, self, "undo/finished", {
      undone: count("undone"),
      kept: count("kept"),
      open: items.filter(isOpen).length.toString(),
    });
    return ok();
  });
}
