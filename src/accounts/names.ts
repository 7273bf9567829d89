import { domainToASCII } from "node:url";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { accountRefusals } from "./refusals.ts";

const USERNAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$/;

/** Letters and digits that are easily taken for one another, each mapped to one of them. */
const LOOK_ALIKE: Readonly<Record<string, string>> = { "0": "o", "1": "l", i: "l", "5": "s", "2": "z", "8": "b" };

/**
 * The form in which usernames are unique: lower case, separators dropped, look-alikes folded, so that `A-lice_1` and
 * `alicel` cannot both exist.
 */
export const foldUsername = (username: string): string =>
  [...username.toLowerCase().replace(/[._-]/g, "")]
    .map((symbol) => LOOK_ALIKE[symbol] ?? symbol)
    .join("")
    .replace(/rn/g, "m")
    .replace(/vv/g, "w");

/** Names that would pass for somebody who speaks for the installation, in the form in which names are compared. */
const RESERVED: ReadonlySet<string> = new Set(
  ["admin", "administrator", "root", "support", "security", "locksmith", "staff", "console", "token"].map(foldUsername),
);

/**
 * Checks the shape of a new username: 1 to 50 ASCII letters, digits, dots, dashes, underscores. Refuses reserved names
 * and what looks like one.
 */
export function checkUsername(typed: string): Result<string> {
  if (!USERNAME.test(typed)) return refuse(accountRefusals["username-shape"]());
  if (RESERVED.has(foldUsername(typed))) return refuse(accountRefusals["username-taken"]());
  return ok(typed);
}

export interface ParsedAddress {
  readonly address: string;
  readonly folded: string;
  /** Lower case, punycode. */
  readonly domain: string;
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Host names (RFC 1123 §2.1). The last label has a letter in it, or it is an IPv4 address in one of its spellings. */
const DOMAIN =
  /^(?=.{1,253}$)(?!.*\.\d+$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a mail address in dot-atom form (RFC 5321 §4.1.2), with an internationalised domain turned into punycode.
 * Quoted local parts, comments, IP addresses and dotless domains are refused. No provider-specific folding: only
 * case is folded.
 */
export function parseAddress(typed: string): Result<ParsedAddress> {
  const text = typed.normalize("NFC").trim();
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const domain = domainToASCII(text.slice(at + 1)).toLowerCase();
  if (at < 1 || text.length > 254 || local.length > 64 || !LOCAL_PART.test(local) || !DOMAIN.test(domain)) {
    return refuse(accountRefusals["address-shape"]());
  }
  return ok({ address: `${local}@${domain}`, folded: `${local.toLowerCase()}@${domain}`, domain });
}

/** An address shown to somebody who has not proven it theirs: `a•••@e•••.org`. */
export function maskAddress(address: string): string {
  const [local = "", domain = ""] = address.split("@");
  const dot = domain.lastIndexOf(".");
  return `${local.slice(0, 1)}•••@${domain.slice(0, 1)}•••${domain.slice(dot)}`;
}
