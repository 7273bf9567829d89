import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, FileId, ProjectId, ReleaseId } from "../../kernel/ids.ts";
import type { DistributionFile, Project, Release } from "../types.ts";
import { own, type RegistryTables } from "./tables.ts";

export async function insertProject(
  tx: Tx,
  row: {
    readonly id: ProjectId;
    readonly name: string;
    readonly normalized: string;
    readonly folded: string;
    readonly by: AccountId;
  },
): Promise<void> {
  await own(tx)
    .insertInto("projects")
    .values({
      id: row.id,
      name: row.name,
      name_normalized: row.normalized,
      name_folded: row.folded,
      created_at: tx.now,
      created_by: row.by,
    })
    .execute();
}

export async function findProject(reader: Reader, normalized: string): Promise<Project | null> {
  const row = await own(reader)
    .selectFrom("projects")
    .selectAll()
    .where("name_normalized", "=", normalized)
    .executeTakeFirst();
  return row ? toProject(row) : null;
}

export async function findProjectByFoldedName(reader: Reader, folded: string): Promise<Project | null> {
  const row = await own(reader).selectFrom("projects").selectAll().where("name_folded", "=", folded).executeTakeFirst();
  return row ? toProject(row) : null;
}

/** At most `limit` projects after a normalised name, in that order. */
export async function listProjectsAfter(
  reader: Reader,
  after: string,
  limit: number,
): Promise<readonly { readonly name: string; readonly normalizedName: string }[]> {
  const rows = await own(reader)
    .selectFrom("projects")
    .select(["name", "name_normalized"])
    .where("name_normalized", ">", after)
    .orderBy("name_normalized")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ name: row.name, normalizedName: row.name_normalized }));
}

/** Changes whenever a project is added: how many there are, and the id of the youngest. */
export async function projectListState(reader: Reader): Promise<string> {
  const row = await own(reader)
    .selectFrom("projects")
    .select(({ fn }) => [fn.countAll<bigint>().as("count"), fn.max("id").as("last")])
    .executeTakeFirstOrThrow();
  return `${row.count}:${row.last ?? ""}`;
}

export interface NewRelease {
  readonly id: ReleaseId;
  readonly projectId: ProjectId;
  readonly version: string;
  readonly summary: string;
  readonly description: string;
  readonly descriptionContentType: string;
  readonly requiresPython: string;
  readonly metadata: object;
  readonly by: AccountId;
}

/** Makes the release, or finds it. The first file of a release describes it. */
export async function findOrInsertRelease(
  tx: Tx,
  row: NewRelease,
): Promise<{ readonly id: ReleaseId; readonly isNew: boolean }> {
  const inserted = await own(tx)
    .insertInto("releases")
    .values({
      id: row.id,
      project_id: row.projectId,
      version: row.version,
      summary: row.summary,
      description: row.description,
      description_content_type: row.descriptionContentType,
      requires_python: row.requiresPython,
      metadata: row.metadata,
      created_at: tx.now,
      created_by: row.by,
      yanked_at: null,
      yanked_because: null,
    })
    .onConflict((conflict) => conflict.columns(["project_id", "version"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted) return { id: inserted.id, isNew: true };
  const { id } = await own(tx)
    .selectFrom("releases")
    .select("id")
    .where("project_id", "=", row.projectId)
    .where("version", "=", row.version)
    .executeTakeFirstOrThrow();
  return { id, isNew: false };
}

export async function listReleases(reader: Reader, projectId: ProjectId): Promise<readonly Release[]> {
  const rows = await own(reader)
    .selectFrom("releases")
    .select(["id", "version", "summary", "created_at", "yanked_at", "yanked_because"])
    .where("project_id", "=", projectId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    summary: row.summary,
    createdAt: row.created_at,
    yanked: row.yanked_at ? { at: row.yanked_at, because: row.yanked_because ?? "" } : null,
  }));
}

/** The texts of one release, for its page; untrusted. */
export async function findReleaseTexts(
  reader: Reader,
  projectId: ProjectId,
  version: string,
): Promise<Pick<
  RegistryTables["releases"],
  "summary" | "description" | "description_content_type" | "requires_python" | "metadata"
> | null> {
  const row = await own(reader)
    .selectFrom("releases")
    .select(["summary", "description", "description_content_type", "requires_python", "metadata"])
    .where("project_id", "=", projectId)
    .where("version", "=", version)
    .executeTakeFirst();
  return row ?? null;
}

/** Yanks or restores a release. @returns false where there is no such release */
export async function setYanked(
  tx: Tx,
  projectId: ProjectId,
  version: string,
  because: string | null,
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("releases")
    .set(because === null ? { yanked_at: null, yanked_because: null } : { yanked_at: tx.now, yanked_because: because })
    .where("project_id", "=", projectId)
    .where("version", "=", version)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Who made a release, when, and whether it is yanked; null where there is no such release. */
export async function findReleaseMark(
  reader: Reader,
  projectId: ProjectId,
  version: string,
): Promise<{ readonly createdBy: AccountId; readonly createdAt: Date; readonly isYanked: boolean } | null> {
  const row = await own(reader)
    .selectFrom("releases")
    .select(["created_by", "created_at", "yanked_at"])
    .where("project_id", "=", projectId)
    .where("version", "=", version)
    .executeTakeFirst();
  return row ? { createdBy: row.created_by, createdAt: row.created_at, isYanked: row.yanked_at !== null } : null;
}

export async function insertFile(tx: Tx, row: RegistryTables["files"]): Promise<void> {
  await own(tx).insertInto("files").values(row).execute();
}

/** The file that already has this name or, under another spelling, is this distribution. */
export async function findSameFile(
  reader: Reader,
  filename: string,
  identity: string,
): Promise<{ readonly filename: string; readonly sha256: string } | null> {
  const row = await own(reader)
    .selectFrom("files")
    .select(["filename", "sha256"])
    .where((is) => is.or([is("filename", "=", filename), is("identity", "=", identity)]))
    .executeTakeFirst();
  return row ?? null;
}

const FILE_COLUMNS = [
  "files.id",
  "files.project_id",
  "files.filename",
  "files.filetype",
  "files.size",
  "files.sha256",
  "files.requires_python",
  "files.core_metadata_sha256",
  "files.uploaded_at",
  "releases.version",
  "releases.yanked_at",
  "releases.yanked_because",
] as const;

/** Every file of a project, oldest first, without the bytes of its metadata. */
export async function listFiles(reader: Reader, projectId: ProjectId): Promise<readonly DistributionFile[]> {
  const rows = await own(reader)
    .selectFrom("files")
    .innerJoin("releases", "releases.id", "files.release_id")
    .select(FILE_COLUMNS)
    .where("files.project_id", "=", projectId)
    .orderBy("files.id")
    .execute();
  return rows.map(toFile);
}

export async function findFile(reader: Reader, sha256: string, filename: string): Promise<DistributionFile | null> {
  const row = await own(reader)
    .selectFrom("files")
    .innerJoin("releases", "releases.id", "files.release_id")
    .select(FILE_COLUMNS)
    .where("files.filename", "=", filename)
    .where("files.sha256", "=", sha256)
    .executeTakeFirst();
  return row ? toFile(row) : null;
}

export async function readCoreMetadata(reader: Reader, id: FileId): Promise<Buffer | null> {
  const row = await own(reader).selectFrom("files").select("core_metadata").where("id", "=", id).executeTakeFirst();
  return row?.core_metadata ?? null;
}

/** Which of these digests a published file has. */
export async function listKnownDigests(reader: Reader, digests: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await own(reader)
    .selectFrom("files")
    .select("sha256")
    .where("sha256", "in", [...digests])
    .execute();
  return new Set(rows.map((row) => row.sha256));
}

/** Notes what a project's newest release needs, in place of what an older one needed. */
export async function replaceDependencies(tx: Tx, projectId: ProjectId, dependsOn: readonly string[]): Promise<void> {
  await own(tx).deleteFrom("project_dependencies").where("project_id", "=", projectId).execute();
  await addDependencies(tx, projectId, dependsOn);
}

export async function addDependencies(tx: Tx, projectId: ProjectId, dependsOn: readonly string[]): Promise<void> {
  if (dependsOn.length === 0) return;
  await own(tx)
    .insertInto("project_dependencies")
    .values(dependsOn.map((name) => ({ project_id: projectId, depends_on: name })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export const toProject = (row: RegistryTables["projects"]): Project => ({
  id: row.id,
  name: row.name,
  normalizedName: row.name_normalized,
  createdAt: row.created_at,
});

type FileRow = Pick<
  RegistryTables["files"],
  | "id"
  | "project_id"
  | "filename"
  | "filetype"
  | "size"
  | "sha256"
  | "requires_python"
  | "core_metadata_sha256"
  | "uploaded_at"
> &
  Pick<RegistryTables["releases"], "version" | "yanked_at" | "yanked_because">;

const toFile = (row: FileRow): DistributionFile => ({
  id: row.id,
  projectId: row.project_id,
  version: row.version,
  filename: row.filename,
  filetype: row.filetype,
  size: Number(row.size), // far below 2^53: uploads are limited
  sha256: row.sha256,
  requiresPython: row.requires_python,
  coreMetadataSha256: row.core_metadata_sha256,
  uploadedAt: row.uploaded_at,
  yanked: row.yanked_at ? (row.yanked_because ?? "") : null,
});
