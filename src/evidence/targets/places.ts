/* What web addresses name as places that somebody owns: a repository and its owner, a domain. Pure. */

export interface RepositoryPlace {
  /** As for `git clone`, without an ending. Two spellings of one repository have one. */
  readonly url: string;
  readonly host: string;
  /** The first part of the path, which a forge gives to one owner. */
  readonly owner: string;
  /** Two that differ only in capitals are one at these hosts. */
  readonly isForge: boolean;
}

/** Public forges, where the first part of a path is somebody's name. Others are known by their labels and spelling. */
const FORGES = new Set([
  "github.com",
  "gitlab.com",
  "bitbucket.org",
  "codeberg.org",
  "gitea.com",
  "git.sr.ht",
  "hg.sr.ht",
]);
/** Where a forge shows something of a repository; the repository is what stands before. */
const INSIDE =
  /^(?:-|tree|blob|src|branch|branches|tags|issues|pulls|pull|merge_requests|releases|wiki|raw|commits?|archive|actions|discussions|browse|projects|downloads|rev|file|log|summary)$/;
const SOURCE_LABELS =
  /^(?:source|sourcecode|repository|repo|code|git|github|gitlab|svn|subversion|hg|mercurial|vcs|development)$/;
const SOURCE_HOSTS = /^(?:git|gitlab|gitea|forgejo|forge|code|src|source|svn|hg|repo|repos)\./;

const plainUrl = (text: string): URL | null => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && url.protocol === "https:" && url.username === "" && url.password === "" ? url : null;
};

/**
 * The repository that an address names, or null where it names none. Knows the ways in which forges lead deeper into a
 * repository, and `.git`. An address of an unknown server is one only if its label, its host or its ending says so.
 * @param label as noted from metadata; what a claimant types is taken for a repository
 */
export function repositoryAt(text: string, label: string): RepositoryPlace | null {
  const url = plainUrl(text);
  if (!url) return null;
  const host = url.hostname.replace(/^www\./, "");
  const isForge = FORGES.has(host);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const end = parts.findIndex((part, index) => index > 1 && INSIDE.test(part));
  let kept = end < 0 ? parts : parts.slice(0, end);
  if (isForge && host !== "gitlab.com") kept = kept.slice(0, 2);
  const last = kept.at(-1)?.replace(/\.git$/, "");
  const [owner] = kept;
  if (owner === undefined || last === undefined || last === "" || (isForge && kept.length < 2)) return null;
  const isSource = isForge || SOURCE_LABELS.test(label) || SOURCE_HOSTS.test(host) || /\.git\/?$/.test(url.pathname);
  if (!isSource) return null;
  const path = [...kept.slice(0, -1), last].join("/");
  const named = isForge ? path.toLowerCase() : path;
  const authority = url.port === "" ? host : `${host}:${url.port}`;
  return { url: `https://${authority}/${named}`, host: authority, owner: owner.toLowerCase(), isForge };
}

/** Country domains under which names are given out one level deeper: `example.co.uk`. */
const SECOND_LEVEL = /^(?:ac|co|com|edu|gob|gouv|gov|go|ltd|me|mil|ne|net|nom|or|org|sch)$/;

/**
 * The domain that somebody registered, of a host name. By rule, not by the Public Suffix List: it only names a root of
 * trust, of which all domains together count once.
 */
export function registrableDomain(host: string): string {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  const [second = "", top = ""] = labels.slice(-2);
  const depth = top.length === 2 && SECOND_LEVEL.test(second) ? 3 : 2;
  return labels.slice(-depth).join(".");
}

const HOST_NAME = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** A domain as people type it, in ASCII and lower case: `https://www.example.org/` is one too. Null for what is none. */
export function domainOf(typed: string): string | null {
  const text = typed.trim();
  if (/[\s@]/.test(text)) return null;
  const url = URL.canParse(text) && /^https?:/i.test(text) ? new URL(text) : URL.parse(`https://${text}`);
  const host = url?.hostname.replace(/\.$/, "").replace(/^_locksmith-challenge\./, "") ?? "";
  return HOST_NAME.test(host) ? host : null;
}

/** Sites that forges serve for their owners: the repository's owner writes them (recovery/policy/README.md). */
const PAGES: readonly (readonly [suffix: string, forge: string])[] = [
  [".github.io", "github.com"],
  [".gitlab.io", "gitlab.com"],
  [".codeberg.page", "codeberg.org"],
  [".bitbucket.io", "bitbucket.org"],
];

/** The forge owner behind a site, as `host/owner`, where its name says so; else null. */
export function pagesOwner(host: string): string | null {
  const found = PAGES.find(([suffix]) => host.endsWith(suffix) && host.length > suffix.length);
  return found ? `${found[1]}/${host.slice(0, -found[0].length).split(".").at(-1)}` : null;
}

/** The domain of a home page that somebody could prove; null for forges, where nobody owns the site. */
export function siteOf(text: string): string | null {
  const host = plainUrl(text)?.hostname;
  return host === undefined || FORGES.has(host.replace(/^www\./, "")) ? null : domainOf(host);
}

/** Whether a domain is a host, its registered domain, or one between the two. Who holds the upper holds the lower. */
export const isOver = (domain: string, host: string): boolean => {
  const bare = host.replace(/^www\./, "");
  return (
    (domain === host || domain === bare || bare.endsWith(`.${domain}`)) &&
    domain.length >= registrableDomain(bare).length
  );
};
