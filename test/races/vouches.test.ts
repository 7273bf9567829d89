import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { findVouch, listFindings } from "../../src/evidence/index.ts";
import { isId } from "../../src/kernel/ids.ts";
import { answerInCase, askSomebodyToVouch, proveInCase } from "../../src/recovery/index.ts";
import { acceptContact, inviteContact, listContactsOf } from "../../src/recovery-contacts/index.ts";
import { must } from "../world/registry.ts";
import { confirmedCase, maintainer, passDays } from "./cases.ts";
import { acts, inMail, openGround, SOURCE, tally, times } from "./ground.ts";

/* Speaking for somebody, where answers and codes come several times at once. */

const ground = await openGround("vouch races");
const { runtime } = ground;
const now = () => runtime.clock.now();
after(() => ground.close());

/** Somebody locked out whose recovery contact has been asked. */
async function askedContact(name: string) {
  const [alice, carol] = [await maintainer(ground, name), await ground.subscriber(`${name}-contact`)];
  must(await inviteContact(runtime, alice.account, carol.account.username, now()));
  const [contact] = await listContactsOf(runtime.db, alice.account.id);
  assert(contact);
  must(await acceptContact(runtime, carol.account, contact.id, now()));
  passDays(ground);
  const opened = await confirmedCase(ground, alice);
  const asking = { kind: "recovery-contact", name: null } as const;
  must(await askSomebodyToVouch(runtime, opened.id, asking, { source: SOURCE, now: now() }));
  const id = await inMail(ground, carol.address, "contact-code-asked", /(vch_[0-9a-z]{26})/);
  assert(isId("vch", id));
  return { opened, carol, id };
}

describe("speaking for somebody, raced", () => {
  test("a contact's code typed ten times at once counts once", async () => {
    const { opened, carol, id } = await askedContact("ada");
    const shown = must(
      await answerInCase(runtime, carol.account, { id, said: { answer: "them", spokeBy: "video" } }, now()),
    );
    const code = shown.code?.code.reveal();
    const outcomes = await Promise.all(
      times(
        10,
        () => () => proveInCase(runtime, opened.id, "recovery-contact", { code }, { source: SOURCE, now: now() }),
      ).map((start) => start()),
    );
    const { ok = 0 } = tally(outcomes);
    assert(ok >= 1 && ok <= 5, "five tries a case");
    const found = await listFindings(runtime.db, opened.id, { isReplacedToo: true });
    const supporting = found.filter((one) => one.kind === "recovery-contact" && one.verdict === "supports");
    assert.equal(supporting.length, 1);
    assert(supporting[0]?.nonceId, "names the code it spent");
  });

  test("asked for ten times at once, one person is written to once", async () => {
    const { opened, carol } = await askedContact("bea");
    const asking = { kind: "recovery-contact", name: carol.account.username } as const;
    await Promise.all(
      times(10, () => () => askSomebodyToVouch(runtime, opened.id, asking, { source: SOURCE, now: now() })).map(
        (start) => start(),
      ),
    );
    assert.equal(await ground.count("vouches", "person_id", carol.account.id), 1);
  });

  test("“not them” and “declined” at once: one answer is kept", async () => {
    const { carol, id } = await askedContact("cia");
    const say = (answer: "not-them" | "declined") => () =>
      answerInCase(runtime, carol.account, { id, said: { answer } }, now());
    const outcomes = await ground.collide("vouches", [say("not-them"), say("declined")]);
    assert.deepEqual(tally(outcomes), { ok: 1, "evidence/not-asked": 1 });
    assert.equal(await acts(ground, carol.account, "evidence/voucher-answered"), 1);
    assert(["not-them", "declined"].includes((await findVouch(runtime.db, id, carol.account.id))?.answer ?? ""));
  });
});
