import { CROCKFORD_ALPHABET, crockfordValue, encodeCrockford } from "../kernel/crypto/crockford.ts";
import { equalBytes, type Keyring } from "../kernel/crypto/keyring.ts";
import { isId, type MailId } from "../kernel/ids.ts";
import { defineRefusals } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";

/*
 * Every mail has an envelope sender of its own (VERP), so that what comes back names the mail it is about, and proves
 * that whoever sends it has seen that mail: `bounces+<mail><last day><proof>@domain`.
 */

export const bounceRefusals = defineRefusals("bounces", {
  "bad-address": { status: 400, title: "BOUNCE_ADDRESS cannot be used." },
  unknown: { status: 404, title: "No mail was sent in the name of that address." },
  expired: { status: 410, title: "That mail was sent too long ago for its report to count." },
});

/** Reports come within the five days that servers try (RFC 5321 §4.5.4.1), and a few more for the last of them. */
export const BOUNCE_DAYS = 14;

const DAY_MS = 24 * 3600_000;
const ID_SYMBOLS = 26;
const DAY_SYMBOLS = 4;
/** 80 bits: nobody tries 2^80 of them by mail. */
const PROOF_BYTES = 10;
const PROOF_SYMBOLS = 16;
const TOKEN_SYMBOLS = ID_SYMBOLS + DAY_SYMBOLS + PROOF_SYMBOLS;
/** A local part has at most 64 characters (RFC 5321 §4.5.3.1.1), the plus sign among them. */
export const LONGEST_BOUNCE_NAME = 64 - 1 - TOKEN_SYMBOLS;

export interface BounceMailbox {
  readonly name: string;
  readonly domain: string;
}

/** Reads BOUNCE_ADDRESS, `bounces@example.org`. Refuses what no token can be put into, saying why. */
export function parseBounceAddress(text: string): Result<BounceMailbox> {
  const bad = (detail: string) => refuse(bounceRefusals["bad-address"]({ detail }));
  const at = text.lastIndexOf("@");
  const [name, domain] = [text.slice(0, at), text.slice(at + 1).toLowerCase()];
  if (at < 1) return bad("It is not a mail address.");
  if (!/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(name))
    return bad(
      "Before the @ it takes letters, digits, dots, dashes and underscores; what follows a + is ours to fill.",
    );
  if (name.length > LONGEST_BOUNCE_NAME)
    return bad(`Before the @ it takes at most ${LONGEST_BOUNCE_NAME} characters, since a long token is added.`);
  const isDomain = domain.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(domain);
  return isDomain ? ok({ name, domain }) : bad("After the @ it takes the domain of a mail server, like example.org.");
}

export interface BounceAddresses {
  /** The envelope sender of a mail that leaves at this moment. */
  addressFor(mailId: MailId, at: Date): string;
  /** The mail that an envelope recipient stands for. Refuses one we did not make, and one that is too old. */
  read(recipient: string, now: Date): Result<MailId>;
}

export function makeBounceAddresses({ name, domain }: BounceMailbox, keys: Keyring): BounceAddresses {
  const shape = new RegExp(
    `^${name.replaceAll(".", "\\.")}\\+([0-9a-z]{${TOKEN_SYMBOLS}})@${domain.replaceAll(".", "\\.")}$`,
    "i", // on its way a local part may lose its case
  );
  return {
    addressFor: (mailId, at) => {
      const claim = `${mailId.slice("mail_".length)}${encodeDay(dayOf(at) + BOUNCE_DAYS)}`;
      const proof = keys.mac("bounce-address", claim).subarray(0, PROOF_BYTES);
      return `${name}+${claim}${encodeCrockford(proof).toLowerCase()}@${domain}`;
    },
    read: (recipient, now) => {
      const token = shape.exec(recipient.trim())?.[1]?.toLowerCase() ?? "";
      const claim = token.slice(0, -PROOF_SYMBOLS);
      const proof = Buffer.from(token.slice(-PROOF_SYMBOLS), "latin1");
      const isOurs = keys
        .macs("bounce-address", claim)
        .some((mac) => equalBytes(proof, Buffer.from(encodeCrockford(mac.subarray(0, PROOF_BYTES)).toLowerCase())));
      const mailId = `mail_${claim.slice(0, ID_SYMBOLS)}`;
      if (!isOurs || !isId("mail", mailId)) return refuse(bounceRefusals.unknown());
      return dayOf(now) <= decodeDay(claim.slice(ID_SYMBOLS)) ? ok(mailId) : refuse(bounceRefusals.expired());
    },
  };
}

const dayOf = (at: Date): number => Math.floor(at.getTime() / DAY_MS);

/** Days since 1970 as four symbols: enough until the year 4840. */
const encodeDay = (day: number): string =>
  Array.from({ length: DAY_SYMBOLS }, (_, place) => CROCKFORD_ALPHABET[(day >> (5 * (DAY_SYMBOLS - 1 - place))) & 31])
    .join("")
    .toLowerCase();

const decodeDay = (symbols: string): number =>
  [...symbols.toUpperCase()].reduce((day, symbol) => day * 32 + crockfordValue(symbol), 0);
