import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { forgesOf } from "../../src/app/forges.ts";
import { expectPage, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, proveSshKey } from "../../src/bin/demo/recovery.ts";
import { sshSign } from "../../src/bin/demo/ssh.ts";
import { FORGE_NAMESPACE, pinForgeKeys } from "../../src/evidence/index.ts";
import { DAY, elsewhere, forgetAttempts, subscriber } from "../adversary/cast.ts";
import { startForgeServer } from "../world/forge-server.ts";
import { gpgHome, hasGpg } from "../world/gpg.ts";
import { story } from "../world/story.ts";
import { startWorld } from "../world/world.ts";

/* Keys for recovery, from the page where they are added to the case in which they prove something. */

const unescape = (html: string): string =>
  html
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

/** The text of the command box with this id, as a person would copy it. */
function commandOn(html: string, id: string): string {
  const box = new RegExp(`<(?:pre|code)[^>]*id="${id}"[^>]*>([\\s\\S]*?)</(?:pre|code)>`).exec(html)?.[1];
  assert(box !== undefined, `the page shows ${id}`);
  return unescape(box.replace(/<[^>]+>/g, "")).trim();
}

describe("keys for recovery", () => {
  if (hasGpg()) {
    story("an OpenPGP key is added, proves, and is removed", { seed: "openpgp-pages" }, async (world) => {
      const gpg = gpgHome();
      try {
        const alice = await subscriber(world, "alice");
        const made = new Date("2024-01-02T10:00:00Z");
        const fingerprint = gpg.make({ algorithm: "ed25519", userId: "Alice <a@a.example>", usage: "sign" }, made);
        /** Runs a command of a page in a shell, at the time of the world. */
        const shell = (command: string): string => {
          const stamp = `${world.time.now().toISOString().slice(0, 19).replace(/[-:]/g, "")}!`;
          const timed = command.replace(
            "| gpg ",
            `| gpg --batch --pinentry-mode loopback --faked-system-time ${stamp} `,
          );
          const env = { ...process.env, GNUPGHOME: gpg.folder };
          return execFileSync("sh", ["-ec", timed], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
        };
        await alice.browser.open("/account/openpgp");
        expectPage(await alice.browser.submit("/account/openpgp", { publicKey: "no key" }), /does not read as/, 422);
        const publicKey = gpg.exportKey(fingerprint);
        const waiting = expectPage(
          await alice.browser.submit("/account/openpgp", { publicKey }),
          /Show that you have this key/,
        );
        expectPage(waiting, /Alice <a@a\.example>/);
        const signature = shell(commandOn(waiting.html, "command-openpgp-binding"));
        const wrong = await alice.browser.submit("/account/openpgp/confirm", {
          signature: signature.replace("of alice", "of alicf"),
        });
        expectPage(wrong, /does not fit/, 422);
        expectPage(await alice.browser.submit("/account/openpgp/confirm", { signature }), /ed25519/);
        await world.settle();
        const mail = world.sent.find(({ subject }) => /OpenPGP key was added/.test(subject));
        assert.match(JSON.stringify(mail), /\/not-me\//);
        expectPage(await alice.browser.open("/account/history"), /OpenPGP key added/);

        await world.pass(10 * DAY);
        const lost = elsewhere(world, alice);
        const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
        await confirmContact(world, lost, opened.number);
        await openCasePage(lost);
        const shown = await lost.browser.submit(/prove\/challenge$/, { kind: "openpgp" });
        const proof = shell(commandOn(shown.html, "command-openpgp"));
        const answered = await lost.browser.submit(/prove\/openpgp$/, { signature: proof });
        expectPage(answered, /Your signature is good, and the key is one of the account’s/);

        await forgetAttempts(world);
        const back = elsewhere(world, alice);
        expectPage(await signIn(back), /alice/);
        await back.browser.open("/account/openpgp");
        expectPage(await back.browser.submit("/account/openpgp/remove"), /No keys yet/);
        await world.settle();
        assert(world.sent.some(({ subject }) => /OpenPGP key of your account counts no more/.test(subject)));
      } finally {
        gpg.close();
      }
    });
  }

  test("a forge account is added, looked at every night, and a key of its list proves", async () => {
    const forge = await startForgeServer();
    const world = await startWorld({ seed: "forge-pages", settings: { FORGES: forge.url.href } });
    try {
      const alice = await subscriber(world, "alice");
      forge.lists.set("alice-codes", [alice.sshKey.publicLine]);
      await alice.browser.open("/account/forges");
      const named = await alice.browser.submit("/account/forges", { host: forge.url.host, name: "alice-codes" });
      const text = commandOn(named.html, "command-forge-binding").split("'")[3] ?? "";
      assert.match(text, /^locksmith-forge account alice-codes /);
      const signature = sshSign(alice.sshKey, FORGE_NAMESPACE, text);
      expectPage(await alice.browser.submit("/account/forges/confirm", { signature }), /counts from/);
      await world.pass(10 * DAY);
      const asked = await pinForgeKeys(world.runtime, forgesOf({ forgeUrls: [forge.url] }), world.time.now());
      assert.deepEqual(asked, { asked: 1, changed: 0 });
      const lost = elsewhere(world, alice);
      const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, opened.number);
      await openCasePage(lost);
      expectPage(await proveSshKey(lost), /on the list of a forge account that you added before/);
      await forgetAttempts(world);
      const back = elsewhere(world, alice);
      expectPage(await signIn(back), /alice/);
      expectPage(await back.browser.open("/account/forges"), /seen since/);
      expectPage(await back.browser.submit("/account/forges/remove"), /No forge accounts yet/);
      await world.close();
    } catch (error) {
      await world.abandon();
      throw error;
    } finally {
      await forge.close();
    }
  });

  const FORGES = "http://127.0.0.1:1/"; // nobody is there
  story(
    "a forge that is not there is said to be silent",
    { seed: "forge-silent", settings: { FORGES } },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await alice.browser.open("/account/forges");
      const page = await alice.browser.submit("/account/forges", { host: "127.0.0.1:1", name: "alice" });
      const text = commandOn(page.html, "command-forge-binding").split("'")[3] ?? "";
      const signature = sshSign(alice.sshKey, FORGE_NAMESPACE, text);
      expectPage(
        await alice.browser.submit("/account/forges/confirm", { signature }),
        /gave no list of keys just now/,
        503,
      );
      expectPage(await alice.browser.submit("/account/forges/forget"), /Add a forge account/);
    },
  );
});
