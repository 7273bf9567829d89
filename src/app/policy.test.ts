import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EXIT, Failure } from "./failure.ts";
import { loadCheckedPolicy, refuseDemonstration } from "./policy.ts";

const DEFAULT = join(import.meta.dirname, "..", "..", "policy", "default.json");

const isCheckFailure = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure);
  assert.equal(error.exitCode, EXIT.checkFailed);
  assert.match(error.message, says);
  return true;
};

describe("the policy at start", () => {
  test("the one that comes with Locksmith is taken anywhere", async () => {
    const { policy } = await loadCheckedPolicy(DEFAULT);
    refuseDemonstration(policy, new URL("https://accounts.example.org"));
  });

  test("one for demonstration is taken on this machine, and refused where others reach it", async () => {
    const { policy } = await loadCheckedPolicy(DEFAULT);
    const demonstration = { ...policy, purpose: "demonstration" as const };
    refuseDemonstration(demonstration, new URL("http://127.0.0.1:8480"));
    assert.throws(
      () => refuseDemonstration(demonstration, new URL("https://accounts.example.org")),
      isCheckFailure(/for demonstration/),
    );
  });

  test("one that lets a single attacker in is refused, and says where", async () => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-"));
    try {
      const file = JSON.parse(await readFile(DEFAULT, "utf8"));
      file.tiers = file.tiers.map((tier: { roots: number }) => ({ ...tier, roots: Math.min(tier.roots, 1) }));
      const path = join(folder, "weak.json");
      await writeFile(path, JSON.stringify(file));
      await assert.rejects(loadCheckedPolicy(path), isCheckFailure(/weak\.json/));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("a file that is not there is named", async () => {
    await assert.rejects(loadCheckedPolicy("/nowhere/policy.json"), isCheckFailure(/\/nowhere\/policy\.json/));
  });
});
