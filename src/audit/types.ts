import type { AccountId, CaseId } from "../kernel/ids.ts";

/** Who did it. `clock` is the system acting on a time that was set before; `anyone` is a person not signed in. */
export type AuditActor =
  | { readonly kind: "subscriber"; readonly id: AccountId }
  | { readonly kind: "staff"; readonly id: AccountId }
  | { readonly kind: "claimant"; readonly id: CaseId }
  | { readonly kind: "anyone" }
  | { readonly kind: "clock" }
  | { readonly kind: "operator" };

/** Facts without personal data: ids, counts, names of kinds, policy versions. They stay for ever. */
export type AuditFacts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** What may have to be erased one day: network addresses, browsers, mail addresses, texts. */
export type PersonalFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface AuditEvent {
  /** `<slice>/<what-happened>`, past tense: `sign-in/succeeded`. */
  readonly act: string;
  readonly actor: AuditActor;
  readonly accountId?: AccountId | null;
  readonly caseId?: CaseId | null;
  readonly facts?: AuditFacts;
  readonly personal?: PersonalFacts;
}

export interface StoredAuditEvent {
  readonly seq: bigint;
  readonly at: Date;
  readonly act: string;
  readonly actorKind: AuditActor["kind"];
  readonly actorId: string | null;
  readonly accountId: AccountId | null;
  readonly caseId: CaseId | null;
  readonly facts: AuditFacts;
  readonly personal: PersonalFacts | null;
}
