import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { z } from "zod";
import type { Reader } from "../kernel/db/database.ts";
import {
  anyone,
  defineRoute,
  type Incoming,
  json,
  redirect,
  refused,
  type Reply,
  type Route,
  text,
} from "../kernel/http/index.ts";
import { errorFields } from "../kernel/log.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { apiTokenGuard } from "./api-tokens.ts";
import { provenanceOf } from "./attestations.ts";
import { blobPath } from "./blobs.ts";
import { type DownloadCounter, makeDownloadCounter } from "./downloads.ts";
import { isProjectName, normalizeName } from "./names.ts";
import { publisherRoutes } from "./publishers/http.ts";
import { uploadFile, type UploadOptions } from "./publish.ts";
import { registryRefusals } from "./refusals.ts";
import {
  CONTENT_TYPES,
  entityTag,
  isFresh,
  type ListedProject,
  negotiate,
  renderProject,
  renderProjectList,
} from "./simple.ts";
import { findSigned, listSignedFiles } from "./store/attestations.ts";
import {
  findFile,
  findProject,
  listFiles,
  listProjectsAfter,
  listReleases,
  projectListState,
  readCoreMetadata,
} from "./store/projects.ts";
import type { DistributionFile } from "./types.ts";

export interface RegistryRouteOptions extends UploadOptions {
  /** Where downloads are counted; give one to flush it from a job and at the end of the process. */
  readonly downloads?: DownloadCounter;
}

/** A build service behind one address may upload some hundred wheels of one release. */
const UPLOAD_LIMIT = { bucket: "upload", limit: 600, windowSeconds: 300 };
const FORM_ALLOWANCE_BYTES = 16 * 1024 * 1024;
const MIB = 1024 * 1024;

/** The package index over HTTP: uploads as twine makes them, the simple index as pip reads it, and the files. */
export function registryRoutes(options: RegistryRouteOptions): readonly Route[] {
  const downloads = options.downloads ?? makeDownloadCounter();
  return [
    ...["/legacy/", "/legacy"].map((path) => uploadRoute(path, options)),
    ...publisherRoutes,
    defineRoute({
      method: "GET",
      path: "/simple",
      about: "Leads to the list of projects.",
      guard: anyone,
      handle: async () => redirect("/simple/", { status: 301 }),
    }),
    defineRoute({
      method: "GET",
      path: "/simple/",
      about: "The list of projects, as HTML (PEP 503) or JSON (PEP 691).",
      guard: anyone,
      handle: projectList,
    }),
    ...["/simple/:project/", "/simple/:project"].map((path) =>
      defineRoute({
        method: "GET",
        path,
        about: "The files of a project, as HTML (PEP 503) or JSON (PEP 691).",
        guard: anyone,
        params: z.strictObject({ project: z.string().max(128).refine(isProjectName) }),
        handle: async (runtime, request) => projectPage(runtime, request, request.params.project),
      }),
    ),
    defineRoute({
      method: "GET",
      path: "/integrity/:project/:version/:filename/provenance",
      about: "Who signed a file, with the attestations as they were uploaded (PEP 740).",
      guard: anyone,
      params: z.strictObject({
        project: z.string().max(128).refine(isProjectName),
        version: z.string().max(128),
        filename: z.string().max(256),
      }),
      handle: async (runtime, { params }) => {
        const found = await findSigned(runtime.db, { ...params, project: normalizeName(params.project) });
        return found ? json(provenanceOf(found), PROVENANCE) : refused(registryRefusals["no-provenance"]());
      },
    }),
    defineRoute({
      method: "GET",
      path: "/files/:sha256/:filename",
      about: "A distribution file by its digest, or with .metadata behind its name the core metadata in it (PEP 658).",
      guard: anyone,
      params: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), filename: z.string().max(265) }),
      handle: async (runtime, request) => {
        const { sha256, filename } = request.params;
        if (filename.endsWith(".metadata"))
          return metadataFile(runtime, request, sha256, filename.slice(0, -".metadata".length));
        return distributionFile(runtime, request, { sha256, filename, filesFolder: options.filesFolder, downloads });
      },
    }),
  ];
}

const PROVENANCE = { type: "application/vnd.pypi.integrity.v1+json", headers: { "cache-control": "public, no-cache" } };

const uploadRoute = (path: string, options: UploadOptions): Route =>
  defineRoute({
    method: "POST",
    path,
    about: "Takes an upload of one file, as twine makes it, from the holder of an API token.",
    guard: apiTokenGuard,
    csrf: "none",
    accepts: "multipart-stream",
    bodyLimit: options.maxFileBytes,
    limit: UPLOAD_LIMIT,
    handle: async (runtime, request) => {
      const announced = Number(request.header("content-length") ?? 0);
      if (announced > options.maxFileBytes + FORM_ALLOWANCE_BYTES) {
        return refused(
          registryRefusals["too-large"]({ detail: `At most ${options.maxFileBytes / MIB} MiB are taken.` }),
        );
      }
      if (!request.parts) throw new Error("An upload came without its parts.");
      const published = await uploadFile(runtime, request.actor, request.parts(), request.now, options);
      if (!published.ok) return refused(published.refusal);
      const { filename, isNew } = published.value;
      return text(isNew ? `Published ${filename}.\n` : `${filename} was here already, with these very bytes.\n`);
    },
  });

/** What every answer of the simple index says: look again each time, and what the answer depends on. */
const indexHeaders = (tag: string) => ({ etag: tag, vary: "Accept", "cache-control": "public, no-cache" });

async function projectList(runtime: Runtime, incoming: Incoming): Promise<Reply> {
  const format = negotiate(incoming.header("accept"));
  if (!format) return refused(registryRefusals["not-acceptable"]());
  const tag = entityTag("list", format, await projectListState(runtime.db));
  if (isFresh(incoming.header("if-none-match"), tag)) return notModified(indexHeaders(tag));
  const stream = Readable.from(renderProjectList(format, projectPages(runtime.db)), { objectMode: false });
  return { kind: "stream", stream, length: null, type: CONTENT_TYPES[format], headers: indexHeaders(tag) };
}

const PROJECTS_A_PAGE = 2000;

async function* projectPages(reader: Reader): AsyncGenerator<readonly ListedProject[]> {
  let after = "";
  for (;;) {
    const page = await listProjectsAfter(reader, after, PROJECTS_A_PAGE);
    if (page.length > 0) yield page;
    if (page.length < PROJECTS_A_PAGE) return;
    after = page.at(-1)?.normalizedName ?? "";
  }
}

async function projectPage(runtime: Runtime, incoming: Incoming, typed: string): Promise<Reply> {
  const name = normalizeName(typed);
  const project = await findProject(runtime.db, name);
  if (!project) return refused(registryRefusals["no-such-project"]());
  const path = `/simple/${name}/`;
  if (incoming.path !== path) return redirect(path, { status: 301 }); // PEP 503
  const format = negotiate(incoming.header("accept"));
  if (!format) return refused(registryRefusals["not-acceptable"]());
  const versions = (await listReleases(runtime.db, project.id)).map((release) => release.version);
  const signed = await listSignedFiles(runtime.db, project.id);
  const body = renderProject(format, project, versions, await listFiles(runtime.db, project.id), signed);
  const headers = indexHeaders(entityTag(format, body));
  if (isFresh(incoming.header("if-none-match"), headers.etag)) return notModified(headers);
  return text(body, { type: CONTENT_TYPES[format], headers });
}

const notModified = (headers: Readonly<Record<string, string>>): Reply => text("", { status: 304, headers });

const IMMUTABLE = "public, max-age=31536000, immutable";
const FILE_TYPES: Readonly<Record<DistributionFile["filetype"], string>> = {
  bdist_wheel: "application/zip",
  sdist: "application/gzip",
};

interface Wanted {
  readonly sha256: string;
  readonly filename: string;
  readonly filesFolder: string;
  readonly downloads: DownloadCounter;
}

async function distributionFile(runtime: Runtime, incoming: Incoming, wanted: Wanted): Promise<Reply> {
  const file = await findFile(runtime.db, wanted.sha256, wanted.filename);
  if (!file) return refused(registryRefusals["no-such-file"]());
  const headers = { etag: `"${file.sha256}"`, "cache-control": IMMUTABLE, "accept-ranges": "none" };
  if (isFresh(incoming.header("if-none-match"), headers.etag)) return notModified(headers);
  const path = blobPath(wanted.filesFolder, file.sha256);
  const { size } = await stat(path); // a published file whose bytes are gone is an outage, not a 404
  if (size !== file.size)
    throw new Error("The bytes of a published file have another length than when it was published.");
  countDownload(runtime, wanted.downloads, file, incoming.now);
  return { kind: "stream", stream: createReadStream(path), length: size, type: FILE_TYPES[file.filetype], headers };
}

function countDownload(runtime: Runtime, downloads: DownloadCounter, file: DistributionFile, now: Date): void {
  downloads.count(file.projectId, now);
  if (!downloads.isDue(now)) return;
  // Nobody waits for this; what is lost by a failure is a count.
  downloads.flush(runtime.db, now).catch((error) => runtime.log.warn("download counts lost", errorFields(error)));
}

async function metadataFile(runtime: Runtime, incoming: Incoming, sha256: string, filename: string): Promise<Reply> {
  const file = await findFile(runtime.db, sha256, filename);
  if (!file?.coreMetadataSha256) return refused(registryRefusals["no-such-file"]());
  const headers = { etag: `"${file.coreMetadataSha256}"`, "cache-control": IMMUTABLE };
  if (isFresh(incoming.header("if-none-match"), headers.etag)) return notModified(headers);
  const bytes = await readCoreMetadata(runtime.db, file.id);
  if (!bytes) throw new Error("A file's metadata has a digest, but is not there.");
  return { kind: "bytes", bytes, type: "text/plain; charset=utf-8", headers };
}
