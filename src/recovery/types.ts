import type {
  AccountId,
  CaseId,
  MailId,
  MessageId,
  NoticeId,
  OneTimeId,
  RequestedId,
  ReviewId,
} from "../kernel/ids.ts";
import type { CaseState } from "./lifecycle.ts";
import type { Decision } from "./policy/index.ts";

/** What shut the claimant out, in their own choice of words. */
export const CAUSES = {
  "second-factor": "I lost my authenticator app, phone or security key",
  "recovery-codes": "I lost my recovery codes too",
  password: "I do not know my password any more",
  mailbox: "I cannot read the mailbox on the account any more",
  "unverified-address": "My address was never confirmed",
  "new-device": "The confirmation mail for a new device does not come",
  compromised: "Somebody else is in my account",
  frozen: "The account is frozen",
  other: "Something else",
} as const;

export type Cause = keyof typeof CAUSES;

export interface RecoveryCase {
  readonly id: CaseId;
  /** For people: `LK-4F7Q-9KMT`. */
  readonly number: string;
  readonly state: CaseState;
  readonly origin: "stuck-screen" | "form" | "reset-link" | "mail";
  readonly cause: Cause;
  /** Known once the case is matched to an account; never shown to a claimant who has proven nothing. */
  readonly accountId: AccountId | null;
  readonly claimedName: string;
  readonly contactAddress: string;
  readonly contactConfirmedAt: Date | null;
  readonly openedAt: Date;
  readonly openedFrom: { readonly ip: string; readonly userAgent: string };
  readonly stateSince: Date;
  readonly decision: Decision | null;
  readonly policyVersion: string;
  readonly approvalsNeeded: number | null;
  readonly waitStartedAt: Date | null;
  readonly waitEndsAt: Date | null;
  readonly midwayToldAt: Date | null;
  readonly releaseToldAt: Date | null;
  readonly expiresAt: Date;
  /** How often the claimant was reminded of that date. */
  readonly reminders: number;
  readonly endedBecause: string | null;
  /** When somebody last objected. */
  readonly objectedAt: Date | null;
  /** Who of the desk works on it. */
  readonly assignedTo: AccountId | null;
}

/** A case as a line of the desk's queue. */
export interface QueuedCase
  extends Pick<
    RecoveryCase,
    | "id"
    | "number"
    | "state"
    | "origin"
    | "cause"
    | "accountId"
    | "claimedName"
    | "openedAt"
    | "stateSince"
    | "waitEndsAt"
    | "expiresAt"
  > {
  /** As last decided; null before anything was weighed. */
  readonly tier: number | null;
  readonly route: Decision["route"] | null;
  /** Who works on it. */
  readonly assignedTo: AccountId | null;
}

export interface CaseMessage {
  readonly id: MessageId;
  readonly authorKind: "claimant" | "staff" | "system";
  readonly authorId: string | null;
  readonly isInternal: boolean;
  readonly body: string;
  readonly writtenAt: Date;
}

export interface InformationRequest {
  readonly id: RequestedId;
  readonly question: string;
  readonly askedBy: AccountId;
  readonly askedAt: Date;
  readonly answeredAt: Date | null;
  readonly answer: string | null;
}

export interface Review {
  readonly id: ReviewId;
  readonly round: number;
  readonly reviewerId: AccountId;
  readonly verdict: "approve" | "refuse" | "keep" | "reverse";
  readonly reason: string;
  readonly decidedAt: Date;
}

export type NoticeMoment = "opened" | "midway" | "before-release" | "completed" | "kept" | "reversed";
export type NoticeRelation = "address" | "former-address" | "co-owner" | "recovery-contact" | "session";

export interface Notice {
  readonly id: NoticeId;
  readonly moment: NoticeMoment;
  readonly relation: NoticeRelation;
  /** An address id, an account id or a session id: never an address itself. */
  readonly recipient: string;
  readonly mailId: MailId | null;
  readonly objectionId: OneTimeId | null;
  readonly toldAt: Date;
}
