import { hash, verify } from "@node-rs/argon2";

/*
 * Bare argon2id, in a process of its own: verifies one hash again and again, so many at once, for so many seconds.
 * Arguments: memory in KiB, passes, lanes, at once, seconds. Prints JSON.
 */

const [memoryCost = 0, timeCost = 0, parallelism = 0, atOnce = 1, seconds = 1] = process.argv.slice(2).map(Number);
const password = "copper lantern orchard fjord 41";
const secret = Buffer.alloc(32, 1); // a pepper, as the server has one
const stored = await hash(password, { memoryCost, timeCost, parallelism, secret });

const WARM_UP_MILLISECONDS = 500;
let done = 0;
let isOver = false;
const one = async (): Promise<void> => {
  while (!isOver) {
    if (!(await verify(stored, password, { secret }))) throw new Error("The hash does not verify.");
    done += 1;
  }
};
const all = Promise.all(Array.from({ length: atOnce }, one));
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MILLISECONDS));
const before = { done, at: performance.now(), cpu: process.cpuUsage() };
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const verifications = done - before.done;
const elapsed = performance.now() - before.at;
const { user, system } = process.cpuUsage(before.cpu);
isOver = true;
await all;
process.stdout.write(
  JSON.stringify({
    perSecond: (verifications / elapsed) * 1000,
    wallMilliseconds: (elapsed * atOnce) / verifications,
    cpuMilliseconds: (user + system) / 1000 / verifications,
    systemMilliseconds: system / 1000 / verifications,
  }),
);
