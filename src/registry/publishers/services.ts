import { z } from "zod";
import type { IssuedToken } from "../../kernel/net/issued-tokens.ts";
import type { PublisherIdentity, Run } from "./types.ts";

/*
 * What each service says about who runs something there, and how a registered publisher is compared with it. Pure. Claims
 * by the services' own documentation: OpenID Connect in GitHub Actions, GitLab ID tokens, Google identity tokens.
 */

export interface ServiceDescription {
  readonly label: string;
  /** Whether it runs things of repositories; else of a subject alone. */
  readonly hasRepositories: boolean;
  /** What the subject is, where it has no repositories. */
  readonly subject: string;
}

export const SERVICES: Readonly<Record<PublisherIdentity["service"], ServiceDescription>> = {
  github: { label: "GitHub Actions", hasRepositories: true, subject: "" },
  gitlab: { label: "GitLab CI/CD", hasRepositories: true, subject: "" },
  google: { label: "Google Cloud", hasRepositories: false, subject: "Mail address of the service account" },
  oidc: { label: "Another service", hasRepositories: false, subject: "Subject (the claim “sub”, exactly)" },
};

export const isService = (text: string): text is PublisherIdentity["service"] => Object.hasOwn(SERVICES, text);

const GITHUB_REPOSITORY = /^[a-z0-9](?:[a-z0-9-]{0,38})\/[a-z0-9._-]{1,100}$/;
const GITLAB_PROJECT = /^[a-z0-9_][a-z0-9._-]*(?:\/[a-z0-9_][a-z0-9._-]*){1,20}$/;
const GITHUB_WORKFLOW = /^[\w.-]+\.ya?ml$/;
const GITLAB_FILE = /^[\w./-]+\.ya?ml$/;
const MAIL = /^[^\s@]+@[a-z0-9.-]+$/;

/** What an owner types to register a publisher. */
export interface TypedPublisher {
  readonly repository: string;
  readonly workflow: string;
  readonly environment: string;
  readonly subject: string;
}

/** A registration as typed, in the one spelling that is compared; or what is wrong with it, by field. */
export function readIdentity(
  { service, issuer }: Pick<PublisherIdentity, "service" | "issuer">,
  typed: TypedPublisher,
): { readonly identity: PublisherIdentity } | { readonly wrong: Readonly<Record<string, string>> } {
  const { hasRepositories } = SERVICES[service];
  const blank = { service, issuer, repository: null, workflow: null, environment: null, subject: null };
  if (!hasRepositories) {
    const subject = service === "google" ? typed.subject.toLowerCase() : typed.subject;
    if (subject === "") return { wrong: { subject: "Please fill this in." } };
    if (service === "google" && !MAIL.test(subject))
      return { wrong: { subject: "That should look like name@project.iam.gserviceaccount.com." } };
    return { identity: { ...blank, subject } };
  }
  const isGithub = service === "github";
  const repository = typed.repository
    .replace(/^https:\/\/[^/]+\//i, "")
    .replace(/\.git$|\/$/g, "")
    .toLowerCase();
  const workflow = typed.workflow.replace(/^\.github\/workflows\//, "") || (isGithub ? "" : ".gitlab-ci.yml");
  const wrong: Record<string, string> = {};
  if (!(isGithub ? GITHUB_REPOSITORY : GITLAB_PROJECT).test(repository))
    wrong["repository"] = "That should be owner and name, like alice/alpenglow.";
  if (!(isGithub ? GITHUB_WORKFLOW : GITLAB_FILE).test(workflow) || workflow.includes(".."))
    wrong["workflow"] = isGithub
      ? "That should be the name of a file in .github/workflows, like release.yml."
      : "That should be the path of a file in the repository, like .gitlab-ci.yml.";
  if (Object.keys(wrong).length > 0) return { wrong };
  return { identity: { ...blank, repository, workflow, environment: typed.environment.toLowerCase() || null } };
}

const text = z.string().min(1).max(500);
const idText = z.union([text, z.number().int().transform(String)]);

const github = z.object({
  repository: text,
  repository_id: idText,
  repository_owner_id: idText,
  job_workflow_ref: text,
  environment: text.optional(),
  event_name: text,
  ref: text.optional(),
  run_id: idText.optional(),
});

const gitlab = z.object({
  project_path: text,
  project_id: idText,
  namespace_id: idText,
  ci_config_ref_uri: text,
  environment: text.optional(),
  pipeline_source: text.optional(),
  ref: text.optional(),
  pipeline_id: idText.optional(),
});

const google = z.object({ email: text, email_verified: z.literal(true) });

/** Runs that somebody without write access can set off: what they do is not the repository's own word. */
const PROPOSALS: ReadonlySet<string> = new Set([
  "pull_request",
  "pull_request_target",
  "pull_request_review",
  "pull_request_review_comment",
  "issue_comment",
  "issues",
  "workflow_run",
  "merge_request_event",
  "external_pull_request_event",
]);

/** Who runs this, by a token whose signature fits. Null where the service's own claims are missing. */
export function readRun({ service, issuer, claims }: Pick<IssuedToken, "service" | "issuer" | "claims">): Run | null {
  const subject = String(claims.sub);
  const blank: Run = {
    service: isService(service) ? service : "oidc",
    issuer,
    subject,
    repository: null,
    repositoryId: null,
    ownerId: null,
    workflow: null,
    environment: null,
    isFromProposal: false,
    ref: null,
    run: null,
  };
  if (blank.service === "oidc") return blank;
  if (blank.service === "google") {
    const said = google.safeParse(claims);
    return said.success ? { ...blank, subject: said.data.email.toLowerCase() } : null;
  }
  return blank.service === "github" ? githubRun(blank, claims) : gitlabRun(blank, claims);
}

function githubRun(blank: Run, claims: IssuedToken["claims"]): Run | null {
  const said = github.safeParse(claims);
  if (!said.success) return null;
  const { repository, job_workflow_ref: file, environment, event_name: event, ref, run_id: run } = said.data;
  return {
    ...blank,
    repository: repository.toLowerCase(),
    repositoryId: said.data.repository_id,
    ownerId: said.data.repository_owner_id,
    // A workflow of another repository that is called from here keeps its whole path, and so fits no registered name.
    workflow: ownFile(file, `${repository}/.github/workflows/`),
    environment: environment?.toLowerCase() ?? null,
    isFromProposal: PROPOSALS.has(event),
    ref: ref ?? null,
    run: run ?? null,
  };
}

function gitlabRun(blank: Run, claims: IssuedToken["claims"]): Run | null {
  const said = gitlab.safeParse(claims);
  if (!said.success) return null;
  const { project_path: path, ci_config_ref_uri: file, environment, pipeline_source: event, ref } = said.data;
  return {
    ...blank,
    repository: path.toLowerCase(),
    repositoryId: said.data.project_id,
    ownerId: said.data.namespace_id,
    workflow: ownFile(file, `${new URL(blank.issuer).host}/${path}//`),
    environment: environment?.toLowerCase() ?? null,
    isFromProposal: PROPOSALS.has(event ?? ""),
    ref: ref ?? null,
    run: said.data.pipeline_id ?? null,
  };
}

function ownFile(reference: string, prefix: string): string {
  const isOwn = reference.toLowerCase().startsWith(prefix.toLowerCase());
  const path = isOwn ? reference.slice(prefix.length) : reference;
  const at = path.indexOf("@");
  return at < 0 ? path : path.slice(0, at);
}

/** How a run stands to a registered publisher. */
export type Fit =
  | "fits"
  | "other"
  /** The name is the same, and the repository is not the one that published before. */
  | "recreated"
  /** The repository is the same, and belongs to somebody else now. */
  | "transferred"
  /** Set off by a proposal of somebody who may not write. */
  | "proposal";

/** Compares a run with a registration. By the service's ids once they are known, so that a renamed repository goes on. */
export function fitOf(
  publisher: PublisherIdentity & { readonly repositoryId: string | null; readonly ownerId: string | null },
  run: Run,
): Fit {
  if (publisher.service !== run.service || publisher.issuer !== run.issuer) return "other";
  if (publisher.repository === null) return publisher.subject === run.subject ? "fits" : "other";
  const isPinned = publisher.repositoryId !== null;
  const isSame = isPinned ? publisher.repositoryId === run.repositoryId : publisher.repository === run.repository;
  if (!isSame) return publisher.repository === run.repository ? "recreated" : "other";
  if (publisher.workflow !== run.workflow) return "other";
  if (publisher.environment !== null && publisher.environment !== run.environment) return "other";
  if (isPinned && publisher.ownerId !== run.ownerId) return "transferred";
  return run.isFromProposal ? "proposal" : "fits";
}

/** A publisher in words: `alice/alpenglow, release.yml (GitHub Actions)`. */
export function publisherInWords({ service, repository, workflow, environment, subject }: PublisherIdentity): string {
  const what = repository === null ? (subject ?? "") : `${repository}, ${workflow ?? ""}`;
  return `${what}${environment === null ? "" : `, environment ${environment}`} (${SERVICES[service].label})`;
}
