import type { Reader } from "../../kernel/db/database.ts";
import type { AccountFacts, EvidenceContext } from "../types.ts";
import { repositoryAt, siteOf } from "./places.ts";
import { pinnedTargets } from "./read.ts";

/** How many places of each sort count in a case: of a sort without any, no proof is possible. */
export async function countTargets(
  reader: Reader,
  context: EvidenceContext,
): Promise<Required<Pick<AccountFacts, "repositories" | "domains" | "sites">>> {
  const { links, mailDomains } = await pinnedTargets(reader, context);
  const counting = links.filter(({ counts }) => counts);
  const sites = new Set(counting.flatMap(({ url }) => siteOf(url) ?? []));
  const domains = mailDomains.filter(({ counts }) => counts).map(({ domain }) => domain);
  return {
    repositories: counting.filter(({ url, label }) => repositoryAt(url, label) !== null).length,
    domains: new Set([...domains, ...sites]).size,
    sites: sites.size,
  };
}
