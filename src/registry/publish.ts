import { createHash } from "node:crypto";
import type { Attestation, Sigstore } from "../kernel/crypto/sigstore.ts";
import { findAccount, requireActive } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact } from "../kernel/db/transact.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { newId } from "../kernel/ids.ts";
import type { MultipartPart } from "../kernel/http/index.ts";
import type { Random } from "../kernel/random.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { tokenFault } from "./api-tokens.ts";
import { isSignedBy, readAttestations } from "./attestations.ts";
import { inspectSdist } from "./archive/sdist.ts";
import { inspectWheel } from "./archive/wheel.ts";
import { blobPath, keepBlob, removeFile } from "./blobs.ts";
import type { UploadForm } from "./form.ts";
import { requireNoHold } from "./holds.ts";
import type { CoreMetadata } from "./metadata.ts";
import { foldName, normalizeName, type ParsedFilename, parseFilename } from "./names.ts";
import { traceChange } from "./people/tell.ts";
import { actingAt } from "./publishers/acting.ts";
import { receiveUpload } from "./receive.ts";
import { registryRefusals } from "./refusals.ts";
import { findRole, upsertRole } from "./store/access.ts";
import { lockRole } from "./store/people.ts";
import {
  addDependencies,
  findOrInsertRelease,
  findProject,
  findProjectByFoldedName,
  findSameFile,
  insertFile,
  insertProject,
  listKnownDigests,
  listReleases,
  replaceDependencies,
} from "./store/projects.ts";
import { insertAttestations } from "./store/attestations.ts";
import { listPublishers } from "./store/publishers.ts";
import { noteLinks } from "./store/links.ts";
import { lockApiToken } from "./store/tokens.ts";
import type { Project, ProjectRole, TokenHolder } from "./types.ts";
import { newestVersion } from "./versions.ts";

export interface UploadOptions {
  /** Where distributions lie; see blobs.ts. */
  readonly filesFolder: string;
  readonly maxFileBytes: number;
}

/** A file that passed every check that needs no database, and lies on disk under a temporary name. */
interface CheckedUpload {
  readonly path: string;
  readonly form: UploadForm;
  readonly file: ParsedFilename;
  readonly size: number;
  readonly sha256: string;
  readonly gpgSignature: string | null;
  readonly metadata: CoreMetadata;
  /** METADATA of a wheel; null for an sdist, whose PKG-INFO an installer may not rely on. */
  readonly coreMetadata: Buffer | null;
  /** Who signed it, by attestations that verify. */
  readonly signers: readonly Attestation[];
}

export interface Published {
  readonly filename: string;
  /** False where the very same file was there already: an upload that is tried again is no fault. */
  readonly isNew: boolean;
}

/**
 * One upload, start to end: receive, check, keep the bytes, then say so in one transaction. Whatever is refused leaves
 * nothing behind, neither rows nor bytes. A first upload makes the project, with the uploader as its owner. Of two
 * uploads of one file name at once one wins; the other is refused, or told that all is well if the bytes are the same.
 */
export async function uploadFile(
  runtime: Runtime,
  holder: TokenHolder,
  parts: AsyncIterable<MultipartPart>,
  now: Date,
  options: UploadOptions,
): Promise<Result<Published>> {
  const received = await receiveUpload(parts, {
    ...options,
    random: runtime.random,
    mayBegin: async (form, filename) => {
      const named = parseFilename(filename, form.filetype, form);
      if (!named.ok) return named;
      const acting = await actingAt(runtime.db, holder, normalizeName(form.name));
      if (!acting.ok) return acting;
      const free = await requireNoHold(runtime.db, acting.value.account.id, "publish", now);
      if (!free.ok) return free;
      const project = await requirePublisher(runtime.db, acting.value, form.name);
      return project.ok ? ok() : project;
    },
  });
  if (!received.ok) return received;
  const { path } = received.value;
  try {
    const checked = await checkArchive(path, received.value, runtime.sigstore);
    if (!checked.ok) return checked;
    return await keepAndPublish(runtime, holder, checked.value, now, options.filesFolder);
  } finally {
    await removeFile(path); // gone already where it was kept
  }
}

type Received = Extract<Awaited<ReturnType<typeof receiveUpload>>, { ok: true }>["value"];

async function checkArchive(
  path: string,
  received: Received,
  sigstore: Sigstore | undefined,
): Promise<Result<CheckedUpload>> {
  const { form, filename, size, sha256, gpgSignature } = received;
  const file = parseFilename(filename, form.filetype, form);
  if (!file.ok) return file;
  const signers = readAttestations(sigstore, form.attestations, { filename: file.value.filename, sha256 });
  if (!signers.ok) return signers;
  const rest = { path, form, file: file.value, size, sha256, gpgSignature, signers: signers.value };
  if (form.filetype === "sdist") {
    const metadata = await inspectSdist(path, form);
    return metadata.ok ? ok({ ...rest, metadata: metadata.value, coreMetadata: null }) : metadata;
  }
  const wheel = await inspectWheel(path, form);
  return wheel.ok ? ok({ ...rest, ...wheel.value }) : wheel;
}

/**
 * The transaction, and the removal of bytes that it did not put to use. The bytes are moved inside it, under a lock that
 * their removal takes too, and are on disk before it commits. Moving them twice, should the transaction be tried again,
 * is moving them once.
 */
async function keepAndPublish(
  runtime: Runtime,
  holder: TokenHolder,
  upload: CheckedUpload,
  now: Date,
  filesFolder: string,
): Promise<Result<Published>> {
  let isPublished = false;
  try {
    const published = await transact(runtime.db, { now }, async (tx): Promise<Result<Published>> => {
      // Uploads to one project, also to one that is only being made, go one after another.
      await lockName(tx.as<unknown>(), `project:${foldName(upload.form.name)}`);
      await lockName(tx.as<unknown>(), `blob:${upload.sha256}`);
      await keepBlob(filesFolder, upload.path, upload.sha256);
      return publish(tx, runtime, holder, upload);
    });
    isPublished = published.ok;
    return published;
  } finally {
    if (!isPublished) await discardBlob(runtime, filesFolder, upload.sha256, now);
  }
}

/** Runs under the project's lock. Writes nothing where the very same file is there already. */
async function publish(
  tx: Tx,
  runtime: Runtime,
  asked: TokenHolder,
  upload: CheckedUpload,
): Promise<Result<Published>> {
  const { random } = runtime;
  const acting = await actingAt(tx, asked, normalizeName(upload.form.name));
  if (!acting.ok) return acting;
  const holder = acting.value;
  const still = await requireStillAllowed(tx, holder);
  if (!still.ok) return still;
  const accountId = holder.account.id;
  const project = await findOrCreateProject(tx, random, holder, upload.form);
  if (!project.ok) return project;
  const signed = await requireOwnSignature(tx, asked, project.value, upload.signers);
  if (!signed.ok) return signed;
  const existing = await findSameFile(tx, upload.file.filename, upload.file.identity);
  if (existing) return sameOrTaken(existing, upload);
  const { form, metadata } = upload;
  const release = await findOrInsertRelease(tx, {
    id: newId("rel", tx.now, random),
    projectId: project.value.id,
    version: form.version,
    summary: metadata.summary,
    description: metadata.description,
    descriptionContentType: metadata.descriptionContentType,
    requiresPython: metadata.requiresPython,
    metadata: metadata.shown,
    by: accountId,
  });
  const fileId = newId("fil", tx.now, random);
  await insertFile(tx, {
    id: fileId,
    project_id: project.value.id,
    release_id: release.id,
    filename: upload.file.filename,
    identity: upload.file.identity,
    filetype: form.filetype,
    pyversion: form.pyversion,
    size: BigInt(upload.size),
    sha256: upload.sha256,
    requires_python: metadata.requiresPython,
    core_metadata: upload.coreMetadata,
    core_metadata_sha256: upload.coreMetadata && createHash("sha256").update(upload.coreMetadata).digest("hex"),
    gpg_signature: upload.gpgSignature,
    attestations: form.attestations,
    uploaded_at: tx.now,
    uploaded_by: accountId,
    uploaded_with: holder.token.id,
  });
  await insertAttestations(tx, { fileId, projectId: project.value.id }, upload.signers);
  await tellOfLinks(
    tx,
    runtime,
    holder,
    project.value,
    await noteLinks(tx, { projectId: project.value.id, fileId }, metadata.links),
  );
  await noteDependencies(tx, project.value, form.version, release.isNew, metadata.dependsOn);
  audit(tx, random, {
    act: "registry/file-published",
    actor: { kind: "subscriber", id: accountId },
    accountId,
    facts: {
      project: project.value.normalizedName,
      version: form.version,
      file: upload.file.filename,
      sha256: upload.sha256,
      size: upload.size,
      token: holder.token.id,
    },
    ...(holder.source ? { personal: { ...holder.source } } : {}),
  });
  return ok({ filename: upload.file.filename, isNew: true });
}

const MOST_LINKS_TOLD = 5;

/** A thief's release may name places of theirs, which would count as the project's some day: every owner hears of new ones. */
async function tellOfLinks(
  tx: Tx,
  runtime: Runtime,
  { account }: TokenHolder,
  { id, name, normalizedName }: Project,
  urls: readonly string[],
): Promise<void> {
  if (urls.length === 0) return;
  const more = urls.length > MOST_LINKS_TOLD ? ` and ${urls.length - MOST_LINKS_TOLD} more` : "";
  await traceChange(tx, runtime, {
    by: account,
    place: { kind: "project", id, name, slug: normalizedName },
    what: `A release published by ${account.username} names places that were not the project’s before: ${urls.slice(0, MOST_LINKS_TOLD).join(" , ")}${more}`,
    act: "registry/links-added",
    isForOwners: true,
  });
}

/** What a run uploads is signed by that run, or by nobody. */
async function requireOwnSignature(
  tx: Tx,
  { token }: TokenHolder,
  project: Project,
  signers: readonly Attestation[],
): Promise<Result<undefined>> {
  if (token.publishers === null || signers.length === 0) return ok();
  const publishers = (await listPublishers(tx, project.id)).filter(({ id }) => token.publishers?.includes(id));
  const isOwn = signers.every((signer) => publishers.some((publisher) => isSignedBy(publisher, signer)));
  return isOwn
    ? ok()
    : refuse(
        registryRefusals["bad-attestation"]({
          detail: "It is signed by somebody else than the publisher that uploads.",
        }),
      );
}

/** An upload takes minutes: in the meantime the token may have been revoked, the account frozen, publishing held. */
async function requireStillAllowed(tx: Tx, holder: TokenHolder): Promise<Result<undefined>> {
  const token = await lockApiToken(tx, holder.token.id);
  const fault = token ? tokenFault(token, tx.now) : registryRefusals["bad-token"]();
  if (fault) return refuse(fault);
  const account = await findAccount(tx, holder.account.id);
  if (!account) return refuse(registryRefusals["bad-token"]());
  const active = requireActive(account);
  if (!active.ok) return active;
  return requireNoHold(tx, account.id, "publish", tx.now);
}

/** The project, if this token may publish to it; null where there is none of that name yet and it may make it. */
async function requirePublisher(
  reader: Reader,
  holder: TokenHolder,
  typed: string,
  roleOn: (project: Project) => Promise<ProjectRole | null> = (project) =>
    findRole(reader, project.id, holder.account.id),
): Promise<Result<Project | null>> {
  const name = normalizeName(typed);
  const { projects } = holder.token;
  if (projects && !projects.includes(name)) {
    return refuse(registryRefusals["token-scope"]({ detail: `It is limited to ${projects.slice(0, 5).join(", ")}.` }));
  }
  const project = await findProject(reader, name);
  if (project) {
    const role = await roleOn(project);
    return role ? ok(project) : refuse(registryRefusals["no-role"]({ detail: `"${project.name}" has other owners.` }));
  }
  const alike = await findProjectByFoldedName(reader, foldName(typed));
  return alike
    ? refuse(registryRefusals["name-too-similar"]({ detail: `"${typed}" reads like "${alike.name}".` }))
    : ok(null);
}

async function findOrCreateProject(
  tx: Tx,
  random: Random,
  holder: TokenHolder,
  { name }: UploadForm,
): Promise<Result<Project>> {
  const found = await requirePublisher(tx, holder, name, ({ id }) => lockRole(tx, id, holder.account.id));
  if (!found.ok) return found;
  if (found.value) return ok(found.value);
  const row = {
    id: newId("prj", tx.now, random),
    name,
    normalized: normalizeName(name),
    folded: foldName(name),
    by: holder.account.id,
  };
  await insertProject(tx, row);
  await upsertRole(tx, row.id, row.by, "owner");
  const facts = { project: row.normalized };
  audit(tx, random, {
    act: "registry/project-created",
    actor: { kind: "subscriber", id: row.by },
    accountId: row.by,
    facts,
  });
  return ok({ id: row.id, name, normalizedName: row.normalized, createdAt: tx.now });
}

function sameOrTaken(
  existing: { readonly filename: string; readonly sha256: string },
  upload: CheckedUpload,
): Result<Published> {
  const { filename } = upload.file;
  const isSame = existing.filename === filename && existing.sha256 === upload.sha256;
  return isSame
    ? ok({ filename, isNew: false })
    : refuse(registryRefusals["file-exists"]({ detail: `It is ${existing.filename}.` }));
}

/** Dependents are counted by what the newest release needs: an old one that is filled up changes nothing. */
async function noteDependencies(
  tx: Tx,
  project: Project,
  version: string,
  isNewRelease: boolean,
  dependsOn: readonly string[],
): Promise<void> {
  const versions = (await listReleases(tx, project.id)).map((release) => release.version);
  if (newestVersion(versions) !== version) return;
  const others = dependsOn.filter((name) => name !== project.normalizedName);
  if (isNewRelease) await replaceDependencies(tx, project.id, others);
  else await addDependencies(tx, project.id, others);
}

/** Removes bytes that no published file has. Safe beside uploads of the same bytes: both take the blob's lock. */
export async function discardBlob(runtime: Runtime, filesFolder: string, sha256: string, now: Date): Promise<boolean> {
  let isRemoved = false;
  await transact(runtime.db, { now }, async (tx) => {
    await lockName(tx.as<unknown>(), `blob:${sha256}`);
    if ((await listKnownDigests(tx, [sha256])).size > 0) return ok();
    await removeFile(blobPath(filesFolder, sha256));
    isRemoved = true;
    return ok();
  });
  return isRemoved;
}
