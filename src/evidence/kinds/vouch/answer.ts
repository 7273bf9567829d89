import type { Account } from "../../../accounts/index.ts";
import { audit } from "../../../audit/index.ts";
import { transact, type Tx } from "../../../kernel/db/transact.ts";
import type { CaseId, VouchId } from "../../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { requireNoHold } from "../../../registry/index.ts";
import { recordFinding } from "../../findings.ts";
import type { Conclude } from "../../prove.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { EvidenceContext, StoredFinding } from "../../types.ts";
import {
  issueContactCode,
  observeDenial,
  recoveryContact,
  revokeContactCode,
} from "../recovery-contact/recovery-contact.ts";
import { type Answer, findVouch, setAnswered, type SpokeBy, type Vouch } from "./store.ts";
import { observeVouch, vouch } from "./vouch.ts";

/** What somebody who was asked can say. */
export type Said =
  /** It is them: a vouch, or a code for them. */
  | { readonly answer: "them"; readonly spokeBy: SpokeBy }
  | { readonly answer: "declined" }
  | { readonly answer: "not-them" };

export interface Answering {
  readonly id: VouchId;
  /** Signed in, and has just shown their authenticators; the route has made sure. */
  readonly person: Account;
  readonly said: Said;
  readonly now: Date;
  /** The case as the kinds may know it; null where it takes no more proofs. */
  readonly contextOf: (caseId: CaseId) => Promise<EvidenceContext | null>;
}

/** What the one who answers is shown: for a recovery contact, the code to read out. */
export interface Answered {
  readonly vouch: Vouch;
  readonly code: { readonly code: Secret<string>; readonly expiresAt: Date } | null;
}

/**
 * Takes the answer of somebody who was asked, once; a recovery contact may have a new code shown. Refuses what is not
 * theirs, was answered or has run out, a case that takes no more proofs, and who is on hold after a recovery of their
 * own: they change nothing for others until everybody had time to notice.
 */
export async function answerVouch<T>(
  runtime: Runtime,
  answering: Answering,
  conclude: Conclude<T>,
): Promise<Result<Answered>> {
  const { id, person, said, now } = answering;
  const asked = await findVouch(runtime.db, id, person.id);
  const isOpen = asked && asked.expiresAt > now && (!asked.answer || asked.answer === "gave-code");
  if (!isOpen) return refuse(evidenceRefusals["not-asked"]());
  const context = await answering.contextOf(asked.caseId);
  if (!context) return refuse(evidenceRefusals["case-over"]());
  const free = await requireNoHold(runtime.db, person.id, "ownership", now);
  if (!free.ok && said.answer === "them") return free;
  if (said.answer === "declined") return declined(runtime, asked, now);
  if (said.answer === "them" && asked.kind === "recovery-contact") return showCode(runtime, asked, said.spokeBy, now);
  let answered: Vouch = asked;
  const done = await conclude(asked.caseId, async (tx): Promise<Result<StoredFinding>> => {
    const noted = await note(tx, runtime, asked, said.answer === "them" ? "vouched" : "not-them", said);
    if (!noted.ok) return noted;
    answered = noted.value;
    const at = { ...context, now };
    if (asked.kind === "recovery-contact")
      return ok(await recordFinding(tx, runtime, at, recoveryContact.id, await observeDenial(tx, at, person.id)));
    const seen = await observeVouch(tx, at, {
      personId: person.id,
      answer: said.answer === "them" ? "vouched" : "not-them",
      spokeBy: answered.spokeBy,
      answeredAt: now,
    });
    return ok(await recordFinding(tx, runtime, at, vouch.id, seen));
  });
  return done.ok ? ok({ vouch: answered, code: null }) : done;
}

const declined = (runtime: Runtime, asked: Vouch, now: Date): Promise<Result<Answered>> =>
  transact(runtime.db, { now }, async (tx): Promise<Result<Answered>> => {
    const noted = await note(tx, runtime, asked, "declined", { answer: "declined" });
    return noted.ok ? ok({ vouch: noted.value, code: null }) : noted;
  });

const showCode = (runtime: Runtime, asked: Vouch, spokeBy: SpokeBy, now: Date): Promise<Result<Answered>> =>
  transact(runtime.db, { now }, async (tx): Promise<Result<Answered>> => {
    const noted = await note(tx, runtime, asked, "gave-code", { answer: "them", spokeBy });
    if (!noted.ok) return noted;
    const code = await issueContactCode(tx, runtime, asked.caseId, asked.personId);
    return ok({ vouch: noted.value, code });
  });

/** Notes the answer, once, with its event in the history of who gave it. */
async function note(tx: Tx, runtime: Runtime, asked: Vouch, answer: Answer, said: Said): Promise<Result<Vouch>> {
  const noted = await setAnswered(tx, asked, answer, said.answer === "them" ? said.spokeBy : null);
  if (!noted) return refuse(evidenceRefusals["not-asked"]());
  if (said.answer !== "them") await revokeContactCode(tx, asked.caseId, asked.personId);
  audit(tx, runtime.random, {
    act: "evidence/voucher-answered",
    actor: { kind: "subscriber", id: asked.personId },
    accountId: asked.personId,
    caseId: asked.caseId,
    facts: { vouch: asked.id, kind: asked.kind, answer, spokeBy: noted.spokeBy },
  });
  return ok(noted);
}
