import { defineRefusals } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import type { GuardedAnswer, GuardedFetch } from "./guarded-fetch.ts";
import { type Packet, pktLine, readPackets } from "./pkt-line.ts";

/* Asks a git server which branches and tags it has, over HTTPS, without fetching anything. gitprotocol-http(5), -v2(5). */

export const gitRefusals = defineRefusals("git", {
  "not-there": { status: 422, title: "There is no public repository at that address." },
  "not-git": { status: 422, title: "The server at that address does not answer as a git server does." },
  malformed: { status: 502, title: "The git server's answer does not follow its protocol." },
  failing: { status: 502, title: "The git server at that address says that something is wrong with it." },
});

export interface GitRef {
  /** `refs/heads/main`. */
  readonly name: string;
  /** 40 or 64 hexadecimal digits. */
  readonly oid: string;
}

export interface GitRefs {
  readonly refs: readonly GitRef[];
  /** The address of the repository after redirects within its server: renamed repositories are found under their new name. */
  readonly url: string;
  readonly protocol: "v2" | "v0" | "dumb";
}

const MOST_BYTES = 1024 * 1024;
const MOST_LINES = 20_000;
const MOST_REFS = 50;
const ADVERTISEMENT = "/info/refs";
const REF = /^([0-9a-f]{40}|[0-9a-f]{64})[ \t](refs\/[\x21-\x7e]{1,400})(?: [ -~]*)?$/;

/**
 * The branches and tags of a repository whose names begin with one of the prefixes; at most 50. Speaks version 2, where the
 * server filters; takes the whole list of version 0 and of plain files too, up to a megabyte.
 * Follows redirects within one origin only. Refuses whatever the guarded fetch refuses, an address without a public
 * repository, and answers that follow no protocol.
 * @param url the repository, as for `git clone`; untrusted
 */
export async function listGitRefs(
  fetch: GuardedFetch,
  url: string,
  prefixes: readonly string[],
): Promise<Result<GitRefs>> {
  const base = url.replace(/\/+$/, "");
  const first = await fetch({
    url: `${base}${ADVERTISEMENT}?service=git-upload-pack`,
    headers: { "git-protocol": "version=2", accept: "*/*", "user-agent": "git/locksmith" },
    maxBytes: MOST_BYTES,
  });
  if (!first.ok) return first;
  const { status, headers, body } = first.value;
  if (status !== 200) return refuse(status >= 500 ? gitRefusals.failing() : gitRefusals["not-there"]());
  const moved = repositoryOf(first.value);
  if (moved === null) return refuse(gitRefusals["not-git"]());
  const type = headers["content-type"]?.split(";")[0]?.trim() ?? "";
  if (type !== "application/x-git-upload-pack-advertisement") return dumb(body, moved, prefixes);
  const packets = readPackets(body, MOST_LINES);
  if (packets === null) return refuse(gitRefusals.malformed());
  const said = packets.flatMap((packet) => ("data" in packet ? [packet.data] : []));
  if (said.some((line) => line.startsWith("ERR "))) return refuse(gitRefusals.failing());
  if (!said.includes("version 2")) return ok({ url: moved, protocol: "v0", refs: wanted(said, prefixes) });
  return askForRefs(fetch, moved, said, prefixes);
}

/** Where the repository is by the address that answered in the end. Null where that is none of a repository. */
function repositoryOf({ url }: GuardedAnswer): string | null {
  const { origin, pathname } = new URL(url);
  return pathname.endsWith(ADVERTISEMENT) ? `${origin}${pathname.slice(0, -ADVERTISEMENT.length)}` : null;
}

/** Version 2: the command `ls-refs`, with the prefixes for the server to filter by. */
async function askForRefs(
  fetch: GuardedFetch,
  url: string,
  capabilities: readonly string[],
  prefixes: readonly string[],
): Promise<Result<GitRefs>> {
  if (!capabilities.some((line) => /^ls-refs(=|$)/.test(line))) return refuse(gitRefusals.malformed());
  const format = capabilities.find((line) => /^object-format=sha(1|256)$/.test(line));
  const answer = await fetch({
    url: `${url}/git-upload-pack`,
    method: "POST",
    headers: {
      "git-protocol": "version=2",
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      "user-agent": "git/locksmith",
    },
    body: [
      pktLine("command=ls-refs\n"),
      ...(format === undefined ? [] : [pktLine(`${format}\n`)]),
      "0001",
      ...prefixes.map((prefix) => pktLine(`ref-prefix ${prefix}\n`)),
      "0000",
    ].join(""),
    maxBytes: MOST_BYTES,
  });
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return refuse(gitRefusals.failing());
  const packets = readPackets(answer.value.body, MOST_LINES);
  const last: Packet | undefined = packets?.at(-1);
  // Without the mark at its end the list may have been cut off.
  if (!packets || last === undefined || !("mark" in last) || last.mark !== "flush") {
    return refuse(gitRefusals.malformed());
  }
  const lines = packets.flatMap((packet) => ("data" in packet ? [packet.data] : []));
  if (lines.some((line) => line.startsWith("ERR "))) return refuse(gitRefusals.failing());
  if (lines.some((line) => !REF.test(line) && !line.startsWith("unborn "))) return refuse(gitRefusals.malformed());
  return ok({ url, protocol: "v2", refs: wanted(lines, prefixes) });
}

/** A repository that is served as files: `info/refs` is the list. */
function dumb(body: Buffer, url: string, prefixes: readonly string[]): Result<GitRefs> {
  const lines = body
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length > MOST_LINES || lines.some((line) => !REF.test(line))) return refuse(gitRefusals["not-git"]());
  return ok({ url, protocol: "dumb", refs: wanted(lines, prefixes) });
}

function wanted(lines: readonly string[], prefixes: readonly string[]): readonly GitRef[] {
  const refs: GitRef[] = [];
  for (const line of lines) {
    // In version 0 the first line carries capabilities after a NUL, and peeled tags end in ^{}.
    const [, oid, name] = REF.exec(line.split("\0")[0] ?? "") ?? [];
    const isWanted = oid !== undefined && name !== undefined && prefixes.some((prefix) => name.startsWith(prefix));
    if (isWanted && !name.endsWith("^{}") && refs.length < MOST_REFS) refs.push({ name, oid });
  }
  return refs;
}
