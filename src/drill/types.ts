/** The kinds of ways back that an account can have. A new kind adds its name here and its entry in `ways.ts`. */
export type WayKindId = "passkey" | "app" | "codes" | "mailbox" | "ssh-key" | "contact";

/** One thing with which its owner could get back in, or could prove who they are in a recovery. */
export interface Way {
  /** The id of what it is: `aut_…`, `adr_…`, `key_…`, `rct_…`. When that is replaced, the new one is untested. */
  readonly id: string;
  readonly kind: WayKindId;
  /** As its owner knows it: “The mailbox alice@mail.example”. */
  readonly label: string;
  /** Since when the account has it. */
  readonly since: Date;
  /** When it last worked, in a drill or in use; null for never. */
  readonly lastTestedAt: Date | null;
  /** When somebody else was asked to show that it works and has not answered yet. */
  readonly askedAt?: Date;
}

/** tested: in the last year. stale: longer ago. untested: never, whatever its age. */
export type Standing = "tested" | "stale" | "untested";

/** When the owner was reminded, and asked not to be. */
export interface Reminded {
  readonly lastSentAt: Date | null;
  readonly putOffUntil: Date | null;
}

/** What the clock does for one account now, and when it looks again. */
export interface Reminder {
  readonly isSent: boolean;
  /** Ways that were not tested for a year. */
  readonly stale: readonly Way[];
  readonly nextAt: Date;
}
