import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Outside } from "../../../kernel/net/outside.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { branchOf, fileOf } from "../../targets/challenge-words.ts";
import { registrableDomain, repositoryAt, type RepositoryPlace } from "../../targets/places.ts";
import { type PinnedTargets, pinnedTargets } from "../../targets/read.ts";
import type { Assessment, EvidenceContext, EvidenceKind, Instructions } from "../../types.ts";
import { lookAtRepository } from "./look.ts";

const HOURS = 24;
const MOST_CHARACTERS = 500;

/** `git@host:owner/name.git`, as people copy it from their remotes, is the same repository over https. */
const asWebAddress = (typed: string): string => {
  const text = typed.trim();
  const [, host, path] = /^(?:ssh:\/\/)?[a-z0-9_-]+@([a-z0-9.-]+)[:/](?!\/)(.+)$/i.exec(text) ?? [];
  if (host !== undefined && path !== undefined) return `https://${host}/${path}`;
  return /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`;
};

const claim = z.strictObject({
  repository: z
    .string("Enter the address of the repository.")
    .max(MOST_CHARACTERS, "That is too long for the address of a repository.")
    .transform(asWebAddress)
    .refine(
      (text) => repositoryAt(text, "source") !== null,
      "That does not read as the address of a repository. It should look like https://forge.example/owner/name.",
    ),
});

const place = z.strictObject({ url: z.string(), host: z.string(), owner: z.string(), isForge: z.boolean() });

const observation = z.strictObject({
  outcome: z.enum(["found", "other-content", "not-there", "unreachable", "not-linked", "too-young", "taken-away"]),
  /** As the claimant named it. */
  repository: z.string(),
  project: z.string().nullable(),
  linkedSince: z.iso.datetime().nullable(),
  lastLinked: z.iso.datetime().nullable(),
  boundAt: z.iso.datetime().nullable(),
  /** The moment whose state counts, and the first sign of trouble that it comes from. */
  pinnedAt: z.iso.datetime(),
  sign: z.string(),
  /** What was looked for. */
  value: z.string(),
  foundAs: z.enum(["branch", "tag", "file"]).nullable(),
  name: z.string().nullable(),
  oid: z.string().nullable(),
  /** The repository that answered. */
  at: place.nullable(),
  /** A mail domain of the account that the server lies in: who holds one holds the other. */
  mailDomain: z.string().nullable(),
  problem: z.string().nullable(),
});

type Observation = z.infer<typeof observation>;
type Claim = z.infer<typeof claim>;

const blank = (repository: string, value: string, { pinned, sign }: PinnedTargets): Observation => ({
  outcome: "not-linked",
  repository,
  project: null,
  linkedSince: null,
  lastLinked: null,
  boundAt: null,
  pinnedAt: pinned.toISOString(),
  sign: sign.act,
  value,
  foundAs: null,
  name: null,
  oid: null,
  at: null,
  mailDomain: null,
  problem: null,
});

/** The claim against the pinned links, without asking anybody. Only a link that counts is asked about. */
function target(
  repository: string,
  value: string,
  targets: PinnedTargets,
): { seen: Observation; at: RepositoryPlace | null } {
  const claimed = repositoryAt(repository, "source");
  const links = targets.links.filter(({ url, label }) => claimed && repositoryAt(url, label)?.url === claimed.url);
  const link = links.find(({ counts }) => counts) ?? links[0];
  const seen = blank(repository, value, targets);
  if (!claimed || !link) return { seen, at: null };
  const known: Observation = {
    ...seen,
    outcome: link.counts ? "not-there" : "too-young",
    project: link.project,
    linkedSince: link.firstSeenAt.toISOString(),
    lastLinked: link.lastSeenAt.toISOString(),
    boundAt: link.boundAt.toISOString(),
  };
  return { seen: known, at: link.counts ? claimed : null };
}

/** A server of one's own under the domain of one's mailbox: whoever registers that domain anew has both. */
function mailDomainOf({ host, isForge }: RepositoryPlace, targets: PinnedTargets): string | null {
  const zone = registrableDomain(host.replace(/:\d+$/, ""));
  return isForge
    ? null
    : (targets.mailDomains.find(({ domain }) => registrableDomain(domain) === zone)?.domain ?? null);
}

async function look(
  reader: Reader,
  context: EvidenceContext,
  asked: { readonly repository: string; readonly value: string },
  outside: Outside | undefined,
): Promise<Observation> {
  const targets = await pinnedTargets(reader, context);
  const { seen, at } = target(asked.repository, asked.value, targets);
  if (!at) return seen;
  if (!outside) return { ...seen, outcome: "unreachable", problem: "Nothing outside is asked here." };
  const sighting = await lookAtRepository(outside.fetch, at, asked.value);
  if (sighting.outcome === "unreachable") return { ...seen, outcome: "unreachable", problem: sighting.problem };
  if (sighting.outcome !== "found") return { ...seen, outcome: sighting.outcome };
  const { as: foundAs, name, oid } = sighting;
  const mailDomain = mailDomainOf(sighting.at, targets) ?? mailDomainOf(at, targets);
  return { ...seen, outcome: "found", foundAs, name, oid, at: sighting.at, mailDomain };
}

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "found">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "other-content": {
    claimant: "The file is there, but it says something else. Copy the command again, exactly as it is.",
    reviewer: "The file of the challenge is in the repository, with the value of another challenge in it.",
  },
  "not-there": {
    claimant: "The repository has no such branch, tag or file yet. Check that the push went through, then try again.",
    reviewer: "The repository was reached, and neither branch, tag nor file of the challenge is in it.",
  },
  unreachable: {
    claimant: "The repository could not be looked at just now. Try again later; it has to be public.",
    reviewer: "The repository could not be looked at.",
  },
  "not-linked": {
    claimant: "That repository was not linked to a project of this account early enough to count.",
    reviewer: "A repository that no project of the account links to. It was not contacted.",
  },
  "too-young": {
    claimant: "That repository was not linked to a project of this account early enough to count.",
    reviewer: "A repository that was not linked yet when things were last in order. It was not contacted.",
  },
  "taken-away": {
    claimant:
      "What you pushed has been taken away again. Push it once more, and leave it there until the end of the case.",
    reviewer: "The repository showed the challenge when it was first looked at, and no longer does.",
  },
};

const dated = (text: string | null): string => text?.slice(0, 10) ?? "never";

const pinnedText = (seen: Observation): string =>
  seen.project === null
    ? ""
    : ` Linked by ${seen.project} since ${dated(seen.linkedSince)}, last on ${dated(seen.lastLinked)}; what counts is the state of ${dated(seen.pinnedAt)}, seven days before “${seen.sign}”.`;

function assess(seen: Observation): Assessment {
  const host = repositoryAt(seen.repository, "source");
  const root = host ? `forge:${host.host}/${host.owner}` : "forge";
  if (seen.outcome !== "found" || seen.at === null || seen.boundAt === null) {
    const text = TEXT[seen.outcome === "found" ? "not-there" : seen.outcome];
    const problem = seen.problem === null ? "" : ` ${seen.problem}`;
    return {
      verdict: seen.outcome === "other-content" ? "contradicts" : "inconclusive",
      policyKind: "repository",
      root,
      claimantText: text.claimant,
      reviewerText: `${text.reviewer}${problem} Repository: ${seen.repository}.${pinnedText(seen)}`,
    };
  }
  const moved = seen.at.url === host?.url ? "" : ` Its server leads on to ${seen.at.url}.`;
  const mail =
    seen.mailDomain === null ? "" : " Its server lies in the domain of the account’s mailbox, and counts as that.";
  return {
    verdict: "supports",
    policyKind: "repository",
    root: seen.mailDomain === null ? `forge:${seen.at.host}/${seen.at.owner}` : `mailbox:${seen.mailDomain}`,
    boundAt: new Date(seen.boundAt),
    claimantText: "You can write to a repository that a project of the account has long been linked to.",
    reviewerText: `The ${seen.foundAs ?? "branch"} ${seen.name ?? ""} is in ${seen.at.url}.${moved}${mail}${pinnedText(seen)}`,
  };
}

function commands(context: EvidenceContext): Pick<Instructions, "command" | "otherwise"> {
  const { challenge } = context;
  if (!challenge) return {};
  const branch = branchOf(challenge);
  const file = fileOf(challenge);
  return {
    command: `git push origin HEAD:refs/heads/${branch}`,
    otherwise: {
      summary: "With Mercurial or Subversion, or where you cannot push a branch",
      command: [
        `printf '%s' '${challenge.value}' > '${file}'`,
        `hg add '${file}' && hg commit -m 'Locksmith challenge' && hg push`,
        `# or: svn add '${file}' && svn commit -m 'Locksmith challenge'`,
        `# or: git add '${file}' && git commit -m 'Locksmith challenge' && git push`,
      ].join("\n"),
    },
  };
}

const SAMPLE: Observation = {
  outcome: "found",
  repository: "https://github.com/alice/alpenglow",
  project: "alpenglow",
  linkedSince: "2024-03-01T08:00:00.000Z",
  lastLinked: "2026-09-01T08:00:00.000Z",
  boundAt: "2024-03-01T08:00:00.000Z",
  pinnedAt: "2026-10-26T09:00:00.000Z",
  sign: "recovery/case-opened",
  value: "c2FtcGxlLWNoYWxsZW5nZS12YWx1ZS1vZi0zMi1ieXQ",
  foundAs: "branch",
  name: "refs/heads/locksmith-c2FtcGxlLWNoYWxsZW5nZS",
  oid: "0123456789012345678901234567890123456789",
  at: { url: "https://github.com/alice/alpenglow", host: "github.com", owner: "alice", isForge: true },
  mailDomain: null,
  problem: null,
};
const NOTHING: Observation = { ...SAMPLE, outcome: "not-there", foundAs: null, name: null, oid: null, at: null };

/** A branch, tag or file that names the challenge, in a repository that a project was linked to before. */
export const repository: EvidenceKind<Claim, Observation> = {
  id: "repository",
  version: 1,
  title: "A push to your code repository",
  helps: "Shows that you can write to the repository that one of your projects here has long been linked to.",
  policyKinds: ["repository"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence:
      "Run this where you have the repository checked out. It pushes what is there under a new name, and changes nothing else.",
    ...commands(context),
    where: "On any computer that may push. The repository must be public, and linked in the metadata of your project.",
    minutes: 5,
    proves: "That you can write to it. Leave the branch until your case is over; then we show how to delete it.",
  }),
  cannot: (facts) =>
    facts.repositories === 0 ? "No project of the account has been linked to a repository long enough." : null,
  observe: async (runtime, context, { repository: named }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    return ok(await look(runtime.db, context, { repository: named, value: context.challenge.value }, runtime.outside));
  },
  observeAgain: async (reader, context, seen, outside) => {
    if (seen.outcome !== "found") return seen;
    const again = await look(reader, context, seen, outside);
    if (again.outcome === "unreachable") return seen;
    return again.outcome === "not-there" ? { ...seen, outcome: "taken-away" } : again;
  },
  assess,
  afterwards: ({ foundAs, name }) =>
    foundAs === null || name === null || foundAs === "file" ? null : `git push origin --delete ${name}`,
  samples: {
    supports: [
      { title: "a branch in the linked repository", observation: SAMPLE },
      {
        title: "a tag, after the repository was renamed",
        observation: {
          ...SAMPLE,
          foundAs: "tag",
          at: {
            url: "https://github.com/alpenglow-team/alpenglow",
            host: "github.com",
            owner: "alpenglow-team",
            isForge: true,
          },
        },
      },
      {
        title: "a server in the domain of the mailbox: the mailbox's root",
        observation: {
          ...SAMPLE,
          repository: "https://git.alice.example/tools/alpenglow",
          at: {
            url: "https://git.alice.example/tools/alpenglow",
            host: "git.alice.example",
            owner: "tools",
            isForge: false,
          },
          mailDomain: "alice.example",
        },
      },
    ],
    contradicts: [
      { title: "the file is there, for another challenge", observation: { ...NOTHING, outcome: "other-content" } },
    ],
    inconclusive: [
      { title: "nothing was pushed", observation: NOTHING },
      {
        title: "the server does not answer",
        observation: { ...NOTHING, outcome: "unreachable", problem: "It took too long." },
      },
      {
        title: "a repository of somebody else",
        observation: { ...NOTHING, outcome: "not-linked", project: null, boundAt: null },
      },
      { title: "linked by a release of last week", observation: { ...NOTHING, outcome: "too-young" } },
      { title: "taken away since", observation: { ...SAMPLE, outcome: "taken-away" } },
    ],
  },
};
