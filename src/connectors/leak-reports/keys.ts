import type { KeyObject } from "node:crypto";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { leakReportRefusals } from "./refusals.ts";
import { parseKeyList } from "./signature.ts";

const KEPT_MS = 24 * 3600_000;
const PAUSE_MS = 60_000;
const MOST_BYTES = 256 * 1024;

/** The reporter's public keys by identifier, as last seen. */
export interface ReportKeys {
  /** Refuses `unknown-key`, and `no-keys` where the list could not be had. */
  find(id: string, now: Date): Promise<Result<KeyObject>>;
}

/**
 * Keys from a list that is loaded when it is first needed, when it is a day old, and when a key is not on it; between
 * two loads a minute passes, so that nobody can make us ask all the time. An outage leaves the list as it was.
 */
export function makeReportKeys(load: () => Promise<Result<string>>): ReportKeys {
  let keys: ReadonlyMap<string, KeyObject> | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loadedAt = Number.NEGATIVE_INFINITY;
  const reload = async (now: number): Promise<void> => {
    triedAt = now;
    const text = await load();
    const parsed = text.ok ? parseKeyList(text.value) : text;
    if (!parsed.ok) return;
    keys = parsed.value;
    loadedAt = now;
  };
  return {
    find: async (id, now) => {
      const at = now.getTime();
      const isStale = at - loadedAt > KEPT_MS || !keys?.has(id);
      if (isStale && Math.abs(at - triedAt) > PAUSE_MS) await reload(at);
      if (!keys) return refuse(leakReportRefusals["no-keys"]({ retryAfterSeconds: PAUSE_MS / 1000 }));
      const key = keys.get(id);
      return key ? ok(key) : refuse(leakReportRefusals["unknown-key"]());
    },
  };
}

/** Loads the list from the address the operator has set. */
export const keysFromWeb = (fetch: GuardedFetch, url: URL) => async (): Promise<Result<string>> => {
  const answer = await fetch({ url: url.href, headers: { accept: "application/json" }, maxBytes: MOST_BYTES });
  if (!answer.ok) return answer;
  return answer.value.status === 200 ? ok(answer.value.body.toString("utf8")) : refuse(leakReportRefusals["no-keys"]());
};
