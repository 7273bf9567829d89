import assert from "node:assert/strict";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, makePerson, type Person, registerAndConfirm } from "../../src/bin/demo/person.ts";
import { openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import type { World } from "../world/world.ts";
import {
  csrfOf,
  DAY,
  elsewhere,
  forgetAttempts,
  maintainer,
  newestLink,
  postForm,
  type RawAnswer,
  staff,
  subscriber,
} from "./cast.ts";

/* Whole answers beside each other: what a stranger could tell accounts apart by. */

/** An answer without what is new in every answer: tokens, numbers, dates; and without what the adversary typed. */
export function shape(answer: RawAnswer, typed: readonly string[] = []): unknown {
  let text = answer.text;
  for (const [at, word] of typed.entries()) text = text.replaceAll(word, `<typed ${at}>`);
  text = text
    .replace(/(name="_csrf" value=")[^"]*/g, "$1…")
    .replace(/req_[0-9a-z]+/g, "req_…")
    .replace(/LK-[0-9A-Z]{4}-[0-9A-Z]{4}/g, "LK-…")
    .replace(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/g, "…")
    .replace(/(?:Try again in )[^.<]*/g, "Try again in …");
  const { "set-cookie": cookies, ...headers } = answer.headers;
  const names = [cookies ?? []].flat().map((line) => line.replace(/=[^;]*/, "=…"));
  const kept = ["location", "www-authenticate", "content-type", "cache-control", "retry-after"].map((one) => [
    one,
    headers[one],
  ]);
  return { status: answer.status, headers: Object.keys(headers).toSorted(), kept, cookies: names, text };
}

export interface Case {
  readonly what: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Sends each from a browser of its own, and holds the answers beside each other. Gives the one answer. */
export async function alike(
  world: World,
  path: string,
  cases: readonly Case[],
  accept = "text/html",
): Promise<RawAnswer> {
  let first: { readonly what: string; readonly answer: RawAnswer; readonly shape: unknown } | null = null;
  for (const { what, fields } of cases) {
    await forgetAttempts(world);
    const browser = openBrowser(world.origin);
    const csrf = await csrfOf(browser);
    const answer = await postForm(world, path, new URLSearchParams({ _csrf: csrf, ...fields }).toString(), {
      browser,
      headers: { accept },
    });
    const seen = shape(answer, Object.values(fields));
    first ??= { what, answer, shape: seen };
    assert.deepEqual(seen, first.shape, `${path}: ${what} is told apart from ${first.what}`);
  }
  assert(first);
  return first.answer;
}

/** Everybody who might be told apart: with projects, stuck, at the desk, frozen, half made, unconfirmed. */
export async function people(
  world: World,
): Promise<{ readonly alice: Person; readonly stuck: Person; readonly dana: Person; readonly frozen: Person }> {
  const alice = await maintainer(world, "alice", "alpenglow");
  const stuck = await subscriber(world, "stuck-one");
  const dana = await staff(world, "dana", "reviewer");
  const frozen = await subscriber(world, "frozen-one");
  const half = makePerson(world, "half-made"); // confirmed, without a second factor
  await registerAndConfirm(world, half);
  const unconfirmed = makePerson(world, "unconfirmed");
  await unconfirmed.browser.open("/register");
  await unconfirmed.browser.submit("/register", {
    username: "unconfirmed",
    address: unconfirmed.address,
    password: unconfirmed.password,
  });
  await world.pass(10 * DAY);
  await openFromStuckScreen(elsewhere(world, stuck));
  await openFromStuckScreen(elsewhere(world, frozen), "thief@elsewhere.example");
  await world.settle();
  const scanner = openBrowser(world.origin);
  const objection = newestLink(world, frozen.address, /\/objection\//);
  await scanner.open(objection);
  expectPage(await scanner.submit(objection), /account is frozen/);
  return { alice, stuck, dana, frozen };
}
