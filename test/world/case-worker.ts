import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { findAccountByName } from "../../src/accounts/index.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { loadKeyring } from "../../src/kernel/crypto/keyring.ts";
import { openDatabase } from "../../src/kernel/db/database.ts";
import { makeLog } from "../../src/kernel/log.ts";
import { systemRandom } from "../../src/kernel/random.ts";
import { policy as policies } from "../../src/recovery/index.ts";
import { actAtRandom, type Stage } from "./case-life.ts";

/*
 * A process that does recovery cases at random until it is killed. It says of each act that it was done only after it
 * was: whatever is read here must be there afterwards. Its settings come as one argument in JSON.
 */

interface Settings {
  readonly url: string;
  readonly keyFile: string;
  readonly policyFile: string;
  readonly subscribers: readonly string[];
  readonly reviewers: readonly string[];
  /** How far its clock is ahead, in milliseconds: waits end while cases are worked on. */
  readonly ahead: number;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as Settings; // from the test beside this file
const db = openDatabase({ connectionString: settings.url, poolSize: 3 });
const loaded = await policies.loadPolicy(settings.policyFile);
if (!loaded.ok) throw new Error(loaded.refusal.title);
const runtime = {
  db,
  clock: { now: () => new Date(systemClock.now().getTime() + settings.ahead) },
  random: systemRandom,
  keys: await loadKeyring(settings.keyFile, systemRandom),
  log: makeLog("error", () => undefined),
  publicUrl: new URL("http://127.0.0.1:8480"),
  indexName: "the test index",
  policy: loaded.value,
};
const found = async (name: string) => {
  const account = await findAccountByName(db, name);
  if (!account) throw new Error(`There is no ${name}.`);
  return account;
};
const stage: Stage = {
  runtime,
  subscribers: await Promise.all(
    settings.subscribers.map(async (name) => ({ account: await found(name), address: `${name}@${name}.example` })),
  ),
  reviewers: await Promise.all(settings.reviewers.map(async (name) => ({ accountId: (await found(name)).id }))),
};
const choose = (below: number): number => systemRandom.bytes(4).readUInt32BE() % below;

flushCompileCache(); // whoever is killed cannot keep it for the next
writeSync(1, "begun\n");
for (;;) {
  const { name, outcome } = await actAtRandom(stage, choose);
  if (outcome?.ok && outcome.caseId) writeSync(1, `${JSON.stringify({ name, caseId: outcome.caseId })}\n`);
}
