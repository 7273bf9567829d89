import { sql } from "kysely";
import type { Attestation } from "../../kernel/crypto/sigstore.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, FileId, ProjectId } from "../../kernel/ids.ts";
import { own } from "./tables.ts";

/** Notes who signed a file, in the transaction that publishes it. */
export async function insertAttestations(
  tx: Tx,
  { fileId, projectId }: { readonly fileId: FileId; readonly projectId: ProjectId },
  attestations: readonly Attestation[],
): Promise<void> {
  for (const [place, { issuer, subject, predicateType }] of attestations.entries())
    await own(tx)
      .insertInto("file_attestations")
      .values({
        file_id: fileId,
        place,
        project_id: projectId,
        issuer,
        subject,
        predicate_type: predicateType,
        verified_at: tx.now,
      })
      .execute();
}

/** The files of a project whose signers are known. */
export async function listSignedFiles(reader: Reader, projectId: ProjectId): Promise<ReadonlySet<FileId>> {
  const rows = await own(reader)
    .selectFrom("file_attestations")
    .select("file_id")
    .where("project_id", "=", projectId)
    .execute();
  return new Set(rows.map((row) => row.file_id));
}

export interface SignedFile {
  /** JSON text, as it was uploaded. */
  readonly attestations: string;
  readonly signers: readonly { readonly issuer: string; readonly subject: string }[];
}

/** The attestations of a published file with who signed each; null where there are none that were verified. */
export async function findSigned(
  reader: Reader,
  which: { readonly project: string; readonly version: string; readonly filename: string },
): Promise<SignedFile | null> {
  const rows = await own(reader)
    .selectFrom("files")
    .innerJoin("releases", "releases.id", "files.release_id")
    .innerJoin("projects", "projects.id", "files.project_id")
    .innerJoin("file_attestations", "file_attestations.file_id", "files.id")
    .select(["files.attestations", "issuer", "subject"])
    .where("projects.name_normalized", "=", which.project)
    .where("releases.version", "=", which.version)
    .where("filename", "=", which.filename)
    .orderBy("place")
    .execute();
  const text = rows[0]?.attestations;
  return text ? { attestations: text, signers: rows.map(({ issuer, subject }) => ({ issuer, subject })) } : null;
}

/** Somebody who signed files of a project that an account may publish to. */
export interface SignerInReach {
  readonly project: string;
  readonly issuer: string;
  readonly subject: string;
  readonly firstSignedAt: Date;
  readonly memberSince: Date;
}

/** Who signed files of the projects that an account may publish to, each with the first time. */
export async function listSignersInReach(reader: Reader, accountId: AccountId): Promise<readonly SignerInReach[]> {
  const { rows } = await sql<SignerInReach>`
    with mine as (
      select project_id, min(since) as since from project_access where account_id = ${accountId} group by project_id)
    select p.name_normalized as project, a.issuer, a.subject, min(a.verified_at) as "firstSignedAt",
      mine.since as "memberSince"
    from mine join file_attestations a on a.project_id = mine.project_id join projects p on p.id = mine.project_id
    group by p.name_normalized, a.issuer, a.subject, mine.since
    order by min(a.verified_at) limit 2000`.execute(own(reader));
  return rows;
}
