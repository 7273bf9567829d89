import { domainToASCII } from "node:url";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { accountRefusals } from "./refusals.ts";

const USERNAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$/;
const RESERVED = new Set([
  "admin",
  "administrator",
  "root",
  "support",
  "security",
  "locksmith",
  "staff",
  "console",
  "token",
]);

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

/** Checks the shape of a new username: 1 to 50 ASCII letters, digits, dots, dashes, underscores. Refuses reserved names. */
export function checkUsername(typed: string): Result<string> {
  if (!USERNAME.test(typed)) return refuse(accountRefusals["username-shape"]());
  if (RESERVED.has(typed.toLowerCase())) return refuse(accountRefusals["username-taken"]());
  return ok(typed);
}

export interface ParsedAddress {
  readonly address: string;
  readonly folded: string;
  /** Lower case, punycode. */
  readonly domain: string;
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a mail address in dot-atom form (RFC 5321 §4.1.2), with an internationalised domain turned into punycode.
 * Quoted local parts, comments, address literals and dotless domains are refused. No provider-specific folding: only
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
