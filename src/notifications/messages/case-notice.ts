import { type Block, link, paragraph } from "../letter.ts";
import { SAMPLE_DATE, SAMPLE_ORIGIN } from "../message.ts";
import { quoted } from "../wording.ts";

/** What the four notices of a recovery case have in common (product §8): what, when, from where, and one way to stop it. */
export interface NoticeParams {
  readonly username: string;
  readonly caseNumber: string;
  readonly openedAt: Date;
  /** The network the case was opened from. */
  readonly fromWhere: string;
  /** When the waiting period ends, once it has begun. */
  readonly waitEndsAt?: Date | null;
  /** A page with one button; needs no sign-in. Made for this addressee. */
  readonly objectUrl: string;
  /** Why this address is told. */
  readonly relation: "address" | "former-address" | "co-owner" | "recovery-contact" | "session";
}

export const caseFacts = (params: NoticeParams): readonly (readonly [string, string | Date])[] => [
  ["Account", params.username],
  ["Case", params.caseNumber],
  ["Opened", params.openedAt],
  ["From", quoted(params.fromWhere)],
];

const REASONS: Readonly<Record<NoticeParams["relation"], (username: string) => string>> = {
  address: (username) => `You get this mail because this address belongs to the account ${username}.`,
  "co-owner": (username) => `You get this mail because you share a project with ${username}.`,
  "recovery-contact": (username) => `You get this mail because ${username} has named you as recovery contact.`,
  "former-address": (username) =>
    `You get this mail because this address belonged to the account ${username} until some time ago.`,
  session: (username) => `You get this mail because you are signed in as ${username}.`,
};

export const whyYou = ({ relation, username }: NoticeParams): readonly Block[] => [
  paragraph(REASONS[relation](username)),
];

export const objection = ({ objectUrl, username }: NoticeParams): readonly Block[] => [
  paragraph(`If you asked for this, or know that ${username} did, you need do nothing.`),
  paragraph(
    "If it is not right, or you are not sure, object. The page has one button and needs no sign-in; opening it does " +
      "nothing by itself. The button freezes the case and the account until a person has looked.",
  ),
  link("Object to this", objectUrl),
];

export const SAMPLE_NOTICE: NoticeParams = {
  username: "alice",
  caseNumber: "1042",
  openedAt: SAMPLE_DATE,
  fromWhere: "192.0.2.7",
  waitEndsAt: new Date("2026-11-05T09:00:00.000Z"),
  objectUrl: `${SAMPLE_ORIGIN}/object/V2hhdEFMb25nVG9rZW4`,
  relation: "address",
};
