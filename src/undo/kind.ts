import type { Account } from "../accounts/index.ts";
import type { StoredAuditEvent } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Self } from "../security-settings/index.ts";
import type { Change, Window } from "./types.ts";
import { isInside } from "./window.ts";

/** What a kind lists its changes from. */
export interface Scope {
  readonly account: Account;
  readonly window: Window;
  readonly now: Date;
  /** Events about the account since the window opened, the oldest first, of the acts that the kinds named. */
  readonly events: readonly StoredAuditEvent[];
}

/** A kind of change that can be taken back. A new one: a file in kinds/, a line in kinds.ts. */
export interface UndoKind {
  /** The first part of its changes' keys: letters and dashes. */
  readonly id: string;
  /** As a heading: "People". */
  readonly title: string;
  /** Left out of the list where nothing is left to undo, since another kind then tells what became of it. */
  readonly isLeftOutWhenOver?: boolean;
  /** Acts of the account's own history that it reads. */
  readonly acts: readonly string[];
  /** What of this kind was done in the window, the oldest first, and whether it still stands. */
  readonly list: (reader: Reader, scope: Scope) => Promise<readonly Change[]>;
  /**
   * Takes one of them back, in the caller's transaction, through the function of whoever owns the thing: with its audit
   * event and its mails. The caller has just found it in the list, and still standing.
   */
  readonly undo: (tx: Tx, runtime: Runtime, self: Self, change: Change) => Promise<Result<undefined>>;
}

/** The part of a key after the kind. */
export const subjectOf = (key: string): string => key.slice(key.indexOf(":") + 1);

/** Whether an event was done in the name of the account, in the window. */
export const isOwnAct = (event: StoredAuditEvent, { account, window }: Scope): boolean =>
  isInside(event, window) && isBy(event, account.id);

export const isBy = ({ actorKind, actorId }: StoredAuditEvent, accountId: AccountId): boolean =>
  actorKind === "subscriber" && actorId === accountId;

/** A fact of an event that is a text; empty where it has none of that name. */
export function factOf({ facts }: StoredAuditEvent, name: string): string {
  const value = facts[name];
  return typeof value === "string" ? value : "";
}

/** The project or organisation that an event is about. */
export function placeOf(
  event: StoredAuditEvent,
): { readonly kind: "project" | "organisation"; readonly slug: string } | null {
  const project = factOf(event, "project");
  if (project !== "") return { kind: "project", slug: project };
  const organisation = factOf(event, "organisation");
  return organisation === "" ? null : { kind: "organisation", slug: organisation };
}

interface Thing {
  /** "the API token “laptop”". */
  readonly label: string;
  /** What was done, after the label: "was made". */
  readonly done: string;
  readonly undo: string;
}

/** A kind of things that are made once and stand until they are ended. */
export interface ThingKind extends Pick<UndoKind, "id" | "title" | "undo"> {
  /** The act by which one is made, and the fact that holds its id. */
  readonly act: string;
  readonly fact: string;
  /** Those that stand now, by id. */
  readonly standing: (reader: Reader, accountId: AccountId) => Promise<ReadonlyMap<string, Thing>>;
  /** What is said of one that stands no more: "An API token was made." */
  readonly gone: string;
}

/** The list of such a kind: what was made in the window, each once. */
export const kindOfThings = ({ act, fact, standing, gone, ...kind }: ThingKind): UndoKind => ({
  ...kind,
  acts: [act],
  list: async (reader, scope) => {
    const made = scope.events.filter((event) => event.act === act && isOwnAct(event, scope));
    if (made.length === 0) return [];
    const now = await standing(reader, scope.account.id);
    return made.map((event): Change => {
      const id = factOf(event, fact);
      const thing = now.get(id);
      return {
        key: `${kind.id}:${id}`,
        at: event.at,
        what: thing ? `${thing.label} ${thing.done}.`.replace(/^./, (first) => first.toUpperCase()) : gone,
        undo: thing?.undo ?? "",
        over: thing ? null : "It has ended already.",
      };
    });
  },
});
