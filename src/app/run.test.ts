import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeLog } from "../kernel/log.ts";
import { type ProcessHandle, runUntilStopped, type Signal } from "./run.ts";
import type { App } from "./start.ts";

/** A process whose signals are given by hand, on a clock of its own. */
function handle() {
  let signalled: (signal: Signal) => void = () => undefined;
  let crashed: (thrown: unknown) => void = () => undefined;
  const exits: number[] = [];
  const process: ProcessHandle = {
    onSignal: (handler) => {
      signalled = handler;
    },
    onCrash: (handler) => {
      crashed = handler;
    },
    exitNow: (code) => void exits.push(code),
  };
  return { process, exits, signal: (name: Signal) => signalled(name), crash: (thrown: unknown) => crashed(thrown) };
}

/** Only `stop` is used of it here; an App is otherwise a whole installation. */
const appWith = (stop: () => Promise<void>): App => ({ stop }) as unknown as App;

function run(world: ReturnType<typeof handle>, stop: () => Promise<void>, start?: () => Promise<void>) {
  const told: string[] = [];
  const logged: string[] = [];
  const code = runUntilStopped({
    process: world.process,
    log: makeLog("error", (line) => logged.push(line)),
    tell: (line) => told.push(line),
    start: async () => {
      await start?.();
      return appWith(stop);
    },
    onStarted: () => told.push("started"),
  });
  return { code, told, logged };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe("a running process", () => {
  test("ends in order at the first signal, and with 0", async () => {
    const world = handle();
    const { code, told } = run(world, async () => undefined);
    await tick();
    world.signal("SIGTERM");
    assert.equal(await code, 0);
    assert.deepEqual(told, ["started", "Stopping (SIGTERM).", "Stopped. The data is kept."]);
    assert.deepEqual(world.exits, []);
  });

  test("a signal while it starts is kept, and it ends as soon as it has started", async () => {
    const world = handle();
    let begin: () => void = () => undefined;
    const { code, told } = run(
      world,
      async () => undefined,
      () => new Promise((resolve) => (begin = resolve)),
    );
    world.signal("SIGINT");
    begin();
    assert.equal(await code, 0);
    assert.ok(!told.includes("started"));
  });

  test("the copy of one Ctrl-C that npm passes on is not a second one; a later one ends it at once", async (t) => {
    const world = handle();
    let finish: () => void = () => undefined;
    const { code } = run(world, () => new Promise((resolve) => (finish = resolve)));
    await tick();
    let now = 1_000;
    t.mock.method(performance, "now", () => now);
    world.signal("SIGINT");
    now += 20;
    world.signal("SIGINT");
    assert.deepEqual(world.exits, []);
    now += 1_000;
    world.signal("SIGINT");
    assert.deepEqual(world.exits, [130]);
    await tick();
    finish();
    await code;
  });

  test("one that does not stop within 10 seconds is ended", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const world = handle();
    let finish: () => void = () => undefined;
    const { code } = run(world, () => new Promise((resolve) => (finish = resolve)));
    await tick();
    world.signal("SIGTERM");
    await tick();
    t.mock.timers.tick(9_999);
    assert.deepEqual(world.exits, []);
    t.mock.timers.tick(1);
    assert.deepEqual(world.exits, [1]);
    finish();
    await code;
  });

  test("an exception that nothing caught is logged, and the process ends in order with 1", async () => {
    const world = handle();
    let hasStopped = false;
    const { code, logged } = run(world, async () => {
      hasStopped = true;
    });
    await tick();
    world.crash(new Error("a bug"));
    assert.equal(await code, 1);
    assert.ok(hasStopped);
    assert.match(logged.join(""), /a bug/);
  });
});
