import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { openFromForm } from "../../src/bin/demo/recovery.ts";
import { readKeyFile } from "../../src/kernel/crypto/key-file.ts";
import { type LiveKeyring, makeKeyFile } from "../../src/kernel/crypto/keyring.ts";
import { countUnder, sealText } from "../../src/kernel/db/sealed.ts";
import { retireKeys, rotateKeys, type RotationSetting, sealedColumns } from "../../src/privacy/index.ts";
import { readTree } from "../architecture/source.ts";
import { atTheDesk, DAY, elsewhere, forgetAttempts, staff, subscriber } from "../adversary/cast.ts";
import { ROOT, start, temporaryInstallation } from "../world/process.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* A new master key beside a running server: nobody is shut out before, during or after it, wherever it is cut off. */

const STORY = "My phone fell into the lake at Sils.";

/** The world's server with a key file, which it looks at whenever a rotation lets time pass. */
async function withKeyFile(world: World, play: (setting: RotationSetting) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-keys-"));
  try {
    const keyFile = join(folder, "keys.json");
    const file = makeKeyFile(world.runtime.random);
    await writeFile(keyFile, JSON.stringify(file));
    const keys = world.runtime.keys as LiveKeyring; // as testRuntime makes it
    keys.replace(file);
    await play({
      db: world.runtime.db,
      clock: world.runtime.clock,
      random: world.runtime.random,
      keyFile,
      wait: async () => keys.replace(await readKeyFile(keyFile)),
      progress: () => {},
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A sign-in with password and app, from a new browser, with a code that was not used yet. */
async function signsIn(world: World, person: Person): Promise<void> {
  await world.pass(61_000);
  await forgetAttempts(world); // more new browsers, and codes by mail for them, than an hour has
  const there = elsewhere(world, person);
  expectPage(await signIn(there), new RegExp(person.username));
}

/** A case with a story and 250 messages: more than one batch. */
async function writtenCase(world: World): Promise<string> {
  const stranger = elsewhere(world, await subscriber(world, "carol"));
  const claim = { username: "carol", contact: "claimant@elsewhere.example", story: STORY };
  const { number } = await openFromForm(stranger, claim);
  const { root } = world.runtime.db;
  const { rows } = await sql<{ id: string }>`select id from recovery_cases where number = ${number}`.execute(root);
  const id = rows[0]?.id ?? "";
  for (let at = 0; at < 250; at += 1) {
    const body = sealText(world.runtime, "case-data", `message ${at}`, `case/${id}/body`);
    await sql`insert into recovery_messages values
      (${`msg_${String(at).padStart(4, "0")}`}, ${id}, 'claimant', null, false, ${body}, ${world.time.now()})`.execute(
      root,
    );
  }
  return number;
}

const sealedWith = async (world: World, keyId: string): Promise<number> => {
  const counts = await Promise.all(sealedColumns.map((column) => countUnder(world.runtime.db, column, keyId)));
  return counts.reduce((sum, count) => sum + count, 0);
};

describe("a new master key", () => {
  test("everything that the code seals is known to the rotation", () => {
    const sealing = readTree(["src"])
      .filter(({ path }) => !path.endsWith(".test.ts"))
      .flatMap(({ code }) => [...code.matchAll(/(?:\.seal|sealText)\(\s*(?:[\w.]+,\s*)?"([a-z-]+)"/g)])
      .map((match) => match[1] ?? "");
    assert.deepEqual([...new Set(sealing)].sort(), [...new Set(sealedColumns.map(({ purpose }) => purpose))].sort());
  });

  story("is made, twice too; sign-in, codes and cases work before and after", { seed: "rotate" }, async (world) => {
    await withKeyFile(world, async (setting) => {
      const old = (await readKeyFile(setting.keyFile)).current;
      const alice = await subscriber(world, "alice");
      const rita = await staff(world, "rita", "reviewer");
      const number = await writtenCase(world);
      const { rows } = await sql<{ text: string }>`
        select string_agg(story, '') as text from recovery_cases`.execute(world.runtime.db.root);
      assert(!rows[0]?.text.includes("Sils"), "a copy of the database does not tell it");
      await signsIn(world, alice);

      const first = await rotateKeys(setting, { onlyPrepare: false });
      assert(first && first.reached === "finished" && first.sealedAnew > 250);
      assert.equal(await sealedWith(world, old), 0);
      await signsIn(world, alice);
      const second = await rotateKeys(setting, { onlyPrepare: false });
      assert.notEqual(second?.keyId, first.keyId);
      assert.equal(await sealedWith(world, first.keyId), 0);
      assert.equal(Object.keys((await readKeyFile(setting.keyFile)).keys).length, 3, "old keys still read");

      await signsIn(world, alice);
      const desk = await atTheDesk(world, rita);
      expectPage(await desk.browser.open(`/console/cases/${number}`), new RegExp(STORY));
      expectPage(desk.browser.page, /message 249/);
      const { rows: hashes } = await sql<{ key: string }>`
        select detail->>'keyId' as key from authenticators join accounts on accounts.id = account_id
        where kind = 'password' and username = 'alice'`.execute(world.runtime.db.root);
      assert.deepEqual(hashes, [{ key: second?.keyId }], "the password moved with the sign-in");
    });
  });

  story("cut off at any step it goes on with the same key, and nobody is shut out", { seed: "cut" }, async (world) => {
    await withKeyFile(world, async (setting) => {
      const old = (await readKeyFile(setting.keyFile)).current;
      const alice = await subscriber(world, "alice");
      await writtenCase(world);
      const keysMade = new Set<string>();
      let cuts = 0;
      for (let at = 1; ; at += 1) {
        let step = 0;
        const cut = (): void => {
          step += 1;
          if (step === at) throw new Error("cut off");
        };
        const cutting: RotationSetting = {
          ...setting,
          progress: cut,
          wait: async (milliseconds) => {
            cut();
            await setting.wait(milliseconds);
          },
        };
        const done = await rotateKeys(cutting, { onlyPrepare: false }).catch((error: Error) => error.message);
        for (const id of Object.keys((await readKeyFile(setting.keyFile)).keys)) keysMade.add(id);
        await signsIn(world, alice);
        if (done !== "cut off") break;
        cuts += 1;
        assert.equal(await retireKeys(setting), null, "nothing is taken away in the middle");
        await signsIn(world, alice);
      }
      assert(cuts >= 5, `cut off at ${cuts} steps`);
      assert.equal(keysMade.size, 2, "one new key, however often");
      assert.equal(await sealedWith(world, old), 0);
    });
  });

  story("two at once: one works, the other says so", { seed: "two" }, async (world) => {
    await withKeyFile(world, async (setting) => {
      let inside: unknown = "not tried";
      const done = await rotateKeys(
        {
          ...setting,
          wait: async (milliseconds) => {
            inside = await rotateKeys(setting, { onlyPrepare: false });
            await setting.wait(milliseconds);
          },
        },
        { onlyPrepare: false },
      );
      assert.equal(done?.reached, "finished");
      assert.equal(inside, null);
    });
  });

  story("an old key goes when nothing needs it, and not before", { seed: "retire" }, async (world) => {
    await withKeyFile(world, async (setting) => {
      const old = (await readKeyFile(setting.keyFile)).current;
      const alice = await subscriber(world, "alice");
      await rotateKeys(setting, { onlyPrepare: false });
      const early = await retireKeys(setting);
      assert.deepEqual(early?.retired, []);
      const need = early?.kept.find((one) => one.keyId === old);
      assert(need && need.passwords === 1 && need.codes >= 10 && need.isRecent, JSON.stringify(early));

      await world.pass(16 * DAY);
      await signsIn(world, alice);
      const { root } = world.runtime.db;
      await sql`update one_time_secrets set spent_at = ${world.time.now()} where spent_at is null`.execute(root);
      assert.deepEqual(await retireKeys(setting), { retired: [old], kept: [] });
      await setting.wait(0);
      assert.deepEqual(Object.keys((await readKeyFile(setting.keyFile)).keys).includes(old), false);
      await signsIn(world, alice);
      assert.deepEqual(await retireKeys(setting), { retired: [], kept: [] }, "a second time nothing happens");
    });
  });

  test("the command, killed in the middle, finishes when it is run again; the server goes on", async (t) => {
    const home = await temporaryInstallation();
    const environment = { DATA_DIR: home.data, PORT: "0" };
    const server = start([join(ROOT, "src/bin/server.ts")], { environment });
    t.after(async () => {
      server.kill("SIGINT");
      await server.ended;
      await home.remove();
    });
    const url = (await server.says(/Locksmith is running at (http:\S+?)[ .]*(?:\(|\n)/))[1] ?? "";
    const keyFile = join(home.data, "secrets", "keys.json");
    const old = (await readKeyFile(keyFile)).current;
    const command = (...args: string[]) => start([join(ROOT, "src/bin/cli.ts"), ...args], { environment });

    const prepared = await command("keys", "rotate", "prepare", "--json").ended;
    assert.equal(prepared.code, 0, prepared.stderr);
    const { keyId } = JSON.parse(prepared.stdout) as { keyId: string }; // our own documented shape
    assert.deepEqual(Object.keys((await readKeyFile(keyFile)).keys).sort(), [old, keyId].sort());

    const killed = command("keys", "rotate");
    while (!killed.stderr().includes("every process makes with it")) await Promise.race([killed.ended, delayed()]);
    killed.kill("SIGKILL");
    assert.equal((await killed.ended).signal, "SIGKILL");
    assert.equal((await command("keys", "retire").ended).code, 4, "nothing is taken away in the middle");
    const again = await command("keys", "rotate", "--json").ended;
    assert.equal(again.code, 0, again.stderr);
    assert.equal((JSON.parse(again.stdout) as { keyId: string }).keyId, keyId, "the same key");
    assert.equal((await readKeyFile(keyFile)).current, keyId);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const retired = await command("keys", "retire").ended;
    assert.match(retired.stdout, /Still needed:\n {2}\w{8}: it was replaced less than 15 days ago/);
    assert.equal((await command("keys", "rotate", "backwards").ended).code, 2);
  });
});

const delayed = () => new Promise((resolve) => setTimeout(resolve, 20));
