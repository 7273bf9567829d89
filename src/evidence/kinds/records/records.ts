import { z } from "zod";
import { findAccount, listAddresses } from "../../../accounts/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import { ok } from "../../../kernel/result.ts";
import { describeBrowser } from "../../../kernel/user-agent.ts";
import { type IndexRecord, recordsOf } from "../../../registry/index.ts";
import { listSignIns } from "../../../sessions/index.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import {
  claimedItems,
  type ComparedField,
  compareItems,
  type Field,
  FIELDS,
  type Records,
  type RecordsClaim,
} from "./compare.ts";

const MOST_ITEMS = 20;
const LONGEST_ITEM = 254;
const EVER = new Date(0);

/** A list as a form sends it, one item a line or between commas, or as JSON does. */
const list = z
  .union([z.string().max(MOST_ITEMS * LONGEST_ITEM), z.array(z.string()).max(MOST_ITEMS)])
  .default([])
  .transform((typed) =>
    (typeof typed === "string" ? typed.split(/[\n,]/) : typed)
      .map((item) => item.normalize("NFC").trim())
      .filter((item) => item !== ""),
  )
  .pipe(
    z
      .array(
        z
          .string()
          .max(LONGEST_ITEM, "Please shorten that.")
          .refine((item) => !/\p{Cc}/u.test(item), "Please leave out control characters."),
      )
      .max(MOST_ITEMS, `Please name at most ${MOST_ITEMS}.`),
  );

const month = z
  .string()
  .trim()
  .regex(/^(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2]))?$/, "Please give year and month, like 2024-05.")
  .nullable()
  .default(null)
  .transform((typed) => (typed === "" ? null : typed));

const claim = z
  .strictObject({
    projects: list,
    organisations: list,
    addresses: list,
    tokenNames: list,
    firstUpload: month,
    lastUpload: month,
    accountMade: month,
    lastSignIn: month,
    environment: list,
  })
  .refine((claimed) => claimedItems(claimed).length > 0, "Please fill in at least one of these.");

const observation = z.strictObject({
  fields: z.array(
    z.strictObject({
      field: z.enum(FIELDS),
      claimed: z.string(),
      onRecord: z.string().nullable(),
      verdict: z.enum(["match", "close", "differs", "not on record"]),
      isPublic: z.boolean(),
    }),
  ),
});

type Observation = z.infer<typeof observation>;

const FIELD_OF: Readonly<Record<IndexRecord["kind"], Field>> = {
  project: "projects",
  "first-upload": "firstUpload",
  "last-upload": "lastUpload",
  organisation: "organisations",
  "api-token": "tokenNames",
};

const monthOf = (at: Date): string => at.toISOString().slice(0, 7);

/** Everything on record that the form asks for. An account that is not there has no records. */
async function gather(reader: Reader, context: EvidenceContext): Promise<Records> {
  const records: Record<Field, { value: string; isPublic: boolean }[]> = {
    projects: [],
    firstUpload: [],
    lastUpload: [],
    accountMade: [],
    organisations: [],
    addresses: [],
    tokenNames: [],
    lastSignIn: [],
    environment: [],
  };
  const account = context.accountId && (await findAccount(reader, context.accountId));
  if (!account) return records;
  for (const { kind, value, isPublic } of await recordsOf(reader, account.id))
    records[FIELD_OF[kind]].push({ value, isPublic });
  const addresses = await listAddresses(reader, account.id, EVER);
  records.addresses = addresses.filter((one) => one.verifiedAt).map((one) => ({ value: one.address, isPublic: false }));
  // Profiles and release dates give it away to within months, so it is taken as public.
  records.accountMade = [{ value: monthOf(account.createdAt), isPublic: true }];
  records.lastSignIn = [{ value: monthOf(account.lastActiveAt), isPublic: false }];
  records.environment = (await environmentOf(reader, context, account.id)).map((value) => ({ value, isPublic: false }));
  return records;
}

const DAY_MS = 24 * 3600_000;
/** Sign-ins of the last week may be a thief's. */
const MATURE_DAYS = 7;

/** Browsers and systems that the account was signed in with: “Firefox on Linux” as Firefox and Linux. */
async function environmentOf(
  reader: Reader,
  context: EvidenceContext,
  accountId: AccountId,
): Promise<readonly string[]> {
  const before = new Date(context.openedAt.getTime() - MATURE_DAYS * DAY_MS);
  const signIns = await listSignIns(reader, accountId, before);
  return [...new Set(signIns.flatMap(({ userAgent }) => describeBrowser(userAgent).split(" on ")))];
}

const NAMES: Readonly<Record<Field, string>> = {
  projects: "Project",
  firstUpload: "First upload",
  lastUpload: "Last upload",
  accountMade: "Account made",
  organisations: "Organisation",
  addresses: "Address",
  tokenNames: "Token name",
  lastSignIn: "Last signed in",
  environment: "Browser or system",
};

const asSentence = ({ field, claimed, onRecord, verdict, isPublic }: ComparedField): string => {
  const beside = onRecord === null ? "" : `, on record: ${onRecord}`;
  return `${NAMES[field]} “${claimed}”: ${verdict}${beside} (${isPublic ? "public" : "private"}).`;
};

const isHit = ({ verdict }: ComparedField): boolean => verdict === "match" || verdict === "close";

/** Private facts that are not guessed from the calendar: a month is one of few, an address or a token's name is not. */
const PRIVATE_NAMES: ReadonlySet<Field> = new Set<Field>(["organisations", "addresses", "tokenNames"]);

/**
 * More wrong than right, twice at least, speaks against; so does naming only projects of others. One private name, or
 * private facts of two sorts, support. Public facts alone are worth nothing.
 */
function judge(fields: readonly ComparedField[]): Assessment["verdict"] {
  const wrong = fields.filter(({ verdict }) => verdict === "differs");
  const right = fields.filter(isHit);
  const projects = fields.filter(({ field, verdict }) => field === "projects" && verdict !== "not on record");
  const isForeign = projects.length > 0 && !projects.some(isHit);
  if (isForeign || (wrong.length >= 2 && wrong.length > right.length)) return "contradicts";
  const hidden = right.filter(({ isPublic }) => !isPublic);
  const isSupported =
    hidden.some(({ field }) => PRIVATE_NAMES.has(field)) || new Set(hidden.map(({ field }) => field)).size >= 2;
  return isSupported ? "supports" : "inconclusive";
}

function assess({ fields }: Observation): Assessment {
  const verdict = judge(fields);
  const hits = fields.filter(isHit);
  const isPublic = verdict === "inconclusive" && hits.length > 0 && hits.every((one) => one.isPublic);
  const summary = isPublic ? "Only public facts match: worth nothing." : `${hits.length} of ${fields.length} match.`;
  return {
    verdict,
    policyKind: "records",
    root: "knowledge",
    isPublic,
    // The same whatever matched: an answer would tell a guesser which guess was right.
    claimantText:
      "Thank you. What you wrote is held against our records. We do not say which of it fits, so that nobody can find out by guessing.",
    reviewerText: [summary, ...fields.map(asSentence)].join("\n"),
  };
}

const PROJECT: ComparedField = {
  field: "projects",
  claimed: "wheelhouse",
  onRecord: "wheelhouse",
  verdict: "match",
  isPublic: true,
};
const ADDRESS: ComparedField = {
  field: "addresses",
  claimed: "alice@example.net",
  onRecord: "alice@example.net",
  verdict: "match",
  isPublic: false,
};
const TOKEN: ComparedField = {
  field: "tokenNames",
  claimed: "latop",
  onRecord: "laptop",
  verdict: "close",
  isPublic: false,
};
const SIGN_IN: ComparedField = {
  field: "lastSignIn",
  claimed: "2026-08",
  onRecord: "2026-09",
  verdict: "close",
  isPublic: false,
};

/** What the claimant says about the account, held against the index's records field by field. */
export const records: EvidenceKind<RecordsClaim, Observation> = {
  id: "records",
  version: 1,
  title: "What you remember",
  helps: "Tells us what you know about the account. It weighs little, but it helps a person who looks at your case.",
  policyKinds: ["records"],
  isTold: false,
  claim,
  observation,
  retainDays: 90,
  validForDays: 30,
  triesPerCase: 5,
  challengeHours: null,
  instructions: () => ({
    sentence: "Fill in what you remember; leave out the rest. Small mistakes do no harm.",
    where: "Here, on this page.",
    minutes: 5,
    proves: "Little: what anybody can look up counts for nothing, and much that is wrong counts against you.",
  }),
  cannot: () => null,
  observe: async (runtime, context, claimed) =>
    ok({ fields: [...compareItems(claimedItems(claimed), await gather(runtime.db, context))] }),
  observeAgain: async (reader, context, seen) => ({
    fields: [...compareItems(seen.fields, await gather(reader, context))],
  }),
  assess,
  samples: {
    supports: [
      { title: "a project and an earlier address", observation: { fields: [PROJECT, ADDRESS] } },
      {
        title: "a token's name with a slip, one project forgotten",
        observation: { fields: [PROJECT, { ...PROJECT, claimed: "anvils", verdict: "differs" }, TOKEN] },
      },
      { title: "two private facts", observation: { fields: [SIGN_IN, ADDRESS] } },
    ],
    contradicts: [
      {
        title: "only somebody else's project",
        observation: { fields: [{ ...PROJECT, claimed: "anvils", verdict: "differs" }, ADDRESS] },
      },
      {
        title: "more wrong than right",
        observation: {
          fields: [
            PROJECT,
            { ...ADDRESS, verdict: "differs", onRecord: "a•••@e•••.org" },
            { ...SIGN_IN, claimed: "2019-01", verdict: "differs" },
          ],
        },
      },
    ],
    inconclusive: [
      {
        title: "public facts only",
        observation: {
          fields: [
            PROJECT,
            { field: "accountMade", claimed: "2024-01", onRecord: "2024-01", verdict: "match", isPublic: true },
          ],
        },
      },
      { title: "one private month, which is easily guessed", observation: { fields: [SIGN_IN] } },
      {
        title: "nothing on record to hold it against",
        observation: { fields: [{ ...TOKEN, onRecord: null, verdict: "not on record" }] },
      },
    ],
  },
};
