import { Resolver as NameServers } from "node:dns/promises";

/** What the name servers say of a domain: takes mail, is there and takes none, is not there, or nothing usable. */
export type MailDomainAnswer = "takes mail" | "takes no mail" | "not there" | "no answer";

export type MailDomainLookup = (domain: string) => Promise<MailDomainAnswer>;

export interface MailDomainOptions {
  /** Addresses of name servers, with a port where it is not 53; the system's unless given. */
  readonly servers?: readonly string[];
  /** For each of two tries, in milliseconds. */
  readonly timeoutMs?: number;
}

const TRY_MS = 2_000;
const TRIES = 2;
const ABSENT = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Asks whether a domain takes mail: by its MX records, else by an address of its own (RFC 5321 §5.1); a null MX takes
 * none (RFC 7505). Only a clear answer is one: a time-out or a failing server is `no answer`, whatever else was said.
 */
export function createMailDomainLookup(options: MailDomainOptions = {}): MailDomainLookup {
  const { servers, timeoutMs = TRY_MS } = options;
  return async (domain) => {
    const nameServers = new NameServers({ timeout: timeoutMs, tries: TRIES });
    if (servers !== undefined) nameServers.setServers(servers);
    const [mx, four, six] = await Promise.all([
      ask(() => nameServers.resolveMx(domain)),
      ask(() => nameServers.resolve4(domain)),
      ask(() => nameServers.resolve6(domain)),
    ]);
    if (Array.isArray(mx)) return mx.some((one) => one.exchange !== "") ? "takes mail" : "takes no mail";
    if (mx === "failed") return "no answer";
    if (Array.isArray(four) || Array.isArray(six)) return "takes mail";
    if (four === "failed" || six === "failed") return "no answer";
    return mx === "ENOTFOUND" ? "not there" : "takes no mail";
  };
}

/** The records, or why there are none. */
async function ask<T>(question: () => Promise<readonly T[]>): Promise<readonly T[] | string> {
  try {
    const records = await question();
    return records.length > 0 ? records : "ENODATA";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return ABSENT.has(code) ? code : "failed";
  }
}
