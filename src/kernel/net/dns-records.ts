import { Resolver as NameServers } from "node:dns/promises";

/** Records of a name by their type, as node:dns gives them. Throws with its codes where there are none. */
export type RecordLookup = (name: string, type: string) => Promise<string[][] | string[]>;

const TRY_MS = 2_000;
const TRIES = 2;

/**
 * A look-up for libraries that ask the DNS themselves. What takes longer than two tries of two seconds fails.
 * @param servers addresses of name servers, with a port where it is not 53; the system's unless given
 */
export function createRecordLookup(servers?: readonly string[]): RecordLookup {
  return async (name, type) => {
    const nameServers = new NameServers({ timeout: TRY_MS, tries: TRIES });
    if (servers !== undefined) nameServers.setServers(servers);
    return (await nameServers.resolve(name, type)) as string[][] | string[]; // the types that mailauth asks for: TXT, A, AAAA, MX, PTR
  };
}
