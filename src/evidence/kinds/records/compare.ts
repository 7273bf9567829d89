import { maskAddress, parseAddress } from "../../../accounts/index.ts";
import { isSlipOf } from "../../../kernel/edit-distance.ts";

export const FIELDS = [
  "projects",
  "firstUpload",
  "lastUpload",
  "accountMade",
  "organisations",
  "addresses",
  "tokenNames",
  "lastSignIn",
  "environment",
] as const;
export type Field = (typeof FIELDS)[number];

/** What the form asks; everything is optional. Months as `2026-11`. */
export interface RecordsClaim {
  readonly projects: readonly string[];
  readonly organisations: readonly string[];
  readonly addresses: readonly string[];
  readonly tokenNames: readonly string[];
  readonly firstUpload: string | null;
  readonly lastUpload: string | null;
  readonly accountMade: string | null;
  readonly lastSignIn: string | null;
  /** Browsers and systems, each by itself. */
  readonly environment: readonly string[];
}

/** What the index knows, gathered for one comparison. */
export interface OnRecord {
  readonly value: string;
  /** Anybody can look it up: it can contradict, and never supports. */
  readonly isPublic: boolean;
}
export type Records = Readonly<Record<Field, readonly OnRecord[]>>;

export type Match = "match" | "close" | "differs" | "not on record";

export interface ComparedField {
  readonly field: Field;
  readonly claimed: string;
  /** What it was held against; addresses that were not named in full are masked. */
  readonly onRecord: string | null;
  readonly verdict: Match;
  readonly isPublic: boolean;
}

/** Whether a field can be looked up by anybody, where there is no record to ask. */
const IS_PUBLIC: Readonly<Record<Field, boolean>> = {
  projects: true,
  firstUpload: true,
  lastUpload: true,
  accountMade: true,
  organisations: false,
  addresses: false,
  tokenNames: false,
  lastSignIn: false,
  environment: false,
};

const CLOSE_MONTHS = 3;
const MOST_SHOWN = 10;

const foldAddress = (text: string): string => {
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value.folded : text.toLowerCase();
};
/** PEP 503, and case. */
const foldName = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[-_.\s]+/g, "-");

const monthNumber = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
const MONTH_FIELDS: ReadonlySet<Field> = new Set<Field>(["firstUpload", "lastUpload", "accountMade", "lastSignIn"]);

function matchOf(field: Field, claimed: string, record: string): Exclude<Match, "not on record"> {
  if (MONTH_FIELDS.has(field)) {
    const apart = Math.abs(monthNumber(claimed) - monthNumber(record));
    return apart === 0 ? "match" : apart <= CLOSE_MONTHS ? "close" : "differs";
  }
  const fold = field === "addresses" ? foldAddress : foldName;
  const [a, b] = [fold(claimed), fold(record)];
  return a === b ? "match" : isSlipOf(a, b) ? "close" : "differs";
}

const shown = (field: Field, value: string, verdict: Match): string =>
  field === "addresses" && verdict !== "match" ? maskAddress(value) : value;

function compareOne(field: Field, claimed: string, records: readonly OnRecord[]): ComparedField {
  if (records.length === 0)
    return { field, claimed, onRecord: null, verdict: "not on record", isPublic: IS_PUBLIC[field] };
  for (const verdict of ["match", "close"] as const) {
    const found = records.find((record) => matchOf(field, claimed, record.value) === verdict);
    if (found)
      return { field, claimed, onRecord: shown(field, found.value, verdict), verdict, isPublic: found.isPublic };
  }
  const all = records.slice(0, MOST_SHOWN).map((record) => shown(field, record.value, "differs"));
  const rest = records.length - all.length;
  const onRecord = rest > 0 ? `${all.join(", ")} and ${rest} more` : all.join(", ");
  return { field, claimed, onRecord, verdict: "differs", isPublic: records.every((record) => record.isPublic) };
}

/** What was claimed, item by item, without repetitions. */
export function claimedItems(claim: RecordsClaim): readonly { readonly field: Field; readonly claimed: string }[] {
  return FIELDS.flatMap((field) => {
    const claimed = claim[field];
    const items = claimed === null ? [] : typeof claimed === "string" ? [claimed] : [...new Set(claimed)];
    return items.map((item) => ({ field, claimed: item }));
  });
}

/** Holds every item that was claimed against the records. Pure. */
export const compareItems = (
  items: readonly { readonly field: Field; readonly claimed: string }[],
  records: Records,
): readonly ComparedField[] => items.map(({ field, claimed }) => compareOne(field, claimed, records[field]));
