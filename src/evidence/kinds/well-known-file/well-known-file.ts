import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import type { GuardedFetch } from "../../../kernel/net/guarded-fetch.ts";
import type { Outside } from "../../../kernel/net/outside.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { codeOf, looksLikeValue, wellKnownPath } from "../../targets/challenge-words.ts";
import { domainOf, pagesOwner, registrableDomain, siteOf } from "../../targets/places.ts";
import { type PinnedTargets, pinnedTargets } from "../../targets/read.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const HOURS = 24;
const MOST_BYTES = 4 * 1024;
const MOST_REDIRECTS = 2;

const claim = z.strictObject({
  site: z
    .string("Enter the name of the site.")
    .max(300, "That is too long for the name of a site.")
    .refine((text) => domainOf(text) !== null, "That does not read as a site. It should look like www.example.org.")
    .transform((text) => domainOf(text) ?? ""),
});

const observation = z.strictObject({
  outcome: z.enum(["found", "other-value", "not-there", "unreachable", "not-linked", "too-young", "taken-away"]),
  site: z.string(),
  project: z.string().nullable(),
  boundAt: z.iso.datetime().nullable(),
  /** The moment whose state counts, and the first sign of trouble that it comes from. */
  pinnedAt: z.iso.datetime(),
  sign: z.string(),
  /** What was looked for. */
  value: z.string(),
  /** The address that was asked. */
  url: z.string().nullable(),
  status: z.number().nullable(),
  /** The forge that serves the site, as `host/owner`; null where it is a site of its own. */
  servedBy: z.string().nullable(),
  problem: z.string().nullable(),
});

type Observation = z.infer<typeof observation>;
type Claim = z.infer<typeof claim>;

const withoutWww = (host: string): string => host.replace(/^www\./, "");

/** The claim against the pinned links. With and without `www.` is one site; the name that was claimed is asked. */
function target(site: string, value: string, targets: PinnedTargets): { seen: Observation; url: string | null } {
  const links = targets.links.filter(({ url }) => withoutWww(siteOf(url) ?? "") === withoutWww(site));
  const link = links.find(({ counts }) => counts) ?? links[0];
  const seen: Observation = {
    outcome: link ? (link.counts ? "not-there" : "too-young") : "not-linked",
    site,
    project: link?.project ?? null,
    boundAt: link?.boundAt.toISOString() ?? null,
    pinnedAt: targets.pinned.toISOString(),
    sign: targets.sign.act,
    value,
    url: null,
    status: null,
    servedBy: pagesOwner(site),
    problem: null,
  };
  if (!link?.counts) return { seen, url: null };
  const { port } = new URL(link.url);
  return { seen, url: `https://${site}${port === "" ? "" : `:${port}`}${wellKnownPath({ value })}` };
}

async function ask(fetch: GuardedFetch, url: string, seen: Observation): Promise<Observation> {
  const asked = { ...seen, url };
  const answer = await fetch({
    url,
    maxBytes: MOST_BYTES,
    maxRedirects: MOST_REDIRECTS,
    headers: { accept: "text/plain" },
  });
  if (!answer.ok) {
    // A page in place of the file is no file: sites answer so to everything that they do not have.
    const isPage = answer.refusal.code === "net/body-too-large";
    return isPage ? asked : { ...asked, outcome: "unreachable", problem: answer.refusal.title };
  }
  const { status, headers, body } = answer.value;
  if (status >= 500)
    return { ...asked, outcome: "unreachable", status, problem: `It answered with the error ${status}.` };
  if (status !== 200) return { ...asked, status };
  const text = body.toString("latin1").trim();
  const isForge = /^github\.com$/i.test(headers["server"] ?? "") || headers["x-github-request-id"] !== undefined;
  const servedBy = seen.servedBy ?? (isForge ? `github.com/${seen.site}` : null);
  if (text === seen.value) return { ...asked, outcome: "found", status, servedBy };
  return { ...asked, outcome: looksLikeValue(text) ? "other-value" : "not-there", status, servedBy };
}

async function look(
  reader: Reader,
  context: EvidenceContext,
  { site, value }: { readonly site: string; readonly value: string },
  outside: Outside | undefined,
): Promise<Observation> {
  const { seen, url } = target(site, value, await pinnedTargets(reader, context));
  if (url === null) return seen;
  if (!outside) return { ...seen, outcome: "unreachable", problem: "Nothing outside is asked here." };
  return ask(outside.fetch, url, seen);
}

/** One answer for a site that no project links to, and for one that came too late. */
const DOES_NOT_COUNT = "That site was not linked to a project of this account early enough to count.";

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "found">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "other-value": {
    claimant: "The file is there, but it says something else. Copy its content again, exactly as it is shown.",
    reviewer: "The file of the challenge is there, with the value of another challenge in it.",
  },
  "not-there": {
    claimant: "The site has no such file yet. Open its address in a browser: it must show one line and nothing else.",
    reviewer: "The site answered, and the file of the challenge is not there.",
  },
  unreachable: {
    claimant: "The site could not be looked at just now. Try again later; it has to be reachable over https.",
    reviewer: "The site could not be looked at.",
  },
  "not-linked": {
    claimant: DOES_NOT_COUNT,
    reviewer: "A site that no project of the account links to. It was not contacted.",
  },
  "too-young": {
    claimant: DOES_NOT_COUNT,
    reviewer: "A site that was not linked yet when things were last in order. It was not contacted.",
  },
  "taken-away": {
    claimant: "The file has been taken away again. Put it back, and leave it there until the end of the case.",
    reviewer: "The site had the file when it was first looked at, and no longer does.",
  },
};

function assess(seen: Observation): Assessment {
  const root = seen.servedBy === null ? `zone:${registrableDomain(seen.site)}` : `forge:${seen.servedBy}`;
  const why =
    seen.project === null
      ? ""
      : ` Linked by ${seen.project} since ${seen.boundAt?.slice(0, 10) ?? "never"}; what counts is the state of ${seen.pinnedAt.slice(0, 10)}, seven days before “${seen.sign}”.`;
  if (seen.outcome !== "found" || seen.boundAt === null) {
    const text = TEXT[seen.outcome === "found" ? "not-linked" : seen.outcome];
    const problem = seen.problem === null ? "" : ` ${seen.problem}`;
    return {
      verdict: seen.outcome === "other-value" ? "contradicts" : "inconclusive",
      policyKind: "well-known-file",
      root,
      claimantText: text.claimant,
      reviewerText: `${text.reviewer}${problem} Site: ${seen.site}.${why}`,
    };
  }
  const served = seen.servedBy === null ? "" : ` A forge serves it (${seen.servedBy}), so it counts as the repository.`;
  return {
    verdict: "supports",
    policyKind: "well-known-file",
    root,
    boundAt: new Date(seen.boundAt),
    claimantText: "You can put files on a site that a project of the account has long been linked to.",
    reviewerText: `The file of the challenge is at ${seen.url ?? seen.site}.${served}${why}`,
  };
}

const SAMPLE: Observation = {
  outcome: "found",
  site: "alpenglow.example",
  project: "alpenglow",
  boundAt: "2024-03-01T08:00:00.000Z",
  pinnedAt: "2026-10-26T09:00:00.000Z",
  sign: "recovery/case-opened",
  value: "c2FtcGxlLWNoYWxsZW5nZS12YWx1ZS1vZi0zMi1ieXQ",
  url: "https://alpenglow.example/.well-known/locksmith-challenge/c2FtcGxlLWNoYWxsZW5nZS",
  status: 200,
  servedBy: null,
  problem: null,
};
const NOTHING: Observation = { ...SAMPLE, outcome: "not-there", status: 404 };

/** A file over HTTPS on a site that a project was linked to before. */
export const wellKnownFile: EvidenceKind<Claim, Observation> = {
  id: "well-known-file",
  version: 1,
  title: "A file on your website",
  helps: "Shows that you can put files on the site that one of your projects here has long linked to.",
  policyKinds: ["well-known-file"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: ({ challenge }) => ({
    sentence:
      "Run this in the folder that your site is made of, and publish it. Then enter the name of the site and let us look.",
    ...(challenge
      ? {
          command: [
            "mkdir -p .well-known/locksmith-challenge",
            `printf '%s' '${challenge.value}' > '.well-known/locksmith-challenge/${codeOf(challenge)}'`,
          ].join("\n"),
        }
      : {}),
    where: "Where you publish the site from. It must be reachable over https, without leading on to another name.",
    minutes: 10,
    proves: "That you can write to the site. Leave the file until your case is over, then delete it; it opens nothing.",
  }),
  cannot: (facts) => (facts.sites === 0 ? "No project of the account has been linked to a site long enough." : null),
  observe: async (runtime, context, { site }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    return ok(await look(runtime.db, context, { site, value: context.challenge.value }, runtime.outside));
  },
  observeAgain: async (reader, context, seen, outside) => {
    if (seen.outcome !== "found") return seen;
    const again = await look(reader, context, seen, outside);
    if (again.outcome === "unreachable") return seen;
    return again.outcome === "not-there" ? { ...seen, outcome: "taken-away" } : again;
  },
  assess,
  afterwards: ({ value }) => `rm '.well-known/locksmith-challenge/${codeOf({ value })}'`,
  samples: {
    supports: [
      { title: "a site of its own", observation: SAMPLE },
      {
        title: "a site that a forge serves: the forge's root",
        observation: { ...SAMPLE, site: "alice.github.io", servedBy: "github.com/alice" },
      },
    ],
    contradicts: [{ title: "the value of another challenge", observation: { ...SAMPLE, outcome: "other-value" } }],
    inconclusive: [
      { title: "no file yet", observation: NOTHING },
      {
        title: "a certificate that is not for the site",
        observation: {
          ...NOTHING,
          outcome: "unreachable",
          status: null,
          problem: "The server could not prove its name.",
        },
      },
      {
        title: "a site that nobody links to",
        observation: { ...NOTHING, outcome: "not-linked", project: null, boundAt: null },
      },
      { title: "a site that came with a release of last week", observation: { ...NOTHING, outcome: "too-young" } },
      { title: "taken away since", observation: { ...SAMPLE, outcome: "taken-away" } },
    ],
  },
};
