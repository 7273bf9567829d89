import ipaddr from "ipaddr.js";
import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import { netRefusals } from "./net-refusals.ts";

export type Scheme = "http" | "https";

/** One exception that an operator made: these addresses may be reached, by this scheme, on this port. */
export interface AllowRule {
  readonly scheme: Scheme;
  readonly range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number];
  /** null: any port. */
  readonly port: number | null;
}

/** A web address that passed every check that needs no network. */
export interface Target {
  readonly url: URL;
  readonly scheme: Scheme;
  /** Lower case; an IPv6 address without its brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Whether the host is an address already, so that no name has to be looked up. */
  readonly isAddress: boolean;
}

const DEFAULT_PORT: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };
const MOST_URL_CHARACTERS = 2048;

/*
 * Names for local use. RFC 6761 (localhost, invalid), RFC 6762 and its appendix G (local and what people use in its
 * place), RFC 7686 (onion), RFC 8375 (home.arpa), RFC 9476 (alt), and ICANN's reservation of internal in 2024.
 */
const RESERVED_SUFFIXES =
  "localhost localdomain local internal intranet private corp home lan home.arpa invalid onion alt".split(" ");

/* Where clouds tell a machine its secrets. No exception opens these. The last one lies in a public range. */
const METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"].map((text) =>
  ipaddr.parse(text).toString(),
);

/* Blocks of the IANA registries (RFC 6890, RFC 8190) that ipaddr.js has under one name, or not at all. */
const MORE_RANGES: readonly (readonly [string, string])[] = [
  ["192.0.2.0/24", "documentation"], // RFC 5737
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["198.18.0.0/15", "benchmarking"], // RFC 2544
  ["2001:db8::/32", "documentation"], // RFC 3849
  ["3fff::/20", "documentation"], // RFC 9637
  ["::/96", "IPv4-compatible"], // RFC 4291 §2.5.5.1
  ["64:ff9b:1::/48", "local NAT64"], // RFC 8215
];
const NAMED_RANGES = MORE_RANGES.map(([cidr, name]) => [ipaddr.parseCIDR(cidr), name] as const);
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3"); // RFC 4291 §2.4: all that IANA gives out to the public
const NAT64 = ipaddr.parseCIDR("64:ff9b::/96"); // RFC 6052 §2.1

const READABLE: Readonly<Record<string, string>> = {
  linkLocal: "link-local",
  carrierGradeNat: "shared (carrier-grade NAT)",
  uniqueLocal: "private",
  deprecatedSiteLocal: "private",
  rfc6145: "IPv4-translated",
};

/**
 * What keeps an address from being one of the public internet, in a word or two; null for a public address.
 * An address that carries an IPv4 address inside (mapped, compatible, translated, 6to4, Teredo) is never public here; the
 * well-known NAT64 prefix is as public as what it carries (RFC 6052 §3.1).
 * @param text an address as the system or a URL writes it; what is none is "not an address"
 * Source: the IANA special-purpose address registries, RFC 6890 and RFC 8190.
 */
export function addressProblem(text: string): string | null {
  if (!ipaddr.isValid(text) || text.includes("%")) return "not an address";
  const address = ipaddr.parse(text);
  if (METADATA.includes(address.toString())) return "cloud metadata";
  const range: string = address.range();
  if (address instanceof ipaddr.IPv6 && range === "ipv4Mapped") {
    return METADATA.includes(address.toIPv4Address().toString()) ? "IPv4-mapped cloud metadata" : "IPv4-mapped";
  }
  // The two of ::/96 that have names of their own come first.
  if (range === "unspecified" || range === "loopback") return range;
  const named = NAMED_RANGES.find(([cidr]) => isWithin(address, cidr));
  if (named) return named[1];
  if (address instanceof ipaddr.IPv6 && isWithin(address, NAT64)) {
    const inner = addressProblem(address.toByteArray().slice(12).join("."));
    return inner === null ? null : `NAT64 of ${inner}`;
  }
  if (range !== "unicast") return READABLE[range] ?? range;
  return address instanceof ipaddr.IPv4 || isWithin(address, GLOBAL_UNICAST) ? null : "reserved";
}

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, range: AllowRule["range"]): boolean =>
  address.kind() === range[0].kind() && address.match([...range]);

/**
 * Reads an operator's exceptions: `[http://]<CIDR>[:<port>|:*]`, as in `127.0.0.1/32:8443` or `http://10.1.0.0/16:*`.
 * Without a scheme only https is allowed, without a port only the scheme's own. Throws on a bad one: it is configuration.
 */
export function parseAllowRules(texts: readonly string[]): readonly AllowRule[] {
  return texts.map((text) => {
    const [, scheme = "https", cidr = "", port] =
      /^(?:(https?):\/\/)?([0-9a-f.:]+\/\d{1,3})(?::(\d{1,5}|\*))?$/i.exec(text) ?? [];
    if (!ipaddr.isValidCIDR(cidr) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
      throw new Error(`"${text}" is not an exception of the form [http://]<CIDR>[:<port>|:*].`);
    }
    const known: Scheme = scheme === "http" ? "http" : "https";
    return {
      scheme: known,
      range: ipaddr.parseCIDR(cidr),
      port: port === "*" ? null : Number(port ?? DEFAULT_PORT[known]),
    };
  });
}

/**
 * Checks a web address without the network: its spelling, scheme, user information, host, and port. Where the host is an
 * address, the address too. Pure.
 * @param text untrusted
 * @param rules the operator's exceptions; a scheme or port that only an exception could allow passes here, and is judged
 *   again by checkAddress once the address is known
 * Source: WHATWG URL §3.5 and §4.4 for what parsers forgive, and we do not.
 */
export function checkUrl(text: string, rules: readonly AllowRule[] = []): Result<Target> {
  // Parsers drop tabs and line ends and turn \ into /; what they would change on the way is refused here instead.
  if (text.length > MOST_URL_CHARACTERS || !/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) {
    const isHostOdd = /^https?:\/\/[^/?#\s]*[^\p{ASCII}]/iu.test(text);
    return refuse(netRefusals[isHostOdd ? "host-spelling" : "url-malformed"]());
  }
  const [, writtenScheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]+)(?:[/?#]|$)/i.exec(text) ?? [];
  if (writtenScheme === undefined || authority === undefined) return refuse(netRefusals["url-malformed"]());
  const scheme = writtenScheme.toLowerCase();
  const isKnown = scheme === "https" || (scheme === "http" && rules.some((rule) => rule.scheme === "http"));
  if (!isKnown) return refuse(netRefusals.scheme());
  if (authority.includes("@")) return refuse(netRefusals.credentials());
  const writtenHost = authority.replace(/:\d*$/, "").toLowerCase();
  const url = URL.parse(text);
  if (url === null) return refuse(netRefusals["host-spelling"]());
  url.hash = "";

  const isAddress = ipaddr.isValid(bare(url.hostname));
  const refused = isAddress ? null : nameRefusal(url.hostname);
  if (refused) return refuse(refused);
  // 0x7f.1, 0177.0.0.1, 2130706433 and %6c all become something else on parsing. IPv6 has many honest spellings.
  if (!writtenHost.startsWith("[") && writtenHost !== url.hostname) return refuse(netRefusals["host-spelling"]());
  const target: Target = {
    url,
    scheme,
    hostname: bare(url.hostname),
    port: url.port === "" ? DEFAULT_PORT[scheme] : Number(url.port),
    isAddress,
  };
  if (isAddress) {
    const unfit = checkAddress(target, target.hostname, rules);
    if (unfit) return refuse(unfit);
  } else if (target.port !== DEFAULT_PORT[scheme] && !rules.some((rule) => isPortOf(rule, target))) {
    return refuse(netRefusals.port());
  }
  return ok(target);
}

/**
 * Whether a target may be reached at this address: a public one by https on its usual port, or one that an exception
 * allows. Cloud metadata is refused whatever the exceptions say. Gives the refusal, or null.
 */
export function checkAddress(target: Target, address: string, rules: readonly AllowRule[]): Refusal | null {
  const problem = addressProblem(address);
  const isOpen =
    problem !== "not an address" &&
    !problem?.endsWith("cloud metadata") &&
    rules.some((rule) => isPortOf(rule, target) && isWithin(ipaddr.parse(address), rule.range));
  if (isOpen) return null;
  if (problem !== null) {
    // A name's address is not told: the answer would map a network that the asker cannot see.
    const detail = target.isAddress ? { detail: `The address is ${problem}.` } : {};
    return netRefusals["address-not-public"](detail);
  }
  if (target.scheme !== "https") return netRefusals.scheme();
  return target.port === DEFAULT_PORT.https ? null : netRefusals.port();
}

const isPortOf = (rule: AllowRule, target: Target): boolean =>
  rule.scheme === target.scheme && (rule.port === null || rule.port === target.port);

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "");

/** Why a host name is refused before it is looked up, or null. RFC 1123 §2.1, with the underscore that some hosts have. */
function nameRefusal(hostname: string): Refusal | null {
  const isPlain =
    hostname.length <= 253 &&
    hostname.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  if (!isPlain) return netRefusals["host-spelling"]();
  const isReserved =
    !hostname.includes(".") ||
    RESERVED_SUFFIXES.some((suffix) => hostname === suffix || hostname.endsWith(`.${suffix}`));
  return isReserved ? netRefusals["host-reserved"]() : null;
}
