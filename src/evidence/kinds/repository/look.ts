import { type GitRef, listGitRefs } from "../../../kernel/net/git-refs.ts";
import type { GuardedFetch } from "../../../kernel/net/guarded-fetch.ts";
import { branchOf, fileOf, looksLikeValue } from "../../targets/challenge-words.ts";
import { repositoryAt, type RepositoryPlace } from "../../targets/places.ts";

/** What was seen of the challenge at a repository. */
export type Sighting =
  | {
      readonly outcome: "found";
      readonly as: "branch" | "tag" | "file";
      readonly name: string;
      /** The commit or tag; null for a file. */
      readonly oid: string | null;
      /** The repository in the end: another one where it was renamed or moved within its server. */
      readonly at: RepositoryPlace;
    }
  /** The file is there, with the value of another challenge in it. */
  | { readonly outcome: "other-content" }
  | { readonly outcome: "not-there" }
  /** Nothing could be seen; the sentence says why. */
  | { readonly outcome: "unreachable"; readonly problem: string };

/** The server itself was not reached: it is not asked for anything else. */
const UNREACHED = /^net\/(?:time-|unreachable|name-|tls-|address-|host-|port|scheme)/;
const MOST_FILE_BYTES = 4 * 1024;
const FILE_TIMEOUT_MS = 5_000;

/**
 * Looks for the challenge as a branch, a tag or a file. Only branches and tags of the repository itself: anybody may push
 * to a forge's `refs/pull`. Tries the address as linked, then with `.git`.
 */
export async function lookAtRepository(fetch: GuardedFetch, place: RepositoryPlace, value: string): Promise<Sighting> {
  const branch = branchOf({ value });
  const wanted = [`refs/heads/${branch}`, `refs/tags/${branch}`];
  let problem: string | null = null;
  let isAnswered = false;
  for (const url of [place.url, `${place.url}.git`]) {
    const listed = await listGitRefs(fetch, url, wanted);
    if (!listed.ok) {
      problem ??= listed.refusal.title;
      if (listed.refusal.code.startsWith("git/")) continue;
      if (UNREACHED.test(listed.refusal.code)) return { outcome: "unreachable", problem };
      break; // it answers, but not as git: Subversion or Mercurial, or something that only lies there
    }
    isAnswered = true;
    const found = listed.value.refs.find((ref) => wanted.includes(ref.name));
    if (found) return foundRef(found, listed.value.url, place);
    break;
  }
  const file = await lookForFile(fetch, place, value);
  if (file) return file;
  return isAnswered || problem === null ? { outcome: "not-there" } : { outcome: "unreachable", problem };
}

const foundRef = (ref: GitRef, url: string, asked: RepositoryPlace): Sighting => ({
  outcome: "found",
  as: ref.name.startsWith("refs/tags/") ? "tag" : "branch",
  name: ref.name,
  oid: ref.oid,
  at: repositoryAt(url, "source") ?? asked,
});

/** Where a file at the top of a repository can be read, by the ways of each forge; else of Mercurial and Subversion. */
function filePlaces({ url, host, isForge }: RepositoryPlace, name: string): readonly string[] {
  if (host === "github.com") return [`https://raw.githubusercontent.com${new URL(url).pathname}/HEAD/${name}`];
  if (host === "gitlab.com") return [`${url}/-/raw/HEAD/${name}`];
  if (host === "bitbucket.org") return [`${url}/raw/HEAD/${name}`];
  if (host === "git.sr.ht") return [`${url}/blob/HEAD/${name}`];
  if (host === "hg.sr.ht") return [`${url}/raw/${name}`];
  const { origin, pathname } = new URL(url);
  const gitea = `${origin}/api/v1/repos${pathname}/raw/${name}`;
  return isForge ? [gitea] : [`${url}/${name}`, `${url}/raw-file/tip/${name}`, gitea];
}

async function lookForFile(fetch: GuardedFetch, place: RepositoryPlace, value: string): Promise<Sighting | null> {
  const name = fileOf({ value });
  for (const url of filePlaces(place, name)) {
    const answer = await fetch({ url, maxBytes: MOST_FILE_BYTES, timeoutMs: FILE_TIMEOUT_MS, maxRedirects: 1 });
    if (!answer.ok || answer.value.status !== 200) continue;
    const text = answer.value.body.toString("latin1").trim();
    if (text === value) return { outcome: "found", as: "file", name, oid: null, at: place };
    if (looksLikeValue(text)) return { outcome: "other-content" };
  }
  return null;
}
