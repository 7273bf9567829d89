import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, type Person, signInWithPassword } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { addPasskey, askOptions, nameHost } from "../world/passkeys.ts";
import { makeAuthenticator } from "../world/software-authenticator.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { atTheDesk, elsewhere, maintainer, staff, stateOf } from "./cast.ts";

const DEMO = { policyFile: "policy/demo.json" };
const WORDS = { reason: "Mailbox and the key of the laptop agree.", username: "bob" };

/** A case that waits for the desk. */
async function caseOf(world: World, person: Person): Promise<string> {
  const away = elsewhere(world, person);
  const { number } = await openFromForm(away, { username: person.username, contact: person.address });
  await confirmContact(world, away, number);
  await away.browser.submit("/recovery/case/submit");
  return number;
}

describe("a decision at the desk", () => {
  story(
    "a stolen desk session decides nothing: each decision needs the app anew",
    { ...DEMO, seed: "decide-totp" },
    async (world) => {
      const dana = await staff(world, "dana", "reviewer");
      const bob = await maintainer(world, "bob", "bedrock");
      await world.pass(10_000);
      const number = await caseOf(world, bob);
      const desk = await atTheDesk(world, dana);
      const path = `/console/cases/${number}`;
      const before = await stateOf(world, number);
      const tryTo = async (power: string, fields: Readonly<Record<string, string>>) => {
        await desk.browser.open(path);
        return desk.browser.submit(new RegExp(`${power}$`), fields);
      };
      for (const power of ["refuse"]) {
        expectPage(await tryTo(power, WORDS), /needs a new code from your app/, 403);
        expectPage(await tryTo(power, { ...WORDS, code: "000000" }), /code/i, 401);
      }
      assert.equal(await stateOf(world, number), before, "nothing moved");
      const code = (await desk.phone?.code()) ?? "";
      expectPage(
        await tryTo("refuse", { ...WORDS, username: "bobby", code }),
        /not the account’s username|not the account's username/,
        422,
      );
      expectPage(await tryTo("refuse", { ...WORDS, code }), /Refused/);
      assert.equal(
        await stateOf(world, number),
        "refused",
        "a code is used up by the decision, not by a slip before it",
      );
    },
  );

  story(
    "whoever has a passkey decides with it, and with what was shown for this decision alone",
    { ...DEMO, seed: "decide-passkey" },
    async (world) => {
      const origin = nameHost(world);
      const dana = await staff(world, "dana", "reviewer");
      const key = makeAuthenticator();
      await addPasskey(world, dana, key, "Blue key");
      const [bob, carol] = [await maintainer(world, "bob", "bedrock"), await maintainer(world, "carol", "chalk")];
      await world.pass(10_000);
      const [first, second] = [await caseOf(world, bob), await caseOf(world, carol)];

      const desk = elsewhere(world, dana);
      expectPage(await signInWithPassword(desk, "/console/sign-in"), /Show your passkey/);
      const asked = await askOptions(desk.browser, "/console/sign-in/second-factor/passkey/options");
      expectPage(
        await desk.browser.submit("/console/sign-in/second-factor/passkey", { answer: key.get(asked.json, origin) }),
        /Recovery cases/,
      );
      const open = (number: string) => desk.browser.open(`/console/cases/${number}`);
      const answerFor = async (number: string, power: string): Promise<string> => {
        await open(number);
        return key.get((await askOptions(desk.browser, `/console/cases/${number}/${power}/options`)).json, origin);
      };
      const decide = async (number: string, power: string, fields: Readonly<Record<string, string>>) => {
        await open(number);
        return desk.browser.submit(new RegExp(`${number}/${power}$`), fields);
      };
      const code = (await dana.phone?.code()) ?? "";
      expectPage(await decide(first, "refuse", { ...WORDS, code }), /Passkeys need scripts/, 422);
      const forRefusal = await answerFor(first, "refuse");
      expectPage(
        await decide(first, "report-incident", { ...WORDS, answer: forRefusal }),
        /Please try once more|took too long|again/i,
        410,
      );
      const carols = { ...WORDS, username: "carol" };
      expectPage(
        await decide(second, "refuse", { ...carols, answer: await answerFor(first, "refuse") }),
        /again/i,
        410,
      );
      const again = await answerFor(second, "refuse");
      expectPage(await decide(second, "refuse", { ...carols, answer: again }), /Refused/);
      assert.equal(await stateOf(world, second), "refused");
      expectPage(await decide(first, "refuse", { ...WORDS, answer: await answerFor(first, "refuse") }), /Refused/);
    },
  );
});
