import type { Runtime } from "../kernel/runtime.ts";
import { countAttempt, nameBucket, networkBucket, readAttempts } from "../throttle/index.ts";
import { judgeRun, type Run, THRESHOLDS } from "./rules.ts";

/*
 * Runs of guesses over many names or from many networks. Counted by digests in the counters of the throttle, which forget
 * within a day; for names that exist and those that do not alike.
 */

const windowSeconds = THRESHOLDS.runWindowSeconds;
const NO_LIMIT = { limit: Number.POSITIVE_INFINITY, windowSeconds };
const namesFrom = (network: string): string => `run-names:${network}`;
const networksOn = (name: string): string => `run-networks:${name}`;

export interface Tried {
  /** As typed; null where only the network is looked at. */
  readonly name: string | null;
  readonly ip: string;
}

/** Counts a wrong password. Each name counts once a network and hour, each network once a name. */
export async function noteWrongPassword(
  runtime: Runtime,
  { name, ip }: Tried & { readonly name: string },
  now: Date,
): Promise<void> {
  const network = networkBucket(runtime, ip);
  const tried = nameBucket(runtime, "run", name);
  const pair = await countAttempt(runtime.db, { bucket: `run-pair:${network}:${tried}`, ...NO_LIMIT }, now);
  if (!pair.ok || pair.value > 1) return;
  await countAttempt(runtime.db, { bucket: namesFrom(network), ...NO_LIMIT }, now);
  await countAttempt(runtime.db, { bucket: networksOn(tried), ...NO_LIMIT }, now);
}

/** The run that a sign-in with a right password is part of; null for an ordinary one. */
export async function findRun(runtime: Runtime, { name, ip }: Tried, now: Date): Promise<Run | null> {
  const names = namesFrom(networkBucket(runtime, ip));
  const networks = name === null ? null : networksOn(nameBucket(runtime, "run", name));
  const counts = await readAttempts(runtime.db, networks ? [names, networks] : [names], windowSeconds, now);
  return judgeRun({
    namesFromNetwork: counts.get(names) ?? 0,
    networksOnName: networks === null ? 0 : (counts.get(networks) ?? 0),
  });
}
