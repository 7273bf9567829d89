import type { AccountId, ContactId } from "../kernel/ids.ts";

/** One person naming another. */
export interface RecoveryContact {
  readonly id: ContactId;
  /** Who may have to be recovered. */
  readonly accountId: AccountId;
  /** Who was named. */
  readonly contactId: AccountId;
  readonly invitedAt: Date;
  /** Null while the invitation is open: until then it means nothing. */
  readonly acceptedAt: Date | null;
  /** When they were last asked whether they are still there; null before the first time. */
  readonly askedAt: Date | null;
  /** When they last said so. */
  readonly confirmedAt: Date | null;
}
