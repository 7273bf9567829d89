import { KNOWN_ACTS } from "./words.ts";

/* What a person looks for in the history, by kind. Every act belongs to exactly one. */

export const EVENT_KINDS = {
  "sign-in": "Signing in",
  authenticators: "Password, app, codes and keys",
  sessions: "Sessions",
  tokens: "API tokens",
  addresses: "Mail addresses",
  recovery: "Recovery",
  account: "The account itself",
  projects: "Projects",
} as const;
export type EventKind = keyof typeof EVENT_KINDS;

/** The first that fits counts. */
const RULES: readonly (readonly [RegExp, EventKind])[] = [
  [/^sign-in\//, "sign-in"],
  [/^authenticators\/|^evidence\/(?:signing-key|openpgp-key|forge-)/, "authenticators"],
  [/^sessions\//, "sessions"],
  [/^registry\/api-token/, "tokens"],
  [/^accounts\/(?:address|confirmation|primary-address|domain)/, "addresses"],
  [/^recovery\/account-locked$/, "account"],
  [/^(?:recovery|evidence|console|contacts)\//, "recovery"],
  [/^registry\/hold/, "account"],
  [/^registry\//, "projects"],
];

/** The kind of an act; what no rule names is about the account itself. */
export const kindOfAct = (act: string): EventKind => RULES.find(([pattern]) => pattern.test(act))?.[1] ?? "account";

/** Every act of a kind that this version can write. */
export const actsOfKind = (kind: EventKind): readonly string[] => KNOWN_ACTS.filter((act) => kindOfAct(act) === kind);
