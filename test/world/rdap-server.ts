import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * A service that speaks RDAP (RFC 9082, RFC 9083) about domains: answers as registries do, errors in their form, and
 * leads on to another address where the name says so.
 */

export interface RegisteredDomain {
  readonly registeredAt: Date;
  readonly expiresAt?: Date;
  readonly transferredAt?: Date;
  readonly status?: readonly string[];
}

export interface RdapServer {
  /** As in RDAP_URL. */
  readonly url: URL;
  /** Names that were asked for, oldest first. */
  readonly asked: readonly string[];
  /** What it does from now on. */
  behave(how: "well" | "busy" | "failing" | "silent" | "page" | "about another"): void;
  close(): Promise<void>;
}

const RDAP = { "content-type": "application/rdap+json" };

const event = (eventAction: string, at: Date | undefined) =>
  at ? [{ eventAction, eventDate: at.toISOString().replace(".000Z", "Z") }] : [];

const domainObject = (name: string, domain: RegisteredDomain) => ({
  rdapConformance: ["rdap_level_0", "icann_rdap_response_profile_1"],
  objectClassName: "domain",
  handle: "2336799_DOMAIN-EXAMPLE",
  ldhName: name.toUpperCase(),
  status: domain.status ?? ["active"],
  events: [
    ...event("registration", domain.registeredAt),
    ...event("expiration", domain.expiresAt),
    ...event("transfer", domain.transferredAt),
    ...event("last update of RDAP database", new Date("2026-11-02T08:59:00.000Z")),
  ],
  nameservers: [{ objectClassName: "nameserver", ldhName: `ns1.${name}` }],
  secureDNS: { delegationSigned: false },
  links: [],
});

/** Serves the registry as it is at the time of each question. A name in `redirected` is answered at a second address. */
export async function serveRegistry(
  registry: () => Readonly<Record<string, RegisteredDomain>>,
  redirected: readonly string[] = [],
): Promise<RdapServer> {
  const asked: string[] = [];
  let manner: Parameters<RdapServer["behave"]>[0] = "well";
  const server = createServer((request, response) => {
    const [, moved, name = ""] = /^\/(moved\/)?domain\/([^/?]+)$/.exec(request.url ?? "") ?? [];
    asked.push(name);
    if (manner === "silent") return;
    const error = (errorCode: number, title: string) =>
      void response
        .writeHead(errorCode, RDAP)
        .end(JSON.stringify({ errorCode, title, rdapConformance: ["rdap_level_0"] }));
    if (manner === "busy") return error(429, "Too many requests");
    if (manner === "failing") return error(503, "Try later");
    if (manner === "page")
      return void response.writeHead(200, { "content-type": "text/html" }).end("<p>captive portal");
    if (!request.headers.accept?.includes("application/rdap+json")) return error(406, "Not acceptable");
    if (moved === undefined && redirected.includes(name))
      return void response.writeHead(302, { location: `/moved/domain/${name}` }).end();
    const known = registry()[name];
    if (!known) return error(404, "Not found");
    const body = domainObject(manner === "about another" ? "another.example" : name, known);
    response.writeHead(200, RDAP).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    asked,
    behave: (how) => {
      manner = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
