import { z } from "zod";
import { makeShortCode, readShortCode } from "../../../kernel/crypto/short-code.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../../../kernel/ids.ts";
import { isId } from "../../../kernel/ids.ts";
import { peek, revokeSecrets, spend, storeSecret } from "../../../kernel/one-time.ts";
import { ok } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { listContactsOf } from "../../../recovery-contacts/index.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const PURPOSE = "evidence-contact-code";
const HOURS = 24;
const DAY_MS = 24 * 3600_000;
/** Named for less than this before the case, a contact does not count; the policy's `maturity` says so too. */
const NAMED_DAYS = 7;

const subjectOf = (caseId: CaseId, personId: AccountId): string => `${caseId} ${personId}`;
const digestsOf = (runtime: Pick<Runtime, "keys">, caseId: CaseId, code: string): readonly Buffer[] =>
  runtime.keys.macs("short-code", `${PURPOSE}\n${caseId}\n${code}`);

/**
 * Makes the code that a contact reads to the claimant, in place of one made before. It is shown once, on the contact's own
 * page after their second factor, and is in no mail: whoever reads only their mail has nothing.
 */
export async function issueContactCode(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  personId: AccountId,
): Promise<{ readonly code: Secret<string>; readonly expiresAt: Date }> {
  const subject = subjectOf(caseId, personId);
  await revokeSecrets(tx, PURPOSE, subject, "a newer code was shown");
  const code = makeShortCode(runtime.random);
  const [digest = Buffer.alloc(0)] = digestsOf(runtime, caseId, code);
  const expiresAt = new Date(tx.now.getTime() + HOURS * 3600_000);
  await storeSecret(tx, runtime.random, { purpose: PURPOSE, subject, digest, expiresAt });
  return { code: secret(code), expiresAt };
}

/** Makes a code that was shown worthless: the contact has thought better of it. */
export const revokeContactCode = (tx: Tx, caseId: CaseId, personId: AccountId): Promise<number> =>
  revokeSecrets(tx, PURPOSE, subjectOf(caseId, personId), "the contact took it back");

const claim = z.strictObject({
  code: z
    .string("Please type the code that your contact read to you.")
    .max(64)
    .transform((typed, context): string => {
      const code = readShortCode(typed);
      if (code !== null) return code;
      context.addIssue({ code: "custom", message: "The code has eight digits." });
      return z.NEVER;
    }),
});
type Claim = z.infer<typeof claim>;

const observation = z.strictObject({
  /** What was typed, or that the contact said that it is not the owner. */
  code: z.enum(["right", "replaced", "expired", "spent", "wrong", "not-them"]),
  personId: z.string().nullable(),
  /** Since when they are a contact; null where they are none. */
  acceptedAt: z.iso.datetime().nullable(),
});
type Observation = z.infer<typeof observation>;

async function acceptedAt(reader: Reader, accountId: AccountId | null, personId: string): Promise<string | null> {
  const contacts = accountId ? await listContactsOf(reader, accountId) : [];
  return contacts.find((one) => one.contactId === personId)?.acceptedAt?.toISOString() ?? null;
}

async function observeCode(
  reader: Reader,
  runtime: Runtime,
  context: EvidenceContext,
  code: string,
): Promise<Observation> {
  const found = await peek(reader, { purpose: PURPOSE, digests: digestsOf(runtime, context.caseId, code) });
  const personId = found?.subject.split(" ")[1] ?? null;
  if (!found || !personId) return { code: "wrong", personId: null, acceptedAt: null };
  const state = found.revokedAt
    ? "replaced"
    : found.spentAt
      ? "spent"
      : found.expiresAt && found.expiresAt <= context.now
        ? "expired"
        : "right";
  return { code: state, personId, acceptedAt: await acceptedAt(reader, context.accountId, personId) };
}

/** What is seen when a contact says that the claimant is somebody else. */
export const observeDenial = async (
  reader: Reader,
  context: EvidenceContext,
  personId: AccountId,
): Promise<Observation> => ({
  code: "not-them",
  personId,
  acceptedAt: await acceptedAt(reader, context.accountId, personId),
});

const CLAIMANT_TEXT =
  "That was taken. Whether a code was right is not shown here; if in doubt, have it read to you once more.";

const CODE_TEXT: Readonly<Record<Exclude<Observation["code"], "right" | "not-them">, string>> = {
  replaced: "A contact's code was typed that a newer one had replaced.",
  expired: "A contact's code was typed after its time.",
  spent: "A contact's code was typed a second time.",
  wrong: "A code was typed that no contact was shown in this case.",
};

function assess(seen: Observation, context: EvidenceContext): Assessment {
  const root = seen.personId === null ? "person" : `person:${seen.personId}`;
  const base = { policyKind: "recovery-contact", root, claimantText: CLAIMANT_TEXT } as const;
  const since = seen.acceptedAt === null ? null : new Date(seen.acceptedAt);
  if (seen.code === "not-them") {
    const reviewerText = "A recovery contact, named by the owner, says that the claimant is not the owner.";
    return { ...base, verdict: "contradicts", reviewerText };
  }
  if (seen.code !== "right") return { ...base, verdict: "inconclusive", reviewerText: CODE_TEXT[seen.code] };
  if (!since) {
    return {
      ...base,
      verdict: "inconclusive",
      reviewerText: "The code of somebody who is no recovery contact any more.",
    };
  }
  if (since.getTime() > context.openedAt.getTime() - NAMED_DAYS * DAY_MS) {
    const reviewerText = `The code of a recovery contact of less than ${NAMED_DAYS} days before the case.`;
    return { ...base, verdict: "inconclusive", reviewerText };
  }
  const reviewerText = `A recovery contact, named and willing since ${seen.acceptedAt?.slice(0, 10)}, gave the claimant their code.`;
  return { ...base, verdict: "supports", boundAt: since, reviewerText };
}

const SAMPLE: Observation = {
  code: "right",
  personId: "acc_00000000000000000000000003",
  acceptedAt: "2025-05-05T08:00:00.000Z",
};

/** A contact whom the owner named beforehand gives the claimant a code, after speaking with them. */
export const recoveryContact: EvidenceKind<Claim, Observation> = {
  id: "recovery-contact",
  version: 1,
  title: "A recovery contact you named",
  helps: "Somebody you named for this very moment can give you a code, once they have spoken with you.",
  policyKinds: ["recovery-contact"],
  isTold: false,
  claim,
  observation,
  retainDays: 180,
  validForDays: 60,
  triesPerCase: 5,
  challengeHours: null,
  instructions: () => ({
    sentence:
      "Let us write to your recovery contact, then call them. They read you a code of eight digits; type it here.",
    where:
      "Here, and on the telephone. Somebody who is not your contact is never written to; this page looks the same.",
    minutes: 5,
    proves: "That somebody you chose beforehand has spoken with you. They never see your account.",
  }),
  cannot: (facts) => (facts.contacts === 0 ? "You have named nobody who accepted." : null),
  observe: async (runtime, context, { code }) => ok(await observeCode(runtime.db, runtime, context, code)),
  observeAgain: async (reader, context, seen) =>
    seen.personId !== null && isId("acc", seen.personId)
      ? { ...seen, acceptedAt: await acceptedAt(reader, context.accountId, seen.personId) }
      : seen,
  assess,
  settle: async (tx, runtime, context, { code }, seen) => {
    if (seen.code !== "right") return ok(null);
    const spent = await spend(tx, { purpose: PURPOSE, digests: digestsOf(runtime, context.caseId, code) });
    return spent.ok ? ok(spent.value.id) : spent;
  },
  samples: {
    supports: [{ title: "a contact of a year", observation: SAMPLE }],
    contradicts: [{ title: "this is not them", observation: { ...SAMPLE, code: "not-them" } }],
    inconclusive: [
      { title: "a mistyped code", observation: { code: "wrong", personId: null, acceptedAt: null } },
      { title: "an old code", observation: { ...SAMPLE, code: "expired" } },
      { title: "a replaced code", observation: { ...SAMPLE, code: "replaced" } },
      { title: "a spent code", observation: { ...SAMPLE, code: "spent" } },
      { title: "no contact any more", observation: { ...SAMPLE, acceptedAt: null } },
      { title: "a contact of two days", observation: { ...SAMPLE, acceptedAt: "2026-10-31T08:00:00.000Z" } },
    ],
  },
};
