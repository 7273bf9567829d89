import { hasStanding, listAddresses } from "../../accounts/index.ts";
import { listEvents } from "../../audit/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import { listProjectLinks, type ProjectLink } from "../../registry/index.ts";
import type { EvidenceContext } from "../types.ts";
import { countsAt, firstSign, pinnedAt, type Sign, SIGNS_OF_TROUBLE } from "./trouble.ts";

/** The places by which an account can be proven, as they stood seven days before the first sign of trouble. */
export interface PinnedTargets {
  readonly sign: Sign;
  readonly pinned: Date;
  /** Every link of the account's projects; `counts` says which were there. */
  readonly links: readonly (ProjectLink & { readonly counts: boolean; readonly boundAt: Date })[];
  /** Domains of confirmed addresses. */
  readonly mailDomains: readonly { readonly domain: string; readonly counts: boolean; readonly boundAt: Date }[];
}

const MOST_SIGNS = 1_000;

/** The first sign of trouble of an account, and the moment whose state counts. */
export async function pinnedMoment(
  reader: Reader,
  { accountId, openedAt }: EvidenceContext,
): Promise<Pick<PinnedTargets, "sign" | "pinned">> {
  const events = accountId ? await listEvents(reader, { accountId, acts: SIGNS_OF_TROUBLE, limit: MOST_SIGNS }) : [];
  const sign = firstSign(openedAt, events);
  return { sign, pinned: pinnedAt(sign) };
}

/** Reads the places of an account, and decides which of them count in the case. */
export async function pinnedTargets(reader: Reader, context: EvidenceContext): Promise<PinnedTargets> {
  const { accountId } = context;
  const { sign, pinned } = await pinnedMoment(reader, context);
  if (accountId === null) return { sign, pinned, links: [], mailDomains: [] };
  const links = await listProjectLinks(reader, accountId, pinned);
  // One that was removed since then counts as it did: removing it is what a thief would do.
  const addresses = (await listAddresses(reader, accountId, pinned)).filter(hasStanding);
  return {
    sign,
    pinned,
    links: links.map((link) => ({
      ...link,
      counts: countsAt(pinned, link),
      boundAt: link.firstSeenAt > link.memberSince ? link.firstSeenAt : link.memberSince,
    })),
    mailDomains: addresses.flatMap(({ domain, verifiedAt }) =>
      verifiedAt ? [{ domain, counts: verifiedAt <= pinned, boundAt: verifiedAt }] : [],
    ),
  };
}
