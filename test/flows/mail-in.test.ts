import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { expectPage, mailCodeIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { atTheDesk, DAY, elsewhere, maintainer, newestLink, staff } from "../adversary/cast.ts";
import { serveNames, type Zone } from "../world/name-server.ts";
import { domainZone, MAIL_IN, replyAddress, SUPPORT, write } from "../world/sender.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Mail that comes in: it opens cases, and page and mail are one thread. */

const zone: Record<string, Zone[string]> = { ...domainZone("alice.example") };
const names = await serveNames(() => zone);
after(() => names.close());
const options = { settings: MAIL_IN, nameServers: [names.address] };
const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(2000, 7)]);

const newest = (world: World, to: string, subject: RegExp) => {
  const mail = world.sent.findLast((one) => one.to === to && subject.test(one.subject));
  assert(mail, `no mail to ${to} with ${String(subject)}`);
  return mail;
};

describe("mail that comes in", () => {
  story(
    "somebody who writes to the support address has a case, and one thread by page and mail",
    { ...options, seed: "by-mail" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const rosa = await staff(world, "rosa", "reviewer");
      await world.pass(10 * DAY);
      const answer = await write(world.mailInPort, {
        from: alice.address,
        to: SUPPORT,
        subject: "Locked out",
        text: "My phone fell into a lake.\n\n> On Monday somebody wrote:\n> nothing of that\n",
        attachments: [{ filename: "lake.png", contentType: "image/png", content: PNG }],
      });
      assert.match(answer, /^250 2\.0\.0 opened a case/);
      await world.settle();
      const first = newest(world, alice.address, /Your recovery case LK-\S+ is open/);
      const number = /LK-\S+/.exec(first.subject)?.[0] ?? "";
      assert.doesNotMatch(first.text, /shown on the screen/, "no screen showed a code");
      assert.match(first.text, /answer this mail/);

      const lost = elsewhere(world, alice);
      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      await lost.browser.open(link);
      const mail = await world.mailbox.wait(alice.address, new RegExp(`recovery case ${number}`));
      const page = expectPage(await lost.browser.submit(link, { code: mailCodeIn(mail) }), /Your recovery case/);
      assert.match(page.text, /alice/, "the account of that mailbox");
      await world.settle();
      newest(world, alice.address, /Somebody asks to get back into an account/);

      const desk = await atTheDesk(world, rosa);
      expectPage(await lost.browser.submit("/recovery/case/submit", {}), /A person looks at it/);
      const seen = expectPage(await desk.browser.open(`/console/cases/${number}`), /My phone fell into a lake/);
      assert.match(seen.text, /By mail from alice@alice\.example Sender confirmed/);
      assert.match(seen.text, /DKIM pass for alice\.example; DMARC pass \(policy reject\)/);
      assert.doesNotMatch(seen.text, /nothing of that/, "what was quoted is not kept");
      const path = /\/console\/cases\/[^"]+\/files\/inf_\w+/.exec(seen.html)?.[0] ?? "";
      const file = await desk.browser.raw(path, {});
      assert.equal(file.headers.get("content-type"), "application/octet-stream");
      assert.match(file.headers.get("content-disposition") ?? "", /^attachment; filename\*=UTF-8''lake\.png$/);
      assert.equal(file.headers.get("content-security-policy"), "sandbox");
      assert.deepEqual(Buffer.from(await file.arrayBuffer()), PNG);

      await desk.browser.open(`/console/cases/${number}`);
      await desk.browser.submit(/request-information$/, { question: "Which release did you upload last?" });
      await world.settle();
      const question = newest(world, alice.address, /A question about your recovery case/);
      const reply = {
        from: "Alice Example <alice@alice.example>",
        to: replyAddress(world, question),
        subject: "Re: something else entirely",
        text: `It was 1.0, from my laptop.\n\nOn Mon, 2 Nov 2026 at 09:00, the index <security@index.example>\nwrote:\n${question.text.replace(/^/gm, "> ")}`,
        messageId: "<answer@alice.example>",
        date: world.time.now(),
      };
      assert.match(await write(world.mailInPort, reply), /^250 2\.0\.0 added to its case/);
      assert.match(
        await write(world.mailInPort, reply),
        /^250 2\.0\.0 known already/,
        "sent again, since our answer was lost",
      );
      const answered = expectPage(await desk.browser.open(`/console/cases/${number}`), /It was 1\.0, from my laptop\./);
      assert.equal(answered.text.split("It was 1.0, from my laptop.").length, 2, "kept once");
      assert.match(answered.text, /Review/);
      assert.doesNotMatch(answered.html, /recovery\/open\/[A-Za-z0-9_-]{20}/, "no link of the claimant's");
      const own = expectPage(await lost.browser.open("/recovery/case"), /You, .*by mail It was 1\.0/);
      assert.match(own.text, /A person looks at it/);
    },
  );

  story("a mailbox without an account is asked which one it is", { ...options, seed: "which" }, async (world) => {
    await maintainer(world, "bob", "bobble");
    zone["elsewhere.example"] = { txt: ["v=spf1 -all"] };
    const from = "bob@elsewhere.example";
    assert.match(await write(world.mailInPort, { from, to: SUPPORT, text: "I am bob", isSigned: false }), /^250/);
    await world.settle();
    const { browser } = elsewhere(world, await maintainer(world, "carol", "carillon"));
    const link = newestLink(world, from, /\/recovery\/open\//);
    await browser.open(link);
    const mail = await world.mailbox.wait(from, /recovery case/);
    const page = expectPage(await browser.submit(link, { code: mailCodeIn(mail) }), /Tell us which account it is/);
    assert.match(page.text, /No account has this address/);
    expectPage(
      await browser.submit("/recovery/case/name", { username: "nobody-here" }),
      /We cannot confirm an account nobody-here/,
    );
    assert(
      !world.sent.some((one) => one.to === "bob@bob.example" && /Somebody asks to get back/.test(one.subject)),
      "nobody was told yet",
    );
    expectPage(await browser.submit("/recovery/case/name", { username: "bob" }), /Show that the account is yours/);
    await world.settle();
    assert(
      world.sent.some((one) => one.to === "bob@bob.example" && /Somebody asks to get back/.test(one.subject)),
      "bob is told",
    );
  });

  story(
    "a late answer takes an expired case up again, and a closed one says what to do",
    { ...options, seed: "late" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, opened.number);
      const first = newest(world, alice.address, /Your recovery case/);
      await world.pass(100 * DAY);
      const say = (text: string) =>
        write(world.mailInPort, { from: alice.address, to: replyAddress(world, first), text });
      const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
      expectPage(await desk.browser.open(`/console/cases/${opened.number}`), /Expired/);
      assert.match(await say("Sorry, I was in hospital."), /^250 2\.0\.0 added to its case/);
      expectPage(await desk.browser.open(`/console/cases/${opened.number}`), /Collecting.*Sorry, I was in hospital\./s);
      const back = elsewhere(world, alice);
      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      await back.browser.open(link);
      await back.browser.submit(link, { code: opened.code });
      expectPage(await back.browser.submit("/recovery/case/withdraw", {}), /This case is closed/);
      assert.match(
        await say("And another thing"),
        /^550 5\.7\.1 This recovery case is closed\. Its page says what you can do/,
      );
      await world.pass(200 * DAY);
      assert.match(await say("After years"), /^550 5\.7\.1 The mail that this answers is too old/);
    },
  );
});
