import type { Reader } from "../../kernel/db/database.ts";
import { listPublishersInReach, listSignersInReach } from "../../registry/index.ts";
import type { AccountFacts, EvidenceContext } from "../types.ts";
import { repositoryAt, siteOf } from "./places.ts";
import { countsThen } from "./publishers.ts";
import { pinnedTargets } from "./read.ts";
import { signedThen } from "./signers.ts";

/** How many places of each sort count in a case: of a sort without any, no proof is possible. */
export async function countTargets(
  reader: Reader,
  context: EvidenceContext,
): Promise<Required<Pick<AccountFacts, "repositories" | "domains" | "sites" | "publishers" | "signers">>> {
  const { links, mailDomains, pinned } = await pinnedTargets(reader, context);
  const signers = context.accountId === null ? [] : await listSignersInReach(reader, context.accountId);
  const publishers = context.accountId === null ? [] : await listPublishersInReach(reader, context.accountId);
  const counting = links.filter(({ counts }) => counts);
  const sites = new Set(counting.flatMap(({ url }) => siteOf(url) ?? []));
  const domains = mailDomains.filter(({ counts }) => counts).map(({ domain }) => domain);
  return {
    repositories: counting.filter(({ url, label }) => repositoryAt(url, label) !== null).length,
    domains: new Set([...domains, ...sites]).size,
    sites: sites.size,
    signers: signers.filter((one) => signedThen(pinned, one)).length,
    publishers: publishers.filter((one) => countsThen(pinned, one)).length,
  };
}
