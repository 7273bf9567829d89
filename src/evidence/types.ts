import type { z } from "zod";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Outside } from "../kernel/net/outside.ts";
import type { AccountId, CaseId, FindingId, OneTimeId, SigningKeyId } from "../kernel/ids.ts";
import type { Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";

export type Verdict = "supports" | "contradicts" | "inconclusive";

/** What a claimant must answer to: a single-use value that names this case and no other. */
export interface Challenge {
  readonly id: OneTimeId;
  /** 256 bits as base64url; no secret by itself, since answering takes a key or a token. */
  readonly value: string;
  readonly expiresAt: Date;
}

/** What a kind may know of the case it is asked in. */
export interface EvidenceContext {
  readonly caseId: CaseId;
  /** For people: `LK-4F7Q-9KMT`. */
  readonly caseNumber: string;
  /** Null while the case is not matched to an account; the same answers are given then. */
  readonly accountId: AccountId | null;
  readonly username: string;
  readonly openedAt: Date;
  readonly publicUrl: URL;
  readonly indexName: string;
  readonly now: Date;
  /** The running challenge of the kind, where the kind has one. */
  readonly challenge?: Challenge | null;
}

/** How to give a proof, in words for somebody locked out. */
export interface Instructions {
  readonly sentence: string;
  /** Commands to copy, complete; absent until a challenge is running. */
  readonly command?: string;
  /** For a kind whose challenge is a number to compare: what to look for. Absent until one is running. */
  readonly number?: string;
  /** Commands for those to whom the first do not fit, with the sentence that says who they are. */
  readonly otherwise?: { readonly summary: string; readonly command: string };
  /** Where to do it: "On a computer where …". */
  readonly where: string;
  readonly minutes: number;
  /** What it shows, and what happens to the thing shown. */
  readonly proves: string;
}

/** What a kind concludes from one observation. How findings combine is for the policy. */
export interface Assessment {
  readonly verdict: Verdict;
  /** The policy's name for it: one kind of evidence may count as several (a current and an earlier mailbox). */
  readonly policyKind: string;
  /** `family:identifier`, or the family alone where nothing is proven; see recovery/policy/README.md. */
  readonly root: string;
  /** When the thing proven was bound to the account. */
  readonly boundAt?: Date;
  readonly changedAt?: Date;
  /** Only what anybody can look up was matched: worth nothing. */
  readonly isPublic?: boolean;
  /** Ids of the projects and organisations it speaks for, where that is not all the account reaches. */
  readonly limitedTo?: readonly string[];
  /** For the claimant: never says what an attacker could use. */
  readonly claimantText: string;
  readonly reviewerText: string;
}

export interface Sample<Observation> {
  readonly title: string;
  readonly observation: Observation;
}

/** What an account has that a proof could rest on. */
export interface AccountFacts {
  readonly hasPassword: boolean;
  /** Verified addresses, removed ones included. */
  readonly verifiedAddresses: number;
  /** API tokens that are neither revoked nor expired; held ones included. */
  readonly usableTokens: number;
  /** SSH keys registered here, and forge accounts that list some. */
  readonly signingKeys: number;
  readonly openpgpKeys: number;
  /** Whether recovery codes were ever made. Absent: not looked at, as with those below. */
  readonly hasHadCodes?: boolean;
  /** Browsers that the account was signed in with within a year. */
  readonly knownDevices?: number;
  /** Whether an app, a passkey or an unused recovery code is bound. */
  readonly canSignIn?: boolean;
  /** People who own something that the account shares, and accepted recovery contacts. */
  readonly sharers?: number;
  readonly contacts?: number;
  /** Places that count as proof targets; absent: not looked at. */
  readonly repositories?: number;
  readonly domains?: number;
  readonly sites?: number;
  readonly publishers?: number;
  readonly signers?: number;
}

/**
 * A kind of evidence: observe does the I/O, assess is pure. The observation is stored whole, so that a reviewer or a
 * later policy can judge again without asking again. One folder in kinds/, one line in kinds.ts.
 */
export interface EvidenceKind<Claim, Observation> {
  readonly id: string;
  /** Goes up when assess would judge an old observation differently. */
  readonly version: number;
  readonly title: string;
  /** One sentence for the claimant. */
  readonly helps: string;
  /** The policy's kinds it can yield. */
  readonly policyKinds: readonly string[];
  /** False where telling the outcome would answer a guess. */
  readonly isTold: boolean;
  /** Never asked for and on no board: observed by itself. */
  readonly isNoted?: true;
  /** That it is not there says nothing against anybody: it has no samples of that. */
  readonly neverContradicts?: true;
  /** What the claimant sends, as it comes from the edge. */
  readonly claim: z.ZodType<Claim>;
  /** Fields of the claim in which a secret of ours is just what is asked for; elsewhere one is cut out and ended. */
  readonly secretFields?: readonly string[];
  /** JSON-serialisable. */
  readonly observation: z.ZodType<Observation>;
  readonly retainDays: number;
  readonly validForDays: number;
  readonly triesPerCase: number;
  /** How long a challenge may be answered; null for a kind without one. */
  readonly challengeHours: number | null;
  instructions(context: EvidenceContext): Instructions;
  /** Why this account cannot give the proof, or null. Pure. */
  cannot(facts: AccountFacts): string | null;
  /** Looks at the claim. Reads only, but for attempt counters. Refuses what the claimant should send differently. */
  observe(runtime: Runtime, context: EvidenceContext, claim: Claim): Promise<Result<Observation>>;
  /**
   * Looks again at what can be seen without the claimant. With `outside`, also there; an outage changes nothing. Without,
   * only at what we hold ourselves, which is all that may be done inside a transaction.
   */
  observeAgain(
    reader: Reader,
    context: EvidenceContext,
    observation: Observation,
    outside?: Outside,
  ): Promise<Observation>;
  assess(observation: Observation, context: EvidenceContext): Assessment;
  /** A command that takes away again what a proof has left in the world; for a proof that stands. */
  afterwards?(observation: Observation): string | null;
  /** What must happen in the transaction of the finding: spending a code, holding a token. Gives the nonce it spent. */
  settle?(
    tx: Tx,
    runtime: Runtime,
    context: EvidenceContext,
    claim: Claim,
    observation: Observation,
  ): Promise<Result<OneTimeId | null>>;
  readonly samples: Readonly<Record<Verdict, readonly Sample<Observation>[]>>;
}

/** A kind whose own types are forgotten: claims and observations pass its schemas before it sees them. */
export type AnyKind = EvidenceKind<unknown, unknown>;

/** Registers a kind. The schemas guard what the types no longer do. */
export const defineKind = <Claim, Observation>(kind: EvidenceKind<Claim, Observation>): AnyKind =>
  kind as unknown as AnyKind; // see AnyKind

export interface StoredFinding {
  readonly id: FindingId;
  readonly caseId: CaseId;
  readonly accountId: AccountId | null;
  readonly kind: string;
  readonly kindVersion: number;
  readonly policyKind: string;
  readonly root: string;
  readonly verdict: Verdict;
  readonly isPublic: boolean;
  readonly boundAt: Date | null;
  readonly changedAt: Date | null;
  readonly observedAt: Date;
  readonly assessedAt: Date;
  readonly expiresAt: Date;
  /** The code or challenge that was spent for it. */
  readonly nonceId: OneTimeId | null;
  /** Null once it was erased. */
  readonly observation: unknown;
  readonly claimantText: string;
  readonly reviewerText: string;
  readonly replacedAt: Date | null;
  /** See Assessment; null where it speaks for everything. */
  readonly limitedTo?: readonly string[] | null;
}

export interface SigningKey {
  readonly id: SigningKeyId;
  readonly accountId: AccountId;
  readonly type: string;
  /** Wire format. */
  readonly blob: Buffer;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** As it stood after the key; personal data. */
  readonly comment: string;
  readonly isHardware: boolean;
  readonly boundAt: Date;
  readonly revokedAt: Date | null;
}

interface DescribedOpenpgpKey {
  readonly id: SigningKeyId;
  readonly accountId: AccountId;
  /** Of the primary key, in capitals. */
  readonly fingerprint: string;
  readonly blob: Buffer;
  /** Personal data. */
  readonly userIds: readonly string[];
  readonly algorithm: string;
  readonly madeAt: Date;
  readonly expiresAt: Date | null;
}

/** An OpenPGP key that was pasted, and waits for a signature over the nonce. */
export interface PendingOpenpgpKey extends DescribedOpenpgpKey {
  readonly nonce: string;
  readonly nonceUntil: Date;
}

export interface BoundOpenpgpKey extends DescribedOpenpgpKey {
  readonly boundAt: Date;
  /** When its owner last put a newer export in its place. */
  readonly changedAt: Date | null;
  readonly revokedAt: Date | null;
}
