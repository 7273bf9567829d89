import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { promisify } from "node:util";
import { addSshKey, enrol, expectPage, makePerson, makeToken, registerAndConfirm } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { client } from "../clients.ts";
import { story } from "../world/story.ts";

/* What people really type: the commands as the pages show them, run by the real programs. */

const run = promisify(execFile);
const DAY = 24 * 3600_000;

const needed = ["bash", "curl", "ssh-keygen"] as const;
const found = needed.map((name) => client(name));
const missing = needed.filter((_name, index) => found[index] === null);

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

describe("with the programs people have", {
  skip: missing.length > 0 ? `not installed: ${missing.join(", ")}` : false,
}, () => {
  story("curl proves the token, ssh-keygen signs the challenge", { seed: "outside" }, async (world) => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-laptop-"));
    try {
      const alice = makePerson(world, "alice", "alice@alice.example");
      await registerAndConfirm(world, alice);
      await enrol(world, alice);
      await run("ssh-keygen", [
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "alice@laptop",
        "-f",
        join(folder, "id_ed25519"),
      ]);
      const publicLine = (await readFile(join(folder, "id_ed25519.pub"), "utf8")).trim();
      const token = await makeToken(alice, "laptop");
      await addSshKey({ ...alice, sshKey: { ...alice.sshKey, publicLine } });
      await world.pass(10 * DAY);

      const lost = { ...alice, browser: openBrowser(world.origin) };
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);

      const withToken = await lost.browser.submit(/prove\/challenge$/, { kind: "api-token" });
      const curl = commandOn(withToken.html, "command-api-token");
      assert.match(curl, /curl -u/);
      const typing = run("bash", ["-c", curl], { cwd: folder });
      typing.child.stdin?.end(`${token}\n`); // the command asks for the token, so that it is not in the shell's history
      assert.match((await typing).stdout, /The token is proven/);

      const withKey = await openCasePage(lost);
      assert(withKey.text.includes("Shown"), "the board says so");
      const page = await lost.browser.submit(/prove\/challenge$/, { kind: "ssh-signature" });
      // A private key where the signature belongs is refused, said so, and kept nowhere.
      // Another key than the registered one, which would count for nothing from then on.
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "other")]);
      const privateKey = await readFile(join(folder, "other"), "utf8");
      const refused = await lost.browser.submit(/prove\/ssh-signature$/, { signature: privateKey });
      assert.match(refused.text, /private key/i);
      assert(!refused.html.includes(privateKey.split("\n")[1] ?? "-"), "and not shown again");

      const sign = commandOn(page.html, "command-ssh-signature").replaceAll(
        "~/.ssh/id_ed25519",
        join(folder, "id_ed25519"),
      );
      const { stdout: signature } = await run("sh", ["-c", sign], { cwd: folder });
      await openCasePage(lost);
      expectPage(await lost.browser.submit(/prove\/ssh-signature$/, { signature }), /signature by your SSH key|SSH/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
