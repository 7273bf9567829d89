import { parseSshPublicKey, type SshPublicKey } from "../../kernel/crypto/sshsig.ts";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { evidenceRefusals } from "../refusals.ts";

/*
 * The SSH keys that a forge lists in public for one of its accounts, at `https://<host>/<name>.keys`, as GitHub, GitLab,
 * Gitea and Forgejo serve them.
 */

const MOST_BYTES = 64 * 1024;
const MOST_KEYS = 50;
const TIMEOUT_MS = 8_000;

/** What every forge of this kind takes as a name, so that nothing in it steers the address. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/;

export const isForgeName = (name: string): boolean =>
  NAME.test(name) && !name.includes("..") && !/\.(?:keys|gpg|atom|git)$/i.test(name);

/** The forges this installation knows, and how it asks them. */
export interface Forges {
  /** As they stand in a root of trust: `github.com`. */
  readonly hosts: readonly string[];
  keysOf(host: string, name: string): Promise<Result<readonly SshPublicKey[]>>;
}

export interface ForgeAddress {
  readonly base: URL;
  /** The guarded fetch, with the operator's exceptions for this very address. */
  readonly fetch: GuardedFetch;
}

/** @param addresses where the forges answer, each with its guarded fetch */
export function makeForges(addresses: readonly ForgeAddress[]): Forges {
  const byHost = new Map(addresses.map((one) => [one.base.host, one]));
  return {
    hosts: [...byHost.keys()],
    keysOf: async (host, name) => {
      const forge = byHost.get(host);
      if (!forge) return refuse(evidenceRefusals["unknown-forge"]());
      if (!isForgeName(name)) return refuse(evidenceRefusals["forge-name"]());
      return ask(forge, name);
    },
  };
}

/**
 * Asks once. Follows no redirect: a name that was given up leads to somebody else's keys. Refuses, each with its own code:
 * a name the forge does not have, and whatever is not a list of keys of a sensible size in a sensible time.
 */
async function ask({ base, fetch }: ForgeAddress, name: string): Promise<Result<readonly SshPublicKey[]>> {
  const answer = await fetch({
    url: new URL(`${name}.keys`, base).href,
    headers: { accept: "text/plain" },
    maxBytes: MOST_BYTES,
    timeoutMs: TIMEOUT_MS,
    maxRedirects: 0,
  });
  if (!answer.ok) return refuse(evidenceRefusals["forge-silent"]());
  const { status, headers, body } = answer.value;
  if (status === 404 || status === 410) return refuse(evidenceRefusals["no-such-forge-name"]());
  const isText = /^text\/plain\b/i.test(headers["content-type"] ?? "");
  if (status !== 200 || !isText) return refuse(evidenceRefusals["forge-silent"]());
  return ok(keysIn(body.toString("utf8")));
}

/** The keys of a list that are of a kind that counts here; other lines are passed over. Pure. */
export function keysIn(list: string): readonly SshPublicKey[] {
  const keys = new Map<string, SshPublicKey>();
  for (const line of list.split("\n").slice(0, 4 * MOST_KEYS)) {
    if (line.trim() === "" || keys.size >= MOST_KEYS) continue;
    const parsed = parseSshPublicKey(line);
    if (parsed.ok) keys.set(parsed.value.fingerprint, parsed.value);
  }
  return [...keys.values()];
}
