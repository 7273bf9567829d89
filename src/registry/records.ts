import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import { normalizeName } from "./names.ts";
import {
  countImpact,
  type ImpactCounts,
  type ReachedThing,
  selectOrganisations,
  selectProjectsOf,
  selectReach,
} from "./store/access.ts";
import { findProject, findReleaseTexts, listFiles, listReleases } from "./store/projects.ts";
import { selectApiTokens } from "./store/tokens.ts";
import type { DistributionFile, Project, Release } from "./types.ts";
import { newestVersion } from "./versions.ts";

const DAY_MS = 24 * 3600 * 1000;

/**
 * What an attacker could do with an account, counted over everything it owns or may upload to; `dependents` and
 * `downloads30d` are the largest of any one project. Its shape is the recovery policy's.
 */
export const impactOf = (reader: Reader, accountId: AccountId, now: Date): Promise<ImpactCounts> =>
  countImpact(reader, accountId, now, new Date(now.getTime() - 30 * DAY_MS));

/** The same, each project and organisation by itself: what somebody who shares only some of them can speak for. */
export const reachOf = (reader: Reader, accountId: AccountId, now: Date): Promise<readonly ReachedThing[]> =>
  selectReach(reader, accountId, new Date(now.getTime() - 30 * DAY_MS));

export type RecordKind = "project" | "first-upload" | "last-upload" | "organisation" | "api-token";

/** Something the index knows of an account, with which a claimant's words can be compared. */
export interface IndexRecord {
  readonly kind: RecordKind;
  /** A name, or a month as `2026-11`. */
  readonly value: string;
  /** The project a month belongs to; null for names. */
  readonly about: string | null;
  /** Whether the index publishes it itself. What is public proves nothing; it can only contradict. */
  readonly isPublic: boolean;
}

/**
 * What the evidence kind `records` compares: project names and the months of this account's first and last upload to
 * each (both can be read from the index), organisation memberships and API token names (which cannot).
 */
export async function recordsOf(reader: Reader, accountId: AccountId): Promise<readonly IndexRecord[]> {
  const projects = await selectProjectsOf(reader, accountId);
  const organisations = await selectOrganisations(reader, accountId);
  const tokens = await selectApiTokens(reader, accountId);
  const name = (kind: RecordKind, value: string, isPublic: boolean): IndexRecord => ({
    kind,
    value,
    about: null,
    isPublic,
  });
  const month = (kind: RecordKind, about: string, at: Date | null): IndexRecord[] =>
    at ? [{ kind, value: at.toISOString().slice(0, 7), about, isPublic: true }] : [];
  return [
    ...projects.map((project) => name("project", project.name, true)),
    ...projects.flatMap((project) => [
      ...month("first-upload", project.name, project.firstUploadAt),
      ...month("last-upload", project.name, project.lastUploadAt),
    ]),
    ...organisations.map((organisation) => name("organisation", organisation.name, false)),
    ...[...new Set(tokens.map((token) => token.name))].map((token) => name("api-token", token, false)),
  ];
}

export interface ProjectSummary {
  readonly project: Project;
  /** Oldest first. */
  readonly releases: readonly Release[];
  readonly files: readonly DistributionFile[];
  /** The newest release that is not yanked; its texts are untrusted. Null where all are. */
  readonly newest: {
    readonly version: string;
    readonly summary: string;
    readonly description: string;
    readonly descriptionContentType: string;
    readonly requiresPython: string;
    readonly metadata: object;
  } | null;
}

/** A project with its releases and files, by any spelling of its name; null where there is none. */
export async function projectSummary(reader: Reader, name: string): Promise<ProjectSummary | null> {
  const project = await findProject(reader, normalizeName(name));
  if (!project) return null;
  const releases = await listReleases(reader, project.id);
  const files = await listFiles(reader, project.id);
  const version = newestVersion(releases.filter((release) => !release.yanked).map((release) => release.version));
  const texts = version === null ? null : await findReleaseTexts(reader, project.id, version);
  const newest =
    version === null || !texts
      ? null
      : {
          version,
          summary: texts.summary,
          description: texts.description,
          descriptionContentType: texts.description_content_type,
          requiresPython: texts.requires_python,
          metadata: texts.metadata,
        };
  return { project, releases, files, newest };
}
