import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, makePerson, signInWithPassword } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { bindPassword, preparePassword } from "../../src/authenticators/index.ts";
import { createAccount, insertStaffRole, parseAddress, checkUsername } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import { story } from "../world/story.ts";
import { alike, type Case, people, shape } from "./alike.ts";
import { csrfOf, elsewhere, maintainer, newestLink, postForm, rawRequest, subscriber } from "./cast.ts";

/*
 * What somebody learns who is not signed in: for accounts and addresses that exist and for those that do not, the whole
 * answer is compared, not a sentence of it. (How long answers take is measured by the bench.)
 */

const DAY = 24 * 3600_000;
const UNKNOWN = "A".repeat(43);

describe("what a stranger can find out", () => {
  story(
    "signing in: names, addresses, second factors, freezes, cases and roles are not told apart",
    { seed: "enum-sign-in" },
    async (world) => {
      const { alice, dana } = await people(world);
      const password = "not the password of anybody";
      const named = (what: string, name: string): Case => ({ what, fields: { name, password } });
      const cases = [
        named("nobody's name", "nobody-at-all"),
        named("a subscriber's name", "alice"),
        named("a subscriber's address", alice.address),
        named("nobody's address", "nobody@nowhere.example"),
        named("an address never confirmed", "unconfirmed@mail.example"),
        named("an account without a second factor", "half-made"),
        named("a frozen account", "frozen-one"),
        named("an account with an open case", "stuck-one"),
        named("somebody of the desk", "dana"),
      ];
      assert.equal((await alike(world, "/sign-in", cases)).status, 401);
      assert.equal((await alike(world, "/sign-in", cases, "application/json")).status, 401);
      const atTheDesk = [
        ...cases,
        { what: "a subscriber's right password", fields: { name: "alice", password: alice.password } },
      ];
      assert.equal((await alike(world, "/console/sign-in", atTheDesk)).status, 401);
      expectPage(await signInWithPassword(elsewhere(world, dana), "/console/sign-in"), /code from your app/i);
    },
  );

  story(
    "signing in too often: the waits are the same whether or not the name exists",
    { seed: "enum-waits" },
    async (world) => {
      await subscriber(world, "alice");
      const told: Record<string, unknown[]> = {};
      for (const name of ["alice", "nobody-at-all"]) {
        const browser = openBrowser(world.origin);
        const csrf = await csrfOf(browser);
        const answers: unknown[] = [];
        for (let times = 0; times < 8; times += 1) {
          const body = new URLSearchParams({ _csrf: csrf, name, password: "not the password" }).toString();
          answers.push(shape(await postForm(world, "/sign-in", body, { browser }), [name, "not the password"]));
        }
        told[name] = answers;
      }
      assert.deepEqual(told["alice"], told["nobody-at-all"]);
      assert(JSON.stringify(told["alice"]).includes("429"), "there are waits");
    },
  );

  story(
    "the desk: the right password of somebody who has no second factor yet opens and tells nothing",
    { seed: "enum-desk" },
    async (world) => {
      const password = "amber-bridge-copper-delta-77";
      await world.settle();
      const username = checkUsername("fresh-admin");
      const address = parseAddress("fresh@admin.example");
      assert(username.ok && address.ok);
      const prepared = await preparePassword(world.runtime, secret(password), { hasSecondFactor: false, words: [] });
      assert(prepared.ok);
      const made = await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
        const created = await createAccount(tx, world.runtime.random, {
          username: username.value,
          address: address.value,
        });
        if (!created.ok) return created;
        await bindPassword(tx, world.runtime.random, created.value.accountId, prepared.value, "registration");
        await insertStaffRole(tx, created.value.accountId, "administrator", null);
        audit(tx, world.runtime.random, {
          act: "test/appointed",
          actor: { kind: "operator" },
          accountId: created.value.accountId,
        });
        return ok();
      });
      assert(made.ok);
      await alike(world, "/console/sign-in", [
        { what: "nobody", fields: { name: "nobody-at-all", password } },
        { what: "a wrong password", fields: { name: "fresh-admin", password: "not the right password" } },
        { what: "the right password", fields: { name: "fresh-admin", password } },
      ]);
      const { rows } = await world.runtime.db.pool.query("select id from sessions where kind = 'staff'");
      assert.equal(rows.length, 0, "no session of the desk begins with one factor");
    },
  );

  story(
    "registering: an address that is known gets the same answer; only its owner is told",
    { seed: "enum-register" },
    async (world) => {
      const { alice } = await people(world);
      const password = "amber-bridge-copper-delta-77";
      await world.settle();
      const before = world.sent.length;
      const answer = await alike(world, "/register", [
        { what: "an address nobody has", fields: { username: "new-one", address: "new@nowhere.example", password } },
        {
          what: "an address somebody has confirmed",
          fields: { username: "new-two", address: alice.address, password },
        },
        {
          what: "the same in capitals",
          fields: { username: "new-three", address: alice.address.toUpperCase(), password },
        },
        {
          what: "an address somebody has not confirmed",
          fields: { username: "new-four", address: "unconfirmed@mail.example", password },
        },
      ]);
      assert.equal(answer.status, 303);
      await world.settle();
      const mails = world.sent.slice(before);
      assert.deepEqual(
        mails.map((mail) => mail.to.toLowerCase()).toSorted(),
        [alice.address, alice.address, "new@nowhere.example", "unconfirmed@mail.example"].toSorted(),
      );
      for (const mail of mails.filter((one) => one.to.toLowerCase() === alice.address)) {
        assert(
          !mail.text.includes("/confirm-address/"),
          "the owner is told, and gets no link to somebody else's account",
        );
      }
    },
  );

  story(
    "the recovery form: the same for every name and address, before and after the mail",
    { seed: "enum-recovery" },
    async (world) => {
      const { alice } = await people(world);
      const claim = (what: string, username: string, contact: string): Case => ({
        what,
        fields: { username, contact, cause: "other", story: "I lost it." },
      });
      const cases = [
        claim("nobody's name", "nobody-at-all", "mallory@elsewhere.example"),
        claim("a subscriber's name", "alice", "mallory@elsewhere.example"),
        claim("the name and the address", "alice", alice.address),
        claim("nobody's name with a known address", "nobody-at-all", alice.address),
        claim("an account with an open case", "stuck-one", "mallory@elsewhere.example"),
        claim("a frozen account", "frozen-one", "mallory@elsewhere.example"),
        claim("somebody of the desk", "dana", "mallory@elsewhere.example"),
        claim("an account without a second factor", "half-made", "mallory@elsewhere.example"),
      ];
      await world.settle();
      const before = world.sent.length;
      assert.equal((await alike(world, "/recovery", cases)).status, 200);
      await world.settle();
      const mails = world.sent.slice(before);
      assert.equal(
        mails.length,
        cases.length,
        "one mail each, to the address that was written, and none to anybody else",
      );
      assert.deepEqual(new Set(mails.map((mail) => mail.subject.replace(/LK-\S+/, "LK"))).size, 1);
      const bodies = new Set(
        mails.map((mail) =>
          mail.text
            .replace(/LK-[0-9A-Z-]+/g, "LK")
            .replace(/http\S+/g, "URL")
            .replace(/\d{4}[ -]?\d{4}/g, "CODE")
            .replace(/\d\d:\d\d/g, ""),
        ),
      );
      assert.equal(bodies.size, 1, [...bodies].join("\n---\n"));
    },
  );

  story(
    "a confirmed mailbox tells nobody whether a name it does not belong to is close to somebody's",
    { seed: "enum-near" },
    async (world) => {
      await maintainer(world, "alice", "alpenglow");
      const pages = [];
      for (const username of ["alicf", "zzzzzzzz"]) {
        const mallory = makePerson(world, username, "mallory@elsewhere.example");
        const opened = await openFromForm(mallory, { username, contact: mallory.address });
        const page = await confirmContact(world, mallory, opened.number);
        pages.push(page.text.replaceAll(username, "NAME").replaceAll(opened.number, "LK"));
      }
      assert.equal(pages[0], pages[1]);
      assert(
        !world.sent.some((mail) => mail.to === "alice@alice.example" && mail.text.includes("/objection/")),
        "and nobody is disturbed",
      );
    },
  );

  story(
    "asking for a code to an address: the same whether it is the account's or not",
    { seed: "enum-mailbox" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const mallory = makePerson(world, "alice", "mallory@elsewhere.example");
      const opened = await openFromForm(mallory, { username: "alice", contact: mallory.address });
      await confirmContact(world, mallory, opened.number);
      const csrf = await csrfOf(mallory.browser);
      const ask = async (address: string) => {
        const body = new URLSearchParams({ _csrf: csrf, address }).toString();
        const answer = await postForm(world, "/recovery/case/prove/mailbox", body, { browser: mallory.browser });
        const page = await openCasePage(mallory);
        return { answer: shape(answer, [address]), page: page.text.replaceAll(address, "ADDRESS") };
      };
      const known = await ask(alice.address);
      const unknown = await ask("nobody@nowhere.example");
      assert.deepEqual(known, unknown);
      await world.settle();
      assert(
        !world.sent.some((mail) => mail.to === "nobody@nowhere.example"),
        "nothing is sent to an address that is not the account's",
      );
    },
  );

  story(
    "links: whatever is behind them, one that is not ours gets one answer",
    { seed: "enum-links" },
    async (world) => {
      await people(world);
      const browser = openBrowser(world.origin);
      const csrf = await csrfOf(browser);
      const shapes: { readonly path: string; readonly seen: unknown }[] = [];
      for (const path of ["/objection/", "/restore/", "/confirm-address/", "/reset/", "/first-administrator/"]) {
        const seen = shape(await rawRequest(world, { path: `${path}${UNKNOWN}`, browser }));
        shapes.push({ path, seen });
        const fields = {
          _csrf: csrf,
          ...(path === "/restore/" ? { password: "amber-bridge-copper-77", code: "000000" } : {}),
          ...(path === "/reset/" ? { password: "amber-bridge-copper-77" } : {}),
        };
        if (path === "/first-administrator/") continue; // its form has fields of its own
        const posted = await postForm(world, `${path}${UNKNOWN}`, new URLSearchParams(fields).toString(), { browser });
        assert.deepEqual(shape(posted), seen, `POST ${path}`);
      }
      for (const { path, seen } of shapes) assert.deepEqual(seen, shapes[0]?.seen, path);
      // A link of one purpose is nothing at another's address.
      const objection =
        newestLink(world, "stuck-one@stuck-one.example", /\/objection\//)
          .split("/")
          .at(-1) ?? "";
      for (const path of ["/restore/", "/confirm-address/", "/reset/", "/first-administrator/"]) {
        assert.deepEqual(
          shape(await rawRequest(world, { path: `${path}${objection}`, browser })),
          shapes[0]?.seen,
          path,
        );
      }
      const open = await rawRequest(world, { path: `/recovery/open/${UNKNOWN}`, browser });
      assert.equal(open.status, 404);
      for (const action of ["", "/mail-code"]) {
        const body = new URLSearchParams({ _csrf: csrf, ...(action === "" ? { code: "00000000" } : {}) }).toString();
        assert.deepEqual(
          shape(await postForm(world, `/recovery/open/${UNKNOWN}${action}`, body, { browser })),
          shape(open),
          action,
        );
      }
    },
  );

  story(
    "upload and proof: an unknown token and somebody else's are told apart by nothing",
    { seed: "enum-tokens" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const bob = await maintainer(world, "bob", "bedrock");
      const ghost = await maintainer(world, "ghost", "gneiss");
      await world.runtime.db.pool.query(
        "delete from api_tokens where account_id = (select id from accounts where username = 'ghost')",
      );
      await world.pass(10 * DAY);
      const basic = (token: string) => ({
        authorization: `Basic ${Buffer.from(`__token__:${token}`).toString("base64")}`,
        accept: "*/*",
      });
      const uploadFor = (project: string) => {
        const parts = [
          [":action", "file_upload"],
          ["name", project],
          ["version", "9.9"],
          ["filetype", "sdist"],
        ]
          .map(([name, value]) => `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
          .join("");
        return rawRequest(world, {
          method: "POST",
          path: "/legacy/",
          headers: { ...basic(ghost.token ?? ""), "content-type": "multipart/form-data; boundary=x" },
          body: `${parts}--x--\r\n`,
        });
      };
      const [existing, absent] = [await uploadFor("alpenglow"), await uploadFor("no-such-project")];
      assert.equal(existing.status, 403);
      assert.deepEqual(shape(existing), shape(absent));

      const prove = (challenge: string, token: string) =>
        rawRequest(world, { method: "POST", path: `/recovery/proof/api-token/${challenge}`, headers: basic(token) });
      const tokens = [alice.token ?? "", bob.token ?? "", ghost.token ?? "", "lks_nonsense", ""];
      const unknown = await Promise.all(tokens.map((token) => prove(UNKNOWN, token)));
      assert.equal(unknown[0]?.status, 404);
      for (const answer of unknown)
        assert.deepEqual(
          shape(answer),
          shape(unknown[0] ?? answer),
          "an unknown challenge says nothing about the token",
        );
      const lost = elsewhere(world, alice);
      const { number } = await openFromStuckScreen(lost);
      await confirmContact(world, lost, number);
      await openCasePage(lost);
      const page = await lost.browser.submit(/prove\/challenge$/, { kind: "api-token" });
      const challenge = /\/recovery\/proof\/api-token\/([A-Za-z0-9_-]+)/.exec(page.html)?.[1] ?? "";
      assert.deepEqual(
        shape(await prove(challenge, bob.token ?? "")),
        shape(await prove(challenge, ghost.token ?? "")),
        "somebody else's token is like one nobody has",
      );
    },
  );
});
