import type { EvidenceKind } from "../../types.ts";
import type { Observation } from "./observation.ts";

const FITS: Observation = {
  outcome: "fits",
  issuer: "https://token.actions.githubusercontent.com",
  subject: "repo:alice/alpenglow:ref:refs/heads/main",
  repository: "alice/alpenglow",
  workflow: "release.yml",
  environment: null,
  run: "9162534412",
  project: "alpenglow",
  publisher: "alice/alpenglow, release.yml (GitHub Actions)",
  publisherId: "pub_00000000000000000000000001",
  boundAt: "2025-03-01T08:00:00.000Z",
  pinnedAt: "2026-10-26T09:00:00.000Z",
  sign: "recovery/case-opened",
  problem: null,
};
const NONE = { project: null, publisher: null, publisherId: null, boundAt: null };
const UNREAD = { issuer: null, subject: null, repository: null, workflow: null, run: null, ...NONE };

export const SAMPLES: EvidenceKind<unknown, Observation>["samples"] = {
  supports: [
    { title: "the registered workflow ran", observation: FITS },
    {
      title: "a service account",
      observation: {
        ...FITS,
        issuer: "https://accounts.google.com",
        subject: "release@alpenglow.iam.gserviceaccount.com",
        repository: null,
        workflow: null,
        run: null,
        publisher: "release@alpenglow.iam.gserviceaccount.com (Google Cloud)",
      },
    },
  ],
  contradicts: [
    { title: "a repository of that name made anew by somebody", observation: { ...FITS, outcome: "recreated" } },
  ],
  inconclusive: [
    {
      title: "a token made for another audience",
      observation: {
        ...FITS,
        ...UNREAD,
        outcome: "bad-token",
        problem: "That token was made for somebody else than this index.",
      },
    },
    { title: "the issuer does not answer", observation: { ...FITS, ...UNREAD, outcome: "unreachable" } },
    {
      title: "another repository",
      observation: { ...FITS, ...NONE, outcome: "not-registered", repository: "mallory/alpenglow" },
    },
    { title: "registered last week", observation: { ...FITS, outcome: "too-young" } },
    { title: "the repository was given to somebody else", observation: { ...FITS, outcome: "transferred" } },
    { title: "set off by a proposal", observation: { ...FITS, outcome: "proposal" } },
  ],
};
