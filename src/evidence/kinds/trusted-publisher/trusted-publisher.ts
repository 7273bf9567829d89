import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { fitOf, listPublishersInReach, publisherInWords, readRun, type Run } from "../../../registry/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { countsThen } from "../../targets/publishers.ts";
import { pinnedMoment } from "../../targets/read.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { caseAudience, commands } from "./command.ts";
import { SAMPLES } from "./samples.ts";
import { observation, type Observation } from "./observation.ts";

const HOURS = 24;
const LONGEST_CHARACTERS = 8192;

const claim = z.strictObject({
  token: z
    .string("Paste the token that the run was given.")
    .min(1, "Paste the token that the run was given.")
    .max(LONGEST_CHARACTERS, "That is too long for such a token.")
    .transform(secret),
});

/** Which publisher of the account a run is, and how it stood. A fit that counts is preferred. */
async function compare(
  reader: Reader,
  context: EvidenceContext,
  run: Run,
): Promise<Pick<Observation, "outcome" | "project" | "publisher" | "publisherId" | "boundAt" | "pinnedAt" | "sign">> {
  const { sign, pinned } = await pinnedMoment(reader, context);
  const all = context.accountId === null ? [] : await listPublishersInReach(reader, context.accountId);
  const judged = all.map((one) => ({ one, fit: fitOf(one, run), counts: countsThen(pinned, one) }));
  const best =
    judged.find(({ fit, counts }) => fit === "fits" && counts) ??
    judged.find(({ fit }) => fit === "fits") ??
    judged.find(({ fit, counts }) => fit !== "other" && counts);
  const outcome = (): Observation["outcome"] => {
    if (!best) return "not-registered";
    if (best.fit === "fits") return best.counts ? "fits" : "too-young";
    return best.fit === "other" ? "not-registered" : best.fit;
  };
  const dates = best
    ? [best.one.addedAt, best.one.memberSince, ...(best.one.firstUsedAt ? [best.one.firstUsedAt] : [])]
    : [];
  const boundAt = dates.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null;
  return {
    outcome: outcome(),
    project: best?.one.project ?? null,
    publisher: best ? publisherInWords(best.one) : null,
    publisherId: best?.one.id ?? null,
    boundAt: boundAt?.toISOString() ?? null,
    pinnedAt: pinned.toISOString(),
    sign: sign.act,
  };
}

/** Where a service keeps its repositories, so that a push there and a run there are one root. */
const FORGE_OF: Readonly<Record<string, string>> = { "https://token.actions.githubusercontent.com": "github.com" };

export function rootOf({ issuer, repository, subject }: Pick<Run, "issuer" | "repository" | "subject">): string {
  const host = FORGE_OF[issuer] ?? new URL(issuer).host;
  return `forge:${host}/${repository === null ? subject : (repository.split("/")[0] ?? "")}`;
}

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "fits">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "bad-token": {
    claimant: "That token could not be checked. Run it once more with the newest command, and send its token at once.",
    reviewer:
      "A token was shown that is none, was not made for this case, has expired, or is not signed by its issuer.",
  },
  unreachable: {
    claimant: "The service could not be asked whether the token is its own. Try again in a few minutes.",
    reviewer: "The issuer’s keys could not be fetched.",
  },
  "not-registered": {
    claimant: "That run is no trusted publisher of a project of this account, or not one that counts.",
    reviewer: "The token is genuine, and no project of the account has that run as a publisher.",
  },
  "too-young": {
    claimant: "That run is no trusted publisher of a project of this account, or not one that counts.",
    reviewer: "A publisher of the account that was registered or first used too late to count, or was removed by then.",
  },
  recreated: {
    claimant: "That run is no trusted publisher of a project of this account, or not one that counts.",
    reviewer:
      "A repository of the registered name, and not the one that published before: it was made anew by somebody.",
  },
  transferred: {
    claimant: "That run is no trusted publisher of a project of this account, or not one that counts.",
    reviewer: "The registered repository belongs to another owner than when it published.",
  },
  proposal: {
    claimant: "That run was set off by a proposal. Push to a branch of the repository itself.",
    reviewer: "The run was set off by a proposal or a comment, for which nobody needs write access.",
  },
};

function assess(seen: Observation): Assessment {
  const root =
    seen.issuer === null
      ? "forge"
      : rootOf({ issuer: seen.issuer, repository: seen.repository, subject: seen.subject ?? "" });
  const where = seen.publisher === null ? "" : ` Registered: ${seen.publisher}, for ${seen.project ?? ""}.`;
  const said = seen.repository ?? seen.subject;
  const what = said === null ? "" : ` The token says: ${said}${seen.workflow === null ? "" : `, ${seen.workflow}`}.`;
  const pinned = ` What counts is the state of ${seen.pinnedAt.slice(0, 10)}, seven days before “${seen.sign}”.`;
  if (seen.outcome !== "fits" || seen.boundAt === null) {
    const text = TEXT[seen.outcome === "fits" ? "not-registered" : seen.outcome];
    return {
      verdict: seen.outcome === "recreated" ? "contradicts" : "inconclusive",
      policyKind: "trusted-publisher",
      root,
      claimantText: text.claimant,
      reviewerText: `${text.reviewer}${seen.problem === null ? "" : ` ${seen.problem}`}${what}${where}${pinned}`,
    };
  }
  return {
    verdict: "supports",
    policyKind: "trusted-publisher",
    root,
    boundAt: new Date(seen.boundAt),
    claimantText: "You can run the workflow that publishes a project of the account.",
    reviewerText: `The registered publisher ran for this case${seen.run === null ? "" : `, run ${seen.run}`}.${what}${where}${pinned}`,
  };
}

/** A run of a publisher that was registered before answers the challenge with a token made for it. */
export const trustedPublisher: EvidenceKind<{ readonly token: Secret<string> }, Observation> = {
  id: "trusted-publisher",
  version: 1,
  title: "A run of your publishing workflow",
  helps: "Shows that you can run what has long published one of your projects from a build service.",
  policyKinds: ["trusted-publisher"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence:
      "On a new branch, put this in place of the workflow file that you registered, and push the branch. Afterwards delete the branch.",
    ...commands(context),
    where: "In the repository that publishes your project. Nothing is published by it.",
    minutes: 10,
    proves: "That you can run it. The token it sends is good for this case alone.",
  }),
  cannot: (facts) =>
    facts.publishers === 0 ? "No project of the account has had a trusted publisher in use for long enough." : null,
  observe: async (runtime, context, { token }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    const { sign, pinned } = await pinnedMoment(runtime.db, context);
    const nothing: Observation = {
      outcome: "bad-token",
      issuer: null,
      subject: null,
      repository: null,
      workflow: null,
      environment: null,
      run: null,
      project: null,
      publisher: null,
      publisherId: null,
      boundAt: null,
      pinnedAt: pinned.toISOString(),
      sign: sign.act,
      problem: null,
    };
    if (!runtime.issuedTokens) return ok({ ...nothing, problem: "This index believes no such service." });
    const audience = caseAudience(context.publicUrl, context.challenge.value);
    const checked = await runtime.issuedTokens.check(token.reveal(), { audience, now: context.now });
    if (!checked.ok) {
      const { code, title } = checked.refusal;
      return ok({
        ...nothing,
        outcome: code === "issued-token/unreachable" ? "unreachable" : "bad-token",
        problem: title,
      });
    }
    const run = readRun(checked.value);
    if (!run) return ok({ ...nothing, problem: "Its claims are not those of its service." });
    const { issuer, subject, repository, workflow, environment } = run;
    const said = { issuer, subject, repository, workflow, environment, run: run.run };
    return ok({ ...nothing, ...said, ...(await compare(runtime.db, context, run)) });
  },
  // The token is spent and gone. Whether its publisher counts changes with the account's rights, and with signs found since.
  observeAgain: async (reader, context, seen) => {
    if (seen.outcome !== "fits" || context.accountId === null) return seen;
    const { sign, pinned } = await pinnedMoment(reader, context);
    const one = (await listPublishersInReach(reader, context.accountId)).find(({ id }) => id === seen.publisherId);
    const outcome = !one ? "not-registered" : countsThen(pinned, one) ? "fits" : "too-young";
    return { ...seen, outcome, pinnedAt: pinned.toISOString(), sign: sign.act };
  },
  assess,
  samples: SAMPLES,
};
