import type { AccountId, CaseId, MailId } from "../kernel/ids.ts";
import type { BounceKind } from "./bounce-rules.ts";

/** `sending` is leased to one worker; a lease that ran out makes it due again. */
export type MailState = "queued" | "sending" | "sent" | "failed";

/** A mail as a transport gets it. */
export interface OutgoingMail {
  readonly id: MailId;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The moment of this attempt, for the Date header. */
  readonly at: Date;
  /** Whether it is about a recovery case, so that an answer to it belongs there. */
  readonly isAboutCase: boolean;
}

/** What became of one attempt. `answer` is the server's last line, or what went wrong, for the delivery log. */
export type SendOutcome =
  | { readonly kind: "accepted"; readonly by: string; readonly answer: string }
  | { readonly kind: "deferred"; readonly answer: string }
  | { readonly kind: "rejected"; readonly answer: string };

/** A way out of the house. `send` never throws for what the other side does. */
export interface MailTransport {
  readonly name: "smtp" | "eml";
  send(mail: OutgoingMail): Promise<SendOutcome>;
  close(): Promise<void>;
}

/** One line of a delivery log: everything about a mail but what it says. */
export interface MailRecord {
  readonly id: MailId;
  readonly message: string;
  readonly toAddress: string;
  readonly subject: string;
  readonly accountId: AccountId | null;
  readonly caseId: CaseId | null;
  readonly queuedAt: Date;
  readonly state: MailState;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly acceptedAt: Date | null;
  /** The server that took it over, as it named itself. */
  readonly acceptedBy: string | null;
  readonly lastAnswer: string | null;
  /** What came back of it, or was refused for good; null while nothing did. */
  readonly bounce: {
    readonly at: Date;
    readonly kind: BounceKind;
    /** RFC 3463; null where none was given. */
    readonly status: string | null;
    readonly answer: string;
  } | null;
}

/** A delivery that failed, as whoever keeps the addresses is told of it. */
export interface Undelivered {
  readonly mailId: MailId;
  readonly accountId: AccountId | null;
  readonly toAddress: string;
  readonly kind: BounceKind;
}
