import { z } from "zod";
import { lockName, type Tx } from "../../../kernel/db/transact.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { listDkimKeys } from "../../../notifications/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { takeText } from "../../secrets-in-text/end.ts";
import { scanText } from "../../secrets-in-text/scan.ts";
import type { EvidenceContext, EvidenceKind } from "../../types.ts";
import { assess } from "./assess.ts";
import { checkSignature } from "./check.ts";
import { type Observation, observation } from "./observation.ts";
import { domainOf, type KeptMail, MOST_BYTES, readKeptMail, textOfMail } from "./read.ts";
import { SAMPLES } from "./samples.ts";
import { digestOf, noteUse, wasUsedElsewhere } from "./store.ts";
import { asMailId, type SignedMail, type Standing, whichMail } from "./which.ts";

const claim = z.strictObject({
  /** The file as it was saved, one character a byte. */
  message: z
    .string("Choose the file with the mail, or paste all of it.")
    .min(1, "Choose the file with the mail, or paste all of it.")
    .max(MOST_BYTES, "That is larger than any mail of ours. Choose the file with one mail."),
});

type Claim = z.infer<typeof claim>;

const toObservation = (mail: SignedMail, domain: string, algorithm: string, found: Standing): Observation => ({
  outcome: found.outcome,
  messageId: mail.messageId,
  domain,
  addressId: found.addressId,
  verifiedAt: found.verifiedAt?.toISOString() ?? null,
  sentAt: mail.date.toISOString(),
  pinned: found.pinned.toISOString(),
  what: found.logged?.message ?? null,
  key: { domain: mail.key.domain, selector: mail.key.selector, algorithm },
});

/**
 * Ends secrets that somebody put into a mail, and says what became of them; null where there are none. A link of ours is
 * none: our mails have such links, and this one is kept nowhere.
 */
async function endSecretsIn(runtime: Runtime, context: EvidenceContext, message: string): Promise<string | null> {
  const text = `${message}\n${await textOfMail(message)}`;
  if (scanText(text).found.every(({ kind }) => kind === "own-link")) return null;
  const { caseId, now } = context;
  return (await takeText(runtime, text, { actor: { kind: "claimant", id: caseId }, caseId, now })).told;
}

/** A mail that was altered is a finding, but nothing it says of itself is believed: it is looked up nowhere. */
function asAltered(context: EvidenceContext, signed: SignedMail, algorithm: string): Observation {
  const outcome = "does-not-verify";
  const nothing = { outcome, addressId: null, verifiedAt: null, pinned: context.openedAt, logged: null } as const;
  return toObservation(signed, "unknown", algorithm, nothing);
}

async function observe(runtime: Runtime, context: EvidenceContext, { message }: Claim): Promise<Result<Observation>> {
  const read = await readKeptMail(message);
  const checked = read.ok ? await checkSignature(read.value, await listDkimKeys(runtime.db)) : read;
  if (!read.ok || !checked.ok || checked.value.outcome === "does-not-verify") {
    const told = await endSecretsIn(runtime, context, message);
    if (told !== null) return refuse(evidenceRefusals["mail-with-secret"]({ detail: told }));
  }
  if (!read.ok) return read;
  if (!checked.ok) return checked;
  const { key, outcome } = checked.value;
  const signed = signedMail(read.value, key);
  if (outcome === "does-not-verify") return ok(asAltered(context, signed, key.algorithm));
  const found = await whichMail(runtime.db, context, signed);
  return ok(toObservation(signed, domainOf(read.value.to), key.algorithm, found));
}

const signedMail = (mail: KeptMail, { domain, selector }: SignedMail["key"]): SignedMail => ({
  messageId: mail.messageId,
  mailId: mail.mailId,
  to: mail.to,
  date: mail.date,
  key: { domain, selector },
});

/** One mail speaks for one account: of two cases that show it at once, the second is refused. */
async function settle(tx: Tx, _runtime: Runtime, context: EvidenceContext, _claim: Claim, seen: Observation) {
  if (seen.outcome === "does-not-verify" || !context.accountId) return ok(null);
  await lockName(tx.as<unknown>(), `registry mail ${digestOf(seen.messageId).toString("hex")}`);
  if (seen.outcome === "own" && (await wasUsedElsewhere(tx, seen.messageId, context.accountId)))
    return refuse(evidenceRefusals["mail-used"]());
  await noteUse(tx, seen.messageId, context.accountId, context.caseId);
  return ok(null);
}

/** An earlier mail of ours, as a file from the mailbox it went to. */
export const registryMail: EvidenceKind<Claim, Observation> = {
  id: "registry-mail",
  version: 1,
  title: "An old mail from us",
  helps: "Shows that you have a mail that we sent to an address of the account long ago.",
  policyKinds: ["registry-mail"],
  isTold: true,
  claim,
  // Our mails have links of ours in them. What else could be in the file is looked for in `observe`.
  secretFields: ["message"],
  observation,
  retainDays: 180,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: null,
  instructions: () => ({
    sentence: "Look for the oldest mail from us that you still have, save it as a file, and choose that file here.",
    where:
      "In your mail program or an old copy of your mailbox. The file must be the mail itself, not forwarded or copied from the screen.",
    minutes: 5,
    proves:
      "That you have what was in that mailbox back then. It counts as the mailbox does, and we keep no copy of the mail.",
  }),
  cannot: (facts) => (facts.verifiedAddresses > 0 ? null : "No address was ever confirmed on the account."),
  observe,
  observeAgain: async (reader, context, seen) => {
    if (seen.outcome !== "own") return seen;
    const mail: SignedMail = {
      messageId: seen.messageId,
      mailId: asMailId(seen.messageId.slice(1, seen.messageId.lastIndexOf("@"))),
      to: { addressId: seen.addressId },
      date: new Date(seen.sentAt),
      key: seen.key,
    };
    return toObservation(mail, seen.domain, seen.key.algorithm, await whichMail(reader, context, mail));
  },
  assess,
  settle,
  samples: SAMPLES,
};
