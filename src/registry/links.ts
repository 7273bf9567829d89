import type { ProjectId } from "../kernel/ids.ts";

/** A place that a file names in its metadata: its repository, its home page, its documentation. */
export interface MetadataLink {
  /** As the file gives it: https, printable ASCII. */
  readonly url: string;
  /** `source`, `homepage`: lower case, without spaces and signs, as PyPA's well-known labels are compared. */
  readonly label: string;
}

/** A link of a project, with the time in which every file that was uploaded named it. */
export interface ProjectLink extends MetadataLink {
  readonly projectId: ProjectId;
  readonly project: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** The newest upload to the project at or before the moment that was asked about; null where there is none. */
  readonly uploadBefore: Date | null;
  /** Since when the account may publish to the project. */
  readonly memberSince: Date;
}

const MOST_LINKS = 50;
const MOST_CHARACTERS = 500;

/**
 * The links in core metadata: Project-URL (`Label, URL`) and the older Home-page. What is no plain https address is left
 * out: nothing can be proven there. Pure. Source: PyPA core metadata; well-known labels, PEP 753.
 */
export function linksOf(projectUrls: readonly string[], homePage: string): readonly MetadataLink[] {
  const labelled = projectUrls.map((line) => {
    const comma = line.indexOf(",");
    return comma < 0 ? { label: "", url: line } : { label: line.slice(0, comma), url: line.slice(comma + 1) };
  });
  const found = new Map<string, MetadataLink>();
  for (const { label, url } of [...labelled, { label: "homepage", url: homePage }]) {
    const address = url.trim();
    const isPlain = address.length <= MOST_CHARACTERS && /^https:\/\/[\x21-\x7e]+$/.test(address);
    if (!isPlain || found.has(address) || found.size >= MOST_LINKS) continue;
    found.set(address, {
      url: address,
      label: label
        .toLowerCase()
        .replace(/[^a-z0-9]/g, "")
        .slice(0, 64),
    });
  }
  return [...found.values()];
}

/** Whose part of the web an address lies in: a host, and on it what stands first in the path, such as a forge's owner. */
const quarterOf = (url: string): string => {
  const { host, pathname } = URL.parse(url) ?? { host: url, pathname: "" };
  return `${host}/${pathname.split("/")[1] ?? ""}`.toLowerCase();
};

/** Addresses that lead where none of the earlier ones led: another host, or another owner on it. Pure. */
export function newQuarters(urls: readonly string[], earlier: readonly string[]): readonly string[] {
  const known = new Set(earlier.map(quarterOf));
  return urls.filter((url) => URL.canParse(url) && !known.has(quarterOf(url)));
}
