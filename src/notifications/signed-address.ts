import { CROCKFORD_ALPHABET, crockfordValue, encodeCrockford } from "../kernel/crypto/crockford.ts";
import { equalBytes, type Keyring } from "../kernel/crypto/keyring.ts";
import { isId, type MailId } from "../kernel/ids.ts";
import { defineRefusals } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";

/*
 * Addresses that name a mail of ours and prove that whoever writes to them has seen it: `name+<mail><last day><proof>@domain`.
 * Every mail has one as its envelope sender (VERP), to which what cannot be delivered comes back; mails about a case have
 * another in Reply-To, so that an answer finds its case.
 */

export const addressRefusals = defineRefusals("mail-address", {
  "bad-address": { status: 400, title: "That address cannot be used for mail that comes in." },
  unknown: { status: 404, title: "No mail was sent in the name of that address." },
  expired: { status: 410, title: "That mail was sent too long ago." },
});

/** A case may wait for a person's answer for long, and be taken up again after it expired. */
export const REPLY_DAYS = 180;

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
export const LONGEST_NAME = 64 - 1 - TOKEN_SYMBOLS;

/** A mailbox whose addresses beyond the plus sign are ours to give. */
export interface PlusMailbox {
  readonly name: string;
  readonly domain: string;
}

/** Reads BOUNCE_ADDRESS or MAIL_IN_ADDRESS, `bounces@example.org`. Refuses what no token can be put into, saying why. */
export function parsePlusMailbox(text: string): Result<PlusMailbox> {
  const bad = (detail: string) => refuse(addressRefusals["bad-address"]({ detail }));
  const at = text.lastIndexOf("@");
  const [name, domain] = [text.slice(0, at), text.slice(at + 1).toLowerCase()];
  if (at < 1) return bad("It is not a mail address.");
  if (!/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(name))
    return bad(
      "Before the @ it takes letters, digits, dots, dashes and underscores; what follows a + is ours to fill.",
    );
  if (name.length > LONGEST_NAME)
    return bad(`Before the @ it takes at most ${LONGEST_NAME} characters, since a long token is added.`);
  const isDomain = domain.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(domain);
  return isDomain ? ok({ name, domain }) : bad("After the @ it takes the domain of a mail server, like example.org.");
}

export interface SignedAddresses {
  /** The address that a mail which leaves at this moment has. */
  addressFor(mailId: MailId, at: Date): string;
  /** The mail that an envelope recipient stands for. Refuses one we did not make, and one that is too old. */
  read(recipient: string, now: Date): Result<MailId>;
}

/** Where what cannot be delivered comes back to. */
export const makeBounceAddresses = (mailbox: PlusMailbox, keys: Keyring): SignedAddresses =>
  makeSignedAddresses(mailbox, keys, { purpose: "bounce-address", days: BOUNCE_DAYS });

/** Where answers to mails about a case go. */
export const makeReplyAddresses = (mailbox: PlusMailbox, keys: Keyring): SignedAddresses =>
  makeSignedAddresses(mailbox, keys, { purpose: "reply-address", days: REPLY_DAYS });

function makeSignedAddresses(
  { name, domain }: PlusMailbox,
  keys: Keyring,
  { purpose, days }: { readonly purpose: "bounce-address" | "reply-address"; readonly days: number },
): SignedAddresses {
  const shape = new RegExp(
    `^${name.replaceAll(".", "\\.")}\\+([0-9a-z]{${TOKEN_SYMBOLS}})@${domain.replaceAll(".", "\\.")}$`,
    "i", // on its way a local part may lose its case
  );
  return {
    addressFor: (mailId, at) => {
      const claim = `${mailId.slice("mail_".length)}${encodeDay(dayOf(at) + days)}`;
      const proof = keys.mac(purpose, claim).subarray(0, PROOF_BYTES);
      return `${name}+${claim}${encodeCrockford(proof).toLowerCase()}@${domain}`;
    },
    read: (recipient, now) => {
      const token = shape.exec(recipient.trim())?.[1]?.toLowerCase() ?? "";
      const claim = token.slice(0, -PROOF_SYMBOLS);
      const proof = Buffer.from(token.slice(-PROOF_SYMBOLS), "latin1");
      const isOurs = keys
        .macs(purpose, claim)
        .some((mac) => equalBytes(proof, Buffer.from(encodeCrockford(mac.subarray(0, PROOF_BYTES)).toLowerCase())));
      const mailId = `mail_${claim.slice(0, ID_SYMBOLS)}`;
      if (!isOurs || !isId("mail", mailId)) return refuse(addressRefusals.unknown());
      return dayOf(now) <= decodeDay(claim.slice(ID_SYMBOLS)) ? ok(mailId) : refuse(addressRefusals.expired());
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
