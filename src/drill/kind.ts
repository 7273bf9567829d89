import type { Account } from "../accounts/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Self } from "../security-settings/index.ts";
import type { Way, WayKindId } from "./types.ts";

/** What a test has under way: a code that was mailed, a text to sign, a question that was asked. */
export interface Pending {
  /** Said above the answer's field. */
  readonly words: string;
  /** Commands to copy, for what is answered from a command line. */
  readonly command?: string;
}

/** What the drill's page asks for. Plain data, so that the page knows no kind by name. */
export interface Ask {
  /** What the test does and what it leaves untouched, in a sentence or two. */
  readonly words: string;
  /** The button that starts the test, where it takes two steps. */
  readonly begin?: string;
  /** The field for the answer; absent where the answer comes by another way. */
  readonly answer?: {
    readonly label: string;
    readonly hint?: string;
    readonly shape: "digits" | "line" | "lines";
  };
  /** What to do when it does not work any more, and where. */
  readonly mend: { readonly href: string; readonly label: string };
}

/** What is written once an answer was right, in the transaction that notes the test. */
export type Settle = (tx: Tx) => Promise<Result<undefined>>;

/** A kind of way back. It joins the drill by one entry in `ways.ts`. */
export interface WayKind {
  readonly id: WayKindId;
  /** The ways of this kind that the account has; what was tested in a drill is added by the caller. Reads only. */
  list(reader: Reader, account: Account): Promise<readonly Way[]>;
  readonly ask: Ask;
  /** Starts a test of two steps. */
  begin?(runtime: Runtime, self: Self, way: Way): Promise<Result<undefined>>;
  /** What is under way for a test of two steps; null where nothing is. Reads only. */
  pending?(runtime: Runtime, self: Self, way: Way): Promise<Pending | null>;
  /**
   * Checks an answer and uses nothing up. The attempt is counted and committed before, by the counter that signing in
   * goes by where the way signs in, so that the drill is no second set of guesses.
   */
  verify?(runtime: Runtime, self: Self, way: Way, answer: string): Promise<Result<Settle>>;
}
