import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { promisify } from "node:util";
import {
  confirmDevice,
  base32Of,
  enrol,
  expectPage,
  makePerson,
  type Person,
  registerAndConfirm,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { elsewhere } from "../adversary/cast.ts";
import { client } from "../clients.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Programs of others take our TOTP key as the page shows it, and what they print signs in. */

const run = promisify(execFile);

async function subscriberOf(world: World): Promise<Person> {
  const alice = makePerson(world, "alice", "alice@alice.example");
  await registerAndConfirm(world, alice);
  await enrol(world, alice);
  await world.pass(60_000); // past the step that the setup used up
  return alice;
}

async function signInWith(world: World, alice: Person, code: string): Promise<void> {
  const there = elsewhere(world, alice);
  expectPage(await signInWithPassword(there), /six digits/i);
  await there.browser.submit("/sign-in/second-factor", { code: code.trim() });
  expectPage(await confirmDevice(there), /alice/);
}

const xml = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

/** An export in the XML format of KeePass 2, as other password managers write it, with one entry. */
const keepassXml = (uri: string): string => `<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<KeePassFile><Meta><Generator>test</Generator></Meta><Root><Group>
<UUID>AAAAAAAAAAAAAAAAAAAAAA==</UUID><Name>Root</Name>
<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID>
<String><Key>Title</Key><Value>Index</Value></String>
<String><Key>otp</Key><Value>${xml(uri)}</Value></String>
</Entry></Group></Root></KeePassFile>
`;

const oathtool = client("oathtool");
const keepassxc = client("keepassxc-cli");

describe("authenticator apps of others", () => {
  if (oathtool)
    story("oathtool reads the key that is shown as text", { seed: "oathtool" }, async (world) => {
      const alice = await subscriberOf(world);
      const key = base32Of(alice.phone ?? assert.fail("no app"));
      const { stdout } = await run(oathtool, ["--totp", "-b", "--now", world.time.now().toISOString(), key]);
      await signInWith(world, alice, stdout);
    });

  if (keepassxc)
    story("KeePassXC imports the address of the picture", { seed: "keepassxc" }, async (world) => {
      const folder = await mkdtemp(join(tmpdir(), "locksmith-keepass-"));
      try {
        const alice = await subscriberOf(world);
        const [source, vault] = [join(folder, "export.xml"), join(folder, "vault.kdbx")];
        await writeFile(source, keepassXml(alice.phone?.uri ?? ""));
        const importing = run(keepassxc, ["import", "-q", "-p", source, vault]);
        importing.child.stdin?.end("amber-bridge\namber-bridge\n");
        await importing;
        // It goes by the machine's clock, and has no option for another: the world's is set by it.
        world.runtime.clock.advance(Date.now() - world.time.now().getTime());
        const showing = run(keepassxc, ["show", "-q", "-t", vault, "Index"]);
        showing.child.stdin?.end("amber-bridge\n");
        await signInWith(world, alice, (await showing).stdout);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
});
