import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { transact } from "../../../kernel/db/transact.ts";
import { ok } from "../../../kernel/result.ts";
import { listMails } from "../../../notifications/index.ts";
import {
  type EvidenceContext,
  listFindings,
  loadBoard,
  observeContactMailbox,
  prove,
  recordFinding,
  requestMailboxCode,
  toPolicyFinding,
} from "../../index.ts";
import { type EvidenceWorld, evidenceWorld, must } from "../../test-support.ts";

const SOURCE = { ip: "192.0.2.7", userAgent: "test" };
const MINUTE_MS = 60_000;

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const later = (context: EvidenceContext, minutes: number): EvidenceContext => ({
  ...context,
  now: new Date(context.now.getTime() + minutes * MINUTE_MS),
});
let asked = 0;
/** Each a millisecond after the other, so that mails have an order. */
const askFor = (context: EvidenceContext, address: string, contactAddress = "elsewhere@example.com") => {
  asked += 1;
  return requestMailboxCode(world.runtime, later(context, asked / MINUTE_MS), {
    address,
    contactAddress,
    source: SOURCE,
  });
};

/** The codes that were mailed in a case, oldest first, with where they went. */
async function mailedCodes(
  context: EvidenceContext,
): Promise<readonly { readonly to: string; readonly code: string }[]> {
  const mails = await listMails(world.db, { caseId: context.caseId, limit: 50 });
  const codes = await Promise.all(
    mails.toReversed().map(async (mail) => {
      const { rows } = await world.db.pool.query<{ text_body: string }>(
        "select text_body from outbox_mails where id = $1",
        [mail.id],
      );
      return { to: mail.toAddress, code: /\b(\d{8})\b/.exec(rows[0]?.text_body ?? "")?.[1] ?? "" };
    }),
  );
  return codes;
}

describe("mailbox", () => {
  test("the code comes back: present, second and earlier addresses each count as what they are", async () => {
    const alice = await world.register("mb-alice", "mb-alice@example.org");
    await world.db.pool.query(
      `insert into addresses (id, account_id, address, address_folded, domain, is_primary, added_at, verified_at, removed_at) values
       ('adr_mb2', $1, 'MB-alice@Example.net', 'mb-alice@example.net', 'example.net', false, '2024-01-01', '2024-01-02', null),
       ('adr_mb3', $1, 'mb-old@example.edu', 'mb-old@example.edu', 'example.edu', false, '2020-01-01', '2020-01-02', '2023-01-01')`,
      [alice],
    );
    const context = world.openCase(alice);
    const expected = [
      ["mb-alice@example.org", "mailbox", "mailbox:example.org"],
      ["mb-alice@EXAMPLE.net", "mailbox-second", "mailbox:example.net"],
      ["mb-old@example.edu", "mailbox-earlier", "mailbox:example.edu"],
    ] as const;
    for (const [address, policyKind, root] of expected) {
      must(await askFor(context, address));
      const mailed = (await mailedCodes(context)).at(-1);
      const finding = must(
        await prove(world.runtime, context, "mailbox", {
          address,
          code: `${mailed?.code.slice(0, 4)} ${mailed?.code.slice(4)}`,
        }),
      );
      assert.deepEqual([finding.verdict, finding.policyKind, finding.root], ["supports", policyKind, root]);
      assert.ok(finding.nonceId, "names the code it spent");
    }
    assert.deepEqual(
      (await mailedCodes(context)).map(({ to }) => to),
      ["mb-alice@example.org", "MB-alice@Example.net", "mb-old@example.edu"],
    );
    const [first] = (await listFindings(world.db, context.caseId)).map(toPolicyFinding);
    assert.ok(first?.boundAt && first.boundAt < context.openedAt);
  });

  test("an unknown address gets the same answer and no mail; the contact address does get one", async () => {
    const alice = await world.register("mb-quiet", "mb-quiet@example.org");
    const context = world.openCase(alice);
    const ask = (address: string) =>
      requestMailboxCode(world.runtime, context, { address, contactAddress: "elsewhere@example.com" });
    assert.deepEqual(must(await ask("mb-quiet@example.org")), must(await ask("mallory@example.com")));
    assert.equal((await mailedCodes(context)).length, 1);
    must(await askFor(context, "me@example.com", "Me@Example.com"));
    const mailed = await mailedCodes(context);
    assert.equal(mailed.at(-1)?.to, "me@example.com");
    const own = must(
      await prove(world.runtime, context, "mailbox", { address: "me@example.com", code: mailed.at(-1)?.code }),
    );
    assert.equal(own.verdict, "inconclusive", "a mailbox that is not the account's proves nothing");
  });

  test("a wrong code is answered and kept alike, whether or not the address is the account's", async () => {
    const alice = await world.register("mb-guess", "mb-guess@example.org");
    const answers = [];
    for (const address of ["mb-guess@example.org", "nobody@example.org"]) {
      const context = world.openCase(alice);
      must(await askFor(context, address));
      const mailed = (await mailedCodes(context))[0]?.code;
      const wrong = mailed === "12345678" ? "87654321" : "12345678";
      const finding = must(await prove(world.runtime, context, "mailbox", { address, code: wrong }));
      const [, card] = await loadBoard(world.db, world.runtime, context);
      answers.push({ verdict: finding.verdict, root: finding.root, text: finding.claimantText, card });
    }
    assert.deepEqual(answers[0], answers[1]);
    assert.equal(answers[0]?.verdict, "contradicts");
  });

  test("a newer code replaces the older; each works for its own address and case only", async () => {
    const alice = await world.register("mb-replace", "mb-replace@example.org");
    const [context, other] = [world.openCase(alice), world.openCase(alice)];
    const address = "mb-replace@example.org";
    must(await askFor(context, address));
    must(await askFor(context, address));
    const [older, newer] = await mailedCodes(context);
    assert.notEqual(older?.code, newer?.code);
    assert.match(
      must(await prove(world.runtime, context, "mailbox", { address, code: older?.code })).claimantText,
      /newer/,
    );
    assert.equal(
      must(await prove(world.runtime, other, "mailbox", { address, code: newer?.code })).verdict,
      "contradicts",
    );
    assert.equal(
      must(await prove(world.runtime, context, "mailbox", { address: "x@example.org", code: newer?.code })).verdict,
      "contradicts",
    );
    const expired = must(await prove(world.runtime, later(context, 31), "mailbox", { address, code: newer?.code }));
    assert.match(expired.claimantText, /expired/);
    assert.equal(
      must(await prove(world.runtime, context, "mailbox", { address, code: newer?.code })).verdict,
      "supports",
    );
    assert.match(
      must(await prove(world.runtime, context, "mailbox", { address, code: newer?.code })).claimantText,
      /used already/,
    );
  });

  test("of ten simultaneous answers with one code, one is a finding", async () => {
    const alice = await world.register("mb-race", "mb-race@example.org");
    const context = world.openCase(alice);
    must(await askFor(context, "mb-race@example.org"));
    const [mailed] = await mailedCodes(context);
    const claim = { address: "mb-race@example.org", code: mailed?.code };
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => prove(world.runtime, context, "mailbox", claim)),
    );
    assert.equal(outcomes.filter((one) => one.ok && one.value.verdict === "supports").length, 1);
  });

  test("five codes are sent in one case, and no more", async () => {
    const context = world.openCase(await world.register("mb-flood", "mb-flood@example.org"));
    const requests = await Promise.all(Array.from({ length: 9 }, () => askFor(context, "mb-flood@example.org")));
    assert.equal(requests.filter((one) => one.ok).length, 5);
    assert.equal((await mailedCodes(context)).length, 5);
  });

  test("the contact mailbox is a finding only if it is the account's", async () => {
    const context = world.openCase(await world.register("mb-contact", "mb-contact@example.org"));
    assert.equal(await observeContactMailbox(world.db, context, "stranger@example.org"), null);
    assert.equal((await observeContactMailbox(world.db, context, "MB-contact@example.org"))?.standing, "present");
    const unverified = world.openCase(
      await world.register("mb-unproven", "mb-unproven@example.org", { isVerified: false }),
    );
    const seen = await observeContactMailbox(world.db, unverified, "mb-unproven@example.org");
    const finding = must(
      await transact(world.db, { now: unverified.now }, async (tx) =>
        ok(await recordFinding(tx, world.runtime, unverified, "mailbox", seen)),
      ),
    );
    assert.equal(finding.verdict, "inconclusive");
  });
});
