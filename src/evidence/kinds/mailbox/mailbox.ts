import { z } from "zod";
import { findAddress, type ParsedAddress, parseAddress } from "../../../accounts/index.ts";
import { readShortCode } from "../../../kernel/crypto/short-code.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { isId } from "../../../kernel/ids.ts";
import { ok } from "../../../kernel/result.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { lookAtCode, spendMailboxCode } from "./code.ts";
import { type AddressStanding, standingOf } from "./lookup.ts";

const claim = z.strictObject({
  address: z
    .string("Please type the address.")
    .max(512)
    .transform((typed, context): ParsedAddress => {
      const parsed = parseAddress(typed);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: "custom", message: parsed.refusal.title });
      return z.NEVER;
    }),
  code: z
    .string("Please type the code from the mail.")
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
  code: z.enum(["right", "replaced", "expired", "spent", "wrong"]),
  standing: z.enum(["present", "undelivered", "removed", "unverified", "not-on-account"]),
  addressId: z.string().nullable(),
  domain: z.string(),
  /** The domain of the account's first mailbox. */
  firstDomain: z.string().nullable(),
  addedAt: z.iso.datetime().nullable(),
  verifiedAt: z.iso.datetime().nullable(),
  removedAt: z.iso.datetime().nullable(),
});

type Observation = z.infer<typeof observation>;

const toObservation = (
  code: Observation["code"],
  domain: string,
  { standing, address, firstDomain }: AddressStanding,
): Observation => ({
  code,
  standing,
  addressId: address?.id ?? null,
  domain,
  firstDomain,
  addedAt: address?.addedAt.toISOString() ?? null,
  verifiedAt: address?.verifiedAt?.toISOString() ?? null,
  removedAt: address?.removedAt?.toISOString() ?? null,
});

/**
 * The claimant has just shown that they read the address they wrote from. Null where it is none of the account's: then
 * there is nothing to record.
 */
export async function observeContactMailbox(
  reader: Reader,
  context: EvidenceContext,
  address: string,
): Promise<Observation | null> {
  const parsed = parseAddress(address);
  if (!parsed.ok) return null;
  const found = await standingOf(reader, context, parsed.value);
  return found.standing === "not-on-account" ? null : toObservation("right", parsed.value.domain, found);
}

const CODE_TEXT = {
  replaced: "That code has been replaced by a newer one. Use the code from the newest mail.",
  expired: "That code has expired. Ask for a new one.",
  spent: "That code has been used already.",
  wrong: "That is not the code we sent to that address for this case.",
} as const;

const policyKindOf = (seen: Observation): string => {
  if (seen.standing === "removed") return "mailbox-earlier";
  return seen.firstDomain === null || seen.domain === seen.firstDomain ? "mailbox" : "mailbox-second";
};

function assess(seen: Observation): Assessment {
  const root = `mailbox:${seen.domain}`;
  const policyKind = policyKindOf(seen);
  // The answer to a wrong code must not depend on whether the address is the account's.
  if (seen.code !== "right") {
    const verdict = seen.code === "wrong" ? "contradicts" : "inconclusive";
    const reviewerText = `A code for an address at ${seen.domain} (${STANDING_TEXT[seen.standing]}) was typed and is ${seen.code}.`;
    return { verdict, policyKind, root, claimantText: CODE_TEXT[seen.code], reviewerText };
  }
  const reviewerText = `The claimant reads an address at ${seen.domain}: ${STANDING_TEXT[seen.standing]}${datesOf(seen)}.`;
  if (seen.verifiedAt !== null && (seen.standing === "present" || seen.standing === "removed")) {
    const claimantText =
      seen.standing === "present"
        ? "You can read that mailbox."
        : "You can read that mailbox, which belonged to the account earlier.";
    return { verdict: "supports", policyKind, root, boundAt: new Date(seen.verifiedAt), claimantText, reviewerText };
  }
  const claimantText =
    seen.standing === "undelivered"
      ? "You can read that mailbox. Our mail to it came back since it was confirmed, so it does not count by itself; a person sees it."
      : seen.standing === "unverified"
        ? "You can read that mailbox. It was never confirmed on the account, so it does not count by itself; a person sees it."
        : "You can read that mailbox, but it does not count for this account.";
  return { verdict: "inconclusive", policyKind, root, claimantText, reviewerText };
}

const STANDING_TEXT = {
  present: "a confirmed address of the account",
  undelivered: "a confirmed address of the account, to which mail came back since",
  removed: "an earlier address of the account",
  unverified: "on the account, never confirmed",
  "not-on-account": "not on the account",
} as const;

const day = (iso: string): string => iso.slice(0, 10);
const datesOf = ({ addedAt, verifiedAt, removedAt }: Observation): string =>
  [
    addedAt && `, added ${day(addedAt)}`,
    verifiedAt && `, confirmed ${day(verifiedAt)}`,
    removedAt && `, removed ${day(removedAt)}`,
  ]
    .filter(Boolean)
    .join("");

const SAMPLE: Observation = {
  code: "right",
  standing: "present",
  addressId: "adr_00000000000000000000000001",
  domain: "example.org",
  firstDomain: "example.org",
  addedAt: "2024-01-05T08:00:00.000Z",
  verifiedAt: "2024-01-05T08:10:00.000Z",
  removedAt: null,
};
const ELSEWHERE: Observation = {
  ...SAMPLE,
  standing: "not-on-account",
  addressId: null,
  addedAt: null,
  verifiedAt: null,
  domain: "example.net",
};

/** A code sent to an address of the account, present or earlier, comes back. */
export const mailbox: EvidenceKind<Claim, Observation> = {
  id: "mailbox",
  version: 1,
  title: "A mailbox of the account",
  helps: "Shows that you can read mail sent to an address of the account, one it has now or one it had earlier.",
  policyKinds: ["mailbox", "mailbox-second", "mailbox-earlier"],
  isTold: true,
  claim,
  observation,
  retainDays: 180,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: null,
  instructions: () => ({
    sentence:
      "Type an address of the account, also an old one. If it is one, we send it a code of eight digits; type that here.",
    where:
      "Here, and in that mailbox. The answer on this page is the same whether or not the address is on the account.",
    minutes: 3,
    proves: "That you can read that mailbox. Each mail provider counts once.",
  }),
  cannot: (facts) => (facts.verifiedAddresses > 0 ? null : "No address was ever confirmed on the account."),
  observe: async (runtime, context, { address, code }) => {
    const state = await lookAtCode(runtime.db, runtime, {
      caseId: context.caseId,
      folded: address.folded,
      code,
      now: context.now,
    });
    return ok(toObservation(state, address.domain, await standingOf(runtime.db, context, address)));
  },
  observeAgain: async (reader, context, seen) => {
    if (seen.addressId === null || !isId("adr", seen.addressId)) return seen;
    const address = await findAddress(reader, seen.addressId);
    if (!address || address.accountId !== context.accountId) {
      return { ...seen, standing: "not-on-account", addressId: null, addedAt: null, verifiedAt: null, removedAt: null };
    }
    return toObservation(seen.code, seen.domain, await standingOf(reader, context, address));
  },
  assess,
  settle: async (tx, runtime, context, { address, code }, seen) =>
    seen.code === "right" ? spendMailboxCode(tx, runtime, context.caseId, address.folded, code) : ok(null),
  samples: {
    supports: [
      { title: "the primary address", observation: SAMPLE },
      { title: "a second one on another domain", observation: { ...SAMPLE, domain: "example.net" } },
      {
        title: "one removed two years ago",
        observation: { ...SAMPLE, standing: "removed", removedAt: "2024-06-01T08:00:00.000Z" },
      },
    ],
    contradicts: [
      { title: "a code that was never sent", observation: { ...SAMPLE, code: "wrong" } },
      { title: "the same for an address elsewhere", observation: { ...ELSEWHERE, code: "wrong" } },
    ],
    inconclusive: [
      { title: "a code that a newer one replaced", observation: { ...SAMPLE, code: "replaced" } },
      { title: "an expired code", observation: { ...SAMPLE, code: "expired" } },
      {
        title: "an address that was never confirmed",
        observation: { ...SAMPLE, standing: "unverified", verifiedAt: null },
      },
      {
        title: "an address to which mail came back",
        observation: { ...SAMPLE, standing: "undelivered" },
      },
      { title: "a mailbox that is not the account's", observation: ELSEWHERE },
    ],
  },
};
