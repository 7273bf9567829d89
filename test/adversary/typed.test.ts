import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import { TOTP, URI } from "otpauth";
import { type Browser, openBrowser, type Page } from "../../src/bin/demo/browser.ts";
import { expectPage, mailCodeIn, makePerson, type Person, signInWithPassword } from "../../src/bin/demo/person.ts";
import { openFromForm } from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { elsewhere, forgetAttempts, newestLink, staff, subscriber } from "./cast.ts";

/* What honest people type, copy and press twice, and what somebody else types to pass for them. */

const PASSWORD = "amber-bridge-copper-delta-77";
const STEP_MS = 30_000;

const codeAt = (world: World, person: Person, steps: number): string =>
  (URI.parse(person.phone?.uri ?? "") as TOTP).generate({ timestamp: world.time.now().getTime() + steps * STEP_MS });

/** A browser of somebody new to it, at the second step. */
async function atSecondStep(world: World, person: Person): Promise<Person> {
  await forgetAttempts(world);
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there), /six digits/i);
  return there;
}

/** A code as somebody copies it by hand who takes 0 for O and 1 for I or l, in capitals and in another grouping. */
const byHand = (code: string): readonly string[] => {
  const bare = code.replace(/^lkrc/i, "").replaceAll("-", "");
  const pairs = bare.replace(/..(?=.)/g, "$& ");
  return [
    code.toUpperCase(),
    code.replaceAll("-", " "),
    bare,
    `  ${pairs} `,
    code
      .replace(/^lkrc-/, "")
      .replaceAll("0", "O")
      .replaceAll("1", "I"),
    bare.toLowerCase().replaceAll("0", "o").replaceAll("1", "l"),
    `\ufeff${code}\u200b`,
    code.replaceAll("-", "\u2013"),
  ];
};

describe("codes as people type them", () => {
  story("six digits with spaces, dashes, wide digits or an invisible mark", { seed: "typed-totp" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const ways: readonly ((digits: string) => string)[] = [
      (digits) => `${digits.slice(0, 3)} ${digits.slice(3)}`,
      (digits) => ` ${digits.slice(0, 3)}-${digits.slice(3)} `,
      (digits) => [...digits].join("\u00a0"),
      (digits) => digits.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
      (digits) => `\u200e${digits}\u200b`,
    ];
    for (const way of ways) {
      await world.pass(60_000);
      const there = await atSecondStep(world, alice);
      const page = await there.browser.submit("/sign-in/second-factor", { code: way(codeAt(world, alice, 0)) });
      expectPage(page, /Confirm that it is you/);
    }
    for (const wrong of ["", "12345", "1234567", "12345a", "-12345", "1e5", "٠١٢٣٤٥x", "six"]) {
      const there = await atSecondStep(world, alice);
      const page = await there.browser.submit("/sign-in/second-factor", { code: wrong });
      assert([401, 422].includes(page.status), `${wrong}: ${page.status}`);
      assert.match(page.html, /name="code"/, "the form is there to try again");
    }
  });

  story(
    "six digits of the step before are taken, of the one before that not",
    { seed: "typed-late" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(5 * 60_000);
      const there = await atSecondStep(world, alice);
      const late = await there.browser.submit("/sign-in/second-factor", { code: codeAt(world, alice, -2) });
      expectPage(late, /just run out/, 401);
      const before = await there.browser.submit("/sign-in/second-factor", { code: codeAt(world, alice, -1) });
      expectPage(before, /Confirm that it is you/);
    },
  );

  story("a recovery code, however it was copied", { seed: "typed-recovery" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const [first = ""] = alice.codes;
    const ways = byHand(first).length;
    assert(
      alice.codes.slice(0, ways).some((code) => /[01]/.test(code)),
      "some have a 0 or a 1 in them",
    );
    for (let way = 0; way < ways; way += 1) {
      const typed = byHand(alice.codes[way] ?? "")[way] ?? "";
      const there = await atSecondStep(world, alice);
      await there.browser.open("/sign-in/recovery-code");
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code: typed }), /replacement/);
    }
  });

  story(
    "the code from a mail, and the case code, however they were copied",
    { seed: "typed-mailed" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      for (const way of [
        (code: string) => `${code.slice(0, 4)} ${code.slice(4)}`,
        (code: string) => `\u200b${code}-`,
      ]) {
        await world.pass(60_000);
        const there = await atSecondStep(world, alice);
        await there.browser.submit("/sign-in/second-factor", { code: codeAt(world, alice, 0) });
        const mail = await world.mailbox.wait(alice.address, /Code to sign in on a new device/);
        const typed = way(mailCodeIn(mail).replace(/\D/g, ""));
        expectPage(await there.browser.submit("/sign-in/new-device", { code: typed }), /How you get in/);
      }

      const claimant = makePerson(world, "bob", "bob@elsewhere.example");
      const { code } = await openFromForm(claimant, { username: "bob", contact: claimant.address });
      await world.settle();
      const link = newestLink(world, claimant.address, /\/recovery\/open\//);
      for (const typed of byHand(code)) {
        const browser = openBrowser(world.origin);
        await forgetAttempts(world);
        await browser.open(link);
        const page = await browser.submit(link, { code: typed });
        assert.equal(page.path, "/recovery/case", `${typed}: ${page.text.slice(0, 200)}`);
      }
    },
  );
});

describe("names and addresses that pass for others", () => {
  story(
    "a name that reads like somebody's is refused, with what to do; the rest stays typed",
    { seed: "typed-names" },
    async (world) => {
      await subscriber(world, "alice-numpy");
      const browser = openBrowser(world.origin);
      const names: Readonly<Record<string, number>> = {
        "ALICE.numpy": 409,
        a1ice_nurnpy: 409,
        aIicenumpy: 409,
        "\u0430lice-numpy": 422, // Cyrillic а
        "alice\u2010numpy": 422, // a dash that is none of ours
        "\uff41lice-numpy": 422, // a wide a
        "alice\u200b-numpy": 422,
        "\u202eypmun-ecila": 422,
        "alice\u0301-numpy": 422,
        "alice numpy": 422,
        [`alice-numpy${"-x".repeat(40)}`]: 422,
      };
      for (const [username, status] of Object.entries(names)) {
        await forgetAttempts(world);
        await browser.open("/register");
        const page = await browser.submit("/register", { username, address: "m@mallory.example", password: PASSWORD });
        expectPage(page, /taken, or too much like|Please use (?:1 to|at most) 50|leave out/, status);
        assert.match(page.html, /value="m@mallory.example"/, "what was typed is still there");
        assert(!page.html.includes(PASSWORD), "but for the secret");
      }
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from accounts`.execute(
        world.runtime.db.root,
      );
      assert.deepEqual(rows, [{ count: 1 }]);
    },
  );

  story(
    "addresses: a plus and a name in another script arrive; quotes, comments and lists are refused",
    { seed: "typed-addresses" },
    async (world) => {
      const taken = [
        ["plus", "alice+index@wonderland.example", "alice+index@wonderland.example"],
        ["letters", "alice@b\u00fccher.example", "alice@xn--bcher-kva.example"],
        ["composed", "bob@bu\u0308cher.example", "bob@xn--bcher-kva.example"],
        ["strange", "o'neil!#$%&*/=?^_`{|}~@wonderland.example", "o'neil!#$%&*/=?^_`{|}~@wonderland.example"],
      ] as const;
      for (const [username, typed, arrives] of taken) {
        await forgetAttempts(world);
        const person = makePerson(world, username, typed);
        await person.browser.open("/register");
        expectPage(
          await person.browser.submit("/register", { username, address: typed, password: PASSWORD }),
          /Confirm your address/,
        );
        const mail = await world.mailbox.wait(arrives, /Confirm your address/);
        assert.equal(world.sent.filter(({ to }) => to === arrives).length, 1, "to that address, and once");
        const [link = ""] = mail.links.filter((one) => one.includes("/confirm-address/"));
        await person.browser.open(new URL(link).pathname);
        expectPage(await person.browser.submit(new URL(link).pathname), /address is confirmed/i);
      }
      const there = openBrowser(world.origin);
      await there.open("/sign-in");
      // Nobody has set up a second factor; being led there means that name and password were right.
      const signedIn = await there.submit("/sign-in", { name: "ALICE@B\u00dcCHER.example", password: PASSWORD });
      assert.equal(signedIn.status, 200, signedIn.text.slice(0, 200));
      assert.doesNotMatch(signedIn.path, /^\/sign-in$/);

      await world.settle();
      const before = world.sent.length;
      for (const address of [
        '"alice smith"@wonderland.example',
        '"alice@wonderland.example"@mallory.example',
        "alice(comment)@wonderland.example",
        "alice@wonderland.example, m@mallory.example",
        "Alice <alice@wonderland.example>",
        "alice@wonderland.example\u202e",
        "alice\u200b@wonderland.example",
        "\u0430lice@wonderland.example",
        "alice@[127.0.0.1]",
        "alice@localhost",
        `${"a".repeat(65)}@wonderland.example`,
      ]) {
        await forgetAttempts(world);
        const browser = openBrowser(world.origin);
        await browser.open("/register");
        const page = await browser.submit("/register", { username: "mallory", address, password: PASSWORD });
        expectPage(page, /does not read as a mail address|leave out invisible/, 422);
        assert.match(page.html, /value="mallory"/, "what was typed is still there");
      }
      await world.settle();
      assert.equal(world.sent.length, before, "nothing was mailed");
    },
  );
});

describe("a form that cannot be read", () => {
  story(
    "is shown again with the reason: nothing ends at a page that leads nowhere",
    { seed: "typed-again" },
    async (world) => {
      const dana = await staff(world, "dana", "administrator");
      const claimant = makePerson(world, "bob", "bob@elsewhere.example");
      await openFromForm(claimant, { username: "bob", contact: claimant.address });
      await world.settle();
      const link = newestLink(world, claimant.address, /\/recovery\/open\//);
      const desk = openBrowser(world.origin);
      const at = async (browser: Browser, path: string, fields: Readonly<Record<string, string>>): Promise<Page> => {
        await browser.open(path);
        return browser.submit(path, fields);
      };
      const again = (page: Page, field: string): void => {
        expectPage(page, /leave out (?:invisible|control)|Please enter|Please fill/, 422);
        assert(page.html.includes(`name="${field}"`), `${page.path} shows its form again`);
      };
      again(await at(openBrowser(world.origin), link, { code: " " }), "code");
      const name = await at(desk, "/console/sign-in", { name: "da\u200bna", password: PASSWORD });
      again(name, "password");
      assert.match(name.html, /value="da\u200bna"/, "the name is still there");
      assert(!name.html.includes(PASSWORD));
      await at(desk, "/console/sign-in", { name: dana.username, password: dana.password });
      again(await at(desk, "/console/sign-in/second-factor", { code: " " }), "code");
      await world.pass(60_000);
      await at(desk, "/console/sign-in/second-factor", { code: (await dana.phone?.code()) ?? "" });
      again(await at(desk, "/console/sign-in/new-device", { code: " " }), "code");
      const mail = await world.mailbox.wait(dana.address, /Code to sign in on a new device/);
      expectPage(await at(desk, "/console/sign-in/new-device", { code: mailCodeIn(mail) }), /Recovery cases/);
      again(await at(desk, "/console/staff", { username: "er\u202ein", role: "reviewer" }), "username");
      const unknown = await at(desk, "/console/staff", { username: "erin", role: "reviewer" });
      expectPage(unknown, /no account of that name/, 422);
      assert.match(unknown.html, /value="erin"/);
    },
  );
});
