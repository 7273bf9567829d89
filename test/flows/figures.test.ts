import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage } from "../../src/bin/demo/person.ts";
import { makeFigures } from "../../src/recovery/index.ts";
import { atTheDesk, staff } from "../adversary/cast.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/** Cases as they end up in the table: the figures are counted from it alone. */
async function insertCases(
  world: World,
  cases: readonly {
    readonly state: string;
    readonly cause: string;
    readonly days: number;
    readonly verdicts?: string;
  }[],
): Promise<void> {
  const now = world.time.now();
  for (const [at, { state, cause, days, verdicts = "" }] of cases.entries()) {
    const opened = new Date(now.getTime() - days * 24 * 3600_000);
    await world.runtime.db.pool.query(
      `insert into recovery_cases (id, number, state, origin, cause, claimed_name, claimed_name_folded, contact_address, contact_folded,
         contact_confirmed_at, opened_at, opened_from_ip, opened_from_agent, state_since, policy_version, expires_at, story)
       values ($1, $2, $3, 'form', $4, 'secretname', 'secretname', 'secret@elsewhere.example', 'secret@elsewhere.example', $5, $5, '8.8.8.8',
         'test', $6, 'test', $6, '')`,
      [`case_${String(at).padStart(26, "0")}`, `LK-0000-${String(at).padStart(4, "0")}`, state, cause, opened, now],
    );
    for (const [round, verdict] of verdicts.split(" ").filter(Boolean).entries())
      await world.runtime.db.pool.query(
        "insert into recovery_reviews (id, case_id, round, reviewer_id, verdict, reason, decided_at) values ($1, $2, $3, $4, $5, '', $6)",
        [`rev_${at}_${round}`, `case_${String(at).padStart(26, "0")}`, round + 1, `acc_${round}`, verdict, now],
      );
  }
}

describe("figures of the recoveries", () => {
  story(
    "are counted by month and cause, in full for the desk, without rare causes for everybody",
    { seed: "figures" },
    async (world) => {
      const dana = await atTheDesk(world, await staff(world, "dana", "auditor"));
      const visitor = openBrowser(world.origin);
      expectPage(await visitor.open("/figures"), /No figures yet/);
      await insertCases(world, [
        { state: "restored", cause: "second-factor", days: 1 },
        { state: "restored", cause: "second-factor", days: 2 },
        { state: "restored", cause: "second-factor", days: 3, verdicts: "approve" },
        { state: "restored", cause: "second-factor", days: 9, verdicts: "refuse approve" },
        { state: "refused", cause: "second-factor", days: 4, verdicts: "refuse" },
        { state: "refused", cause: "mailbox", days: 4, verdicts: "refuse" },
        { state: "withdrawn", cause: "mailbox", days: 4 },
        { state: "collecting", cause: "mailbox", days: 4 },
      ]);
      await makeFigures(world.runtime, world.time.now());

      const csv = await dana.browser.open("/console/figures.csv");
      assert.match(String(csv.headers.get("content-type")), /text\/csv/);
      const lines = csv.html.split("\r\n");
      const month = world.time.now().toISOString().slice(0, 7);
      const row = (cause: string) =>
        lines.filter((line) => line.includes(`"${cause}"`)).map((line) => line.split(",").slice(2));
      const all =
        lines
          .filter((line) => line.startsWith(`"${month}","all"`))
          .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")))[0] ?? [];
      // restored, without people, refused, withdrawn, expired, objected, reversed, median, 90th percentile
      assert.deepEqual(all.slice(3), ["4", "2", "2", "1", "0", "0", "1", "2.50", "7.20"]);
      assert.equal(row("mailbox").length > 0, true);

      const page = expectPage(await dana.browser.open("/console/figures"), /Without anybody’s approval 50%/);
      assert.match(page.html, /<svg[^>]*role="img"[^>]*aria-labelledby="plot-cases-title plot-cases-summary"/);
      assert.match(page.text, /I cannot read the mailbox on the account any more 3 0 1/);

      const open = expectPage(await visitor.open("/figures"), /Got back in 4/);
      assert.match(open.text, /I cannot read the mailbox on the account any more under 5 0 under 5/);
      assert(!(await visitor.open("/figures.csv")).html.includes("mailbox"), "no causes in the public table");
      for (const shown of [page.html, open.html, csv.html])
        assert(!/secretname|LK-0000/.test(shown), "nobody is in it");
      expectPage(await visitor.open("/console/figures.csv"), /Sign in to the desk/);
      expectPage(await visitor.open("/console/figures"), /Sign in to the desk/);
    },
  );
});
