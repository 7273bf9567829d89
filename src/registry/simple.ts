import { createHash } from "node:crypto";
import type { DistributionFile } from "./types.ts";

/*
 * The simple index. Pure. Sources: PEP 503 (HTML), PEP 629 (its version), PEP 592 (yanked), PEP 658 and 714 (metadata
 * beside the file), PEP 740 (who signed), PEP 691 (JSON and how to ask for it), PEP 700 (versions, sizes, upload times).
 */

export const API_VERSION = "1.1";

export type SimpleFormat = "html" | "html-v1" | "json-v1";

/** In our order of preference where a client likes several equally. */
const TYPES: readonly (readonly [SimpleFormat, readonly string[]])[] = [
  ["html", ["text/html"]],
  ["json-v1", ["application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json"]],
  ["html-v1", ["application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html"]],
];

export const CONTENT_TYPES: Readonly<Record<SimpleFormat, string>> = {
  html: "text/html; charset=utf-8",
  "html-v1": "application/vnd.pypi.simple.v1+html; charset=utf-8",
  "json-v1": "application/vnd.pypi.simple.v1+json",
};

/**
 * The format a client would like best (RFC 9110 §12.5.1: the most specific range that matches a type gives its quality),
 * null where it takes none of ours. No header, or one that takes anything, gets HTML (PEP 691).
 */
export function negotiate(accept: string | undefined): SimpleFormat | null {
  if (accept === undefined || accept.trim() === "") return "html";
  const ranges = accept.slice(0, 2048).split(",").map(readRange);
  const qualityOf = (type: string): number => {
    const matching = ranges.filter(
      ({ range }) => range === "*/*" || range === type || range === `${type.split("/", 1)[0]}/*`,
    );
    return matching.toSorted((a, b) => specificity(b.range) - specificity(a.range))[0]?.quality ?? 0;
  };
  let best: { readonly format: SimpleFormat; readonly quality: number } | null = null;
  for (const [format, types] of TYPES) {
    const quality = Math.max(...types.map(qualityOf));
    if (quality > 0 && (best === null || quality > best.quality)) best = { format, quality };
  }
  return best?.format ?? null;
}

function readRange(text: string): { readonly range: string; readonly quality: number } {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = weight === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
  return { range, quality };
}

const specificity = (range: string): number => (range === "*/*" ? 0 : range.endsWith("/*") ? 1 : 2);

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (symbol) => ESCAPES[symbol] ?? symbol);

const HEAD = (title: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n` +
  `<meta name="pypi:repository-version" content="${API_VERSION}">\n<title>${escapeHtml(title)}</title>\n` +
  `<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n` +
  `<link rel="stylesheet" href="/assets/pico.min.css">\n<link rel="stylesheet" href="/assets/locksmith.css">\n</head>\n` +
  `<body class="page-wide">\n<main>\n<h1>${escapeHtml(title)}</h1>\n`;
const FOOT = "</main>\n</body>\n</html>\n";

export interface ListedProject {
  readonly name: string;
  readonly normalizedName: string;
}

/** The list of projects, piece by piece, so that a large index need not be in memory. */
export async function* renderProjectList(
  format: SimpleFormat,
  pages: AsyncIterable<readonly ListedProject[]>,
): AsyncGenerator<string> {
  if (format !== "json-v1") {
    yield HEAD("Simple index");
    for await (const page of pages) {
      yield page
        .map(({ name, normalizedName }) => `<a href="/simple/${normalizedName}/">${escapeHtml(name)}</a><br>\n`)
        .join("");
    }
    yield FOOT;
    return;
  }
  yield `{"meta":{"api-version":"${API_VERSION}"},"projects":[`;
  let separator = "";
  for await (const page of pages) {
    yield separator + page.map(({ name }) => JSON.stringify({ name })).join(",");
    separator = page.length > 0 ? "," : separator;
  }
  yield "]}";
}

/** Where it can be read who signed a file (PEP 740). */
const provenanceUrl = (project: string, { version, filename }: DistributionFile): string =>
  `/integrity/${project}/${version}/${encodeURIComponent(filename)}/provenance`;

const fileUrl = (file: DistributionFile): string => `/files/${file.sha256}/${encodeURIComponent(file.filename)}`;

/*
 * Metadata beside the file is announced under PEP 714's names only. Under the older ones pip 23.0, which Debian 12 has,
 * refuses a wheel whose metadata spells the project's name otherwise than it was asked for.
 */

/**
 * One project's page.
 * @param versions every version, also of releases without files (PEP 700)
 * @param signed ids of the files whose signers are known
 */
export function renderProject(
  format: SimpleFormat,
  project: ListedProject,
  versions: readonly string[],
  files: readonly DistributionFile[],
  signed: ReadonlySet<string> = new Set(),
): string {
  return format === "json-v1" ? projectJson(project, versions, files, signed) : projectHtml(project, files, signed);
}

function projectJson(
  project: ListedProject,
  versions: readonly string[],
  files: readonly DistributionFile[],
  signed: ReadonlySet<string>,
): string {
  return JSON.stringify({
    meta: { "api-version": API_VERSION },
    name: project.normalizedName,
    versions,
    files: files.map((file) => ({
      filename: file.filename,
      url: fileUrl(file),
      hashes: { sha256: file.sha256 },
      ...(file.requiresPython === "" ? {} : { "requires-python": file.requiresPython }),
      ...(file.coreMetadataSha256 === null ? {} : { "core-metadata": { sha256: file.coreMetadataSha256 } }),
      size: file.size,
      "upload-time": file.uploadedAt.toISOString(),
      yanked: file.yanked === null ? false : file.yanked || true,
      ...(signed.has(file.id) ? { provenance: provenanceUrl(project.normalizedName, file) } : {}),
    })),
  });
}

function projectHtml(project: ListedProject, files: readonly DistributionFile[], signed: ReadonlySet<string>): string {
  const title = `Links for ${project.normalizedName}`;
  const links = files.map((file) => {
    const attributes = [
      `href="${escapeHtml(fileUrl(file))}#sha256=${file.sha256}"`,
      ...(file.requiresPython === "" ? [] : [`data-requires-python="${escapeHtml(file.requiresPython)}"`]),
      ...(file.coreMetadataSha256 === null ? [] : [`data-core-metadata="sha256=${file.coreMetadataSha256}"`]),
      ...(file.yanked === null ? [] : [`data-yanked="${escapeHtml(file.yanked)}"`]),
      ...(signed.has(file.id) ? [`data-provenance="${escapeHtml(provenanceUrl(project.normalizedName, file))}"`] : []),
    ];
    return `<a ${attributes.join(" ")}>${escapeHtml(file.filename)}</a><br>\n`;
  });
  return `${HEAD(title)}${links.join("")}${FOOT}`;
}

/** A strong entity tag (RFC 9110 §8.8.3) of what decides an answer. */
export const entityTag = (...parts: readonly string[]): string =>
  `"${createHash("sha256").update(parts.join("\n")).digest("base64url").slice(0, 32)}"`;

/** Whether the client has this already (RFC 9110 §13.1.2, weak comparison). */
export const isFresh = (ifNoneMatch: string | undefined, tag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
