import { Resolver as NameServers } from "node:dns/promises";

/** Gives every address of a host name, or none. May throw; `signal` aborts when the time is up. */
export type Resolver = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

const TRY_MS = 2_000;
const TRIES = 2;

/**
 * A resolver that asks the name servers directly, for both IPv4 and IPv6; a name without an answer has no addresses.
 * getaddrinfo would wait in libuv's few threads, which password hashing and file reads share: a stranger's slow name
 * server could hold all of them. Asking directly also leaves out the hosts file and its local names.
 * @param servers addresses of name servers, with a port where it is not 53; the system's unless given
 */
export function createDnsResolver(servers?: readonly string[]): Resolver {
  return async (hostname, signal) => {
    const nameServers = new NameServers({ timeout: TRY_MS, tries: TRIES });
    if (servers !== undefined) nameServers.setServers(servers);
    const cancel = (): void => nameServers.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answers = await Promise.allSettled([nameServers.resolve4(hostname), nameServers.resolve6(hostname)]);
      return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}
