import assert from "node:assert/strict";
import { describe } from "node:test";
import { findAccountByName, listAddresses, takeUndelivered, weighUndelivered } from "../../src/accounts/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, linkIn, type Person } from "../../src/bin/demo/person.ts";
import type { MailId } from "../../src/kernel/ids.ts";
import { deliverDue, type FailedDelivery, type MailTransport } from "../../src/notifications/index.ts";
import { answerMailRequests } from "../../src/sign-in/index.ts";
import { accountIdOf, actsSince, addAddress, DAY, lastSeq, pressAtAddress, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Mail that comes back, as its owner and as somebody with bad intentions meets it. */

const GONE: FailedDelivery = { status: "5.1.1", answer: "550 5.1.1 no such mailbox" };
const FULL: FailedDelivery = { status: "4.2.2", answer: "452 4.2.2 mailbox full" };

const report = (world: World, id: MailId, failure: FailedDelivery) =>
  takeUndelivered(world.runtime, id, failure, world.time.now());

const MINUTE = 60_000;

async function askForReset(world: World, name: string): Promise<void> {
  const browser = openBrowser(world.origin);
  await browser.open("/reset");
  await browser.submit("/reset", { name });
}

/** Has a mail written to an address, a minute from now, and gives it. */
async function writeTo(world: World, address: string): Promise<MailId> {
  await world.pass(MINUTE);
  await askForReset(world, address);
  await world.settle();
  const mail = world.sent.findLast((one) => one.to === address);
  assert(mail, `a mail to ${address}`);
  return mail.id;
}

const subjectsTo = (world: World, address: string, since: number): readonly string[] =>
  world.sent.slice(since).flatMap((mail) => (mail.to === address ? [mail.subject.replace(/^\[.*?\] /, "")] : []));

async function addressOf(world: World, person: Person, address: string) {
  const all = await listAddresses(world.runtime.db, await accountIdOf(world, person.username));
  const found = all.find((one) => one.address === address);
  assert(found);
  return found;
}

describe("a mailbox that is gone", () => {
  story(
    "its owner sees it on the account and hears of it elsewhere; it opens nothing, stays theirs, and counts again once confirmed",
    { seed: "bounce-main" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const second = "alice@second.example";
      await addAddress(world, alice, second);
      const id = await writeTo(world, alice.address);
      const link = linkIn(await world.mailbox.wait(alice.address, /Choose a new password/), /\/reset\//);
      const [seq, since] = [await lastSeq(world), world.sent.length];
      assert.deepEqual(await report(world, id, GONE), { ok: true, value: { isNews: true } });
      await world.settle();

      assert.deepEqual(await actsSince(world, seq), ["accounts/address-unreachable"]);
      assert.deepEqual(subjectsTo(world, second, since), ["Our mail does not arrive at one of your addresses"]);
      assert.deepEqual(subjectsTo(world, alice.address, since), []);
      expectPage(await alice.browser.open("/account"), /Our mail does not arrive at alice@alice\.example/);
      expectPage(await alice.browser.open("/account/addresses"), /Mail does not arrive here/);
      expectPage(
        await alice.browser.open("/account/addresses"),
        /“\[?.*Choose a new password” came back .*: “550 5\.1\.1 no such mailbox”/,
      );
      assert.equal((await openBrowser(world.origin).open(link)).status, 410, "a link that was on its way has ended");
      assert(await findAccountByName(world.runtime.db, alice.address), "it still signs in by name");
      await writeTo(world, alice.address);
      assert.match(subjectsTo(world, alice.address, since).join(), /has to be confirmed again/);

      const bob = await subscriber(world, "bob");
      await bob.browser.open("/account/addresses");
      await bob.browser.submit("/account/addresses", { address: alice.address });
      await world.settle();
      assert(!world.sent.slice(since).some((mail) => mail.to === alice.address && /confirm-address/.test(mail.text)));

      await pressAtAddress(alice, "resend", alice.address);
      const confirm = linkIn(await world.mailbox.wait(alice.address, /Confirm your address/), /\/confirm-address\//);
      await alice.browser.open(confirm);
      expectPage(await alice.browser.submit(confirm), /address is confirmed/i);
      assert.equal((await addressOf(world, alice, alice.address)).unreachableAt, null);
      assert(!(await alice.browser.open("/account")).text.includes("does not arrive"));
      assert.deepEqual(await report(world, id, GONE), { ok: true, value: { isNews: false } }, "the same report again");
      assert.equal(
        (await addressOf(world, alice, alice.address)).unreachableAt,
        null,
        "and of before it was confirmed",
      );
      await writeTo(world, alice.address);
      await world.mailbox.wait(alice.address, /Choose a new password/);
    },
  );

  story(
    "a full mailbox counts after three days, and one that is refused at once after one mail",
    { seed: "bounce-soft" },
    async (world) => {
      const carol = await subscriber(world, "carol");
      for (const isOver of [false, false, true]) {
        await report(world, await writeTo(world, carol.address), FULL);
        assert.equal((await addressOf(world, carol, carol.address)).unreachableAt !== null, isOver);
        if (!isOver) await world.pass(2 * DAY);
      }
      const dave = await subscriber(world, "dave");
      const refusing: MailTransport = {
        name: "smtp",
        send: async () => ({ kind: "rejected", answer: "550 5.1.1 no such mailbox" }),
        close: async () => {},
      };
      await world.pass(MINUTE);
      await askForReset(world, dave.address);
      await answerMailRequests(world.runtime);
      assert.equal((await deliverDue(world.runtime, refusing, weighUndelivered)).failed, 1);
      assert((await addressOf(world, dave, dave.address)).unreachableAt);
    },
  );

  story(
    "who floods reports is stopped, and one address's say nothing of another",
    { seed: "bounce-flood" },
    async (world) => {
      const erin = await subscriber(world, "erin");
      const second = "erin@second.example";
      await addAddress(world, erin, second);
      const id = await writeTo(world, erin.address);
      await report(world, id, FULL);
      const answers = [];
      for (let count = 0; count < 60; count += 1) answers.push((await report(world, id, FULL)).ok);
      assert.equal(answers.filter(Boolean).length, 49, "fifty a day about one account");
      assert.equal((await addressOf(world, erin, erin.address)).unreachableAt, null, "one mail comes back once");
      assert.equal((await addressOf(world, erin, second)).unreachableAt, null);
      await world.pass(DAY + 1);
      assert.equal((await report(world, id, GONE)).ok, true, "and a day later they count again");
      assert((await addressOf(world, erin, erin.address)).unreachableAt);
      assert.equal((await addressOf(world, erin, second)).unreachableAt, null);
    },
  );
});
