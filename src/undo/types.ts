import type { AccountId } from "../kernel/ids.ts";

/* What happened on an account while somebody else may have been in it, and which of it is taken back. Pure. */

/** The time whose acts are looked at: from when they are not trusted, until the account was given back. */
export interface Window {
  readonly from: Date;
  /** Not included: from this moment on it is the owner who acts. */
  readonly until: Date;
}

/** When the account was last given back to its owner, by a recovery or by unlocking it. */
export interface Regained {
  /** The event of the history; it names this run of the wizard. */
  readonly seq: bigint;
  readonly at: Date;
  readonly how: "recovery" | "unlock";
  /** Whether there were signs of somebody else, and not only of something lost. */
  readonly isUrged: boolean;
}

/** One thing done in the name of the account. */
export interface Change {
  /** Names it for as long as the wizard is open: kind, and what it is about. */
  readonly key: string;
  readonly at: Date;
  /** A whole sentence that blames nobody: "mallory became an owner of the project alpenglow." */
  readonly what: string;
  /** What undoing does, on a button: "Remove mallory". */
  readonly undo: string;
  /** Why there is nothing to decide; null while there is. */
  readonly over: string | null;
  /** What it goes back to, where the key does not say it: a role, an address; the kind knows. */
  readonly before?: string | null;
}

/** Something that cannot be taken back from here, and what can be done about it. */
export interface Told {
  readonly at: Date;
  readonly what: string;
  readonly hint: string;
}

export type Verdict = "kept" | "undone";

export interface Decision {
  readonly verdict: Verdict;
  readonly decidedAt: Date;
}

/** One run of the wizard. */
export interface Review {
  readonly accountId: AccountId;
  readonly seq: bigint;
  readonly since: Date;
  readonly begunAt: Date;
  readonly finishedAt: Date | null;
}
