import { Resolver as NameServers } from "node:dns/promises";

/** What the DNS says of a name's TXT records. */
export type TxtAnswer =
  /** Each record with its strings joined (RFC 1035 §3.3.14, RFC 7208 §3.3); `via` are the names that CNAMEs led through. */
  | { readonly kind: "records"; readonly records: readonly string[]; readonly via: readonly string[] }
  /** A clear answer that there are none: the name is not there, or has other records only. */
  | { readonly kind: "none"; readonly isNameThere: boolean; readonly via: readonly string[] }
  /** No answer to be used: no time was kept, the server failed, or the names lead in a circle or too far. */
  | { readonly kind: "failed"; readonly why: "timeout" | "server" | "chain" };

/** Asks for the TXT records of a name. Never throws. */
export type TxtLookup = (name: string) => Promise<TxtAnswer>;

export interface TxtLookupOptions {
  /** Addresses of name servers, with a port where it is not 53; the system's unless given. */
  readonly servers?: readonly string[];
  /** For each of two tries, in milliseconds. */
  readonly timeoutMs?: number;
}

const TRY_MS = 2_000;
const TRIES = 2;
const MOST_ALIASES = 8;
const MOST_RECORDS = 200;
const MOST_CHARACTERS = 1_024;

type Asked<T> = readonly T[] | "absent" | "empty" | "timeout" | "server";

/**
 * A look-up of TXT records. A resolver follows CNAMEs by itself; where one does not, they are followed here, at most 8. Of
 * an answer with very many records the first 200 are given: who has more there can clear up.
 */
export function createTxtLookup(options: TxtLookupOptions = {}): TxtLookup {
  const { servers, timeoutMs = TRY_MS } = options;
  return async (name) => {
    const nameServers = new NameServers({ timeout: timeoutMs, tries: TRIES });
    if (servers !== undefined) nameServers.setServers(servers);
    const via: string[] = [];
    for (let asked = name.toLowerCase(); ; ) {
      const found = await ask(() => nameServers.resolveTxt(asked));
      if (typeof found !== "string") return { kind: "records", records: readable(found), via };
      if (found === "timeout" || found === "server") return { kind: "failed", why: found };
      const aliases = await ask(() => nameServers.resolveCname(asked));
      if (aliases === "timeout" || aliases === "server") return { kind: "failed", why: aliases };
      const next = typeof aliases === "string" ? undefined : aliases[0]?.toLowerCase();
      if (next === undefined) return { kind: "none", isNameThere: found === "empty" && aliases !== "absent", via };
      if (via.length >= MOST_ALIASES || next === name || via.includes(next)) return { kind: "failed", why: "chain" };
      via.push(next);
      asked = next;
    }
  };
}

const readable = (records: readonly (readonly string[])[]): readonly string[] =>
  records.slice(0, MOST_RECORDS).map((strings) => strings.join("").slice(0, MOST_CHARACTERS));

/** The records, or why there are none. */
async function ask<T>(question: () => Promise<readonly T[]>): Promise<Asked<T>> {
  try {
    const records = await question();
    return records.length > 0 ? records : "empty";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOTFOUND") return "absent";
    if (code === "ENODATA") return "empty";
    return code === "ETIMEOUT" ? "timeout" : "server";
  }
}
