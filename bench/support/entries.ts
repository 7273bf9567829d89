import { randomBytes, randomInt } from "node:crypto";
import { insertStaffRole, listAddresses } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { issueResetLink } from "../../src/authenticators/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { csrfToken } from "../../src/kernel/http/csrf.ts";
import { ok } from "../../src/kernel/result.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import { formatApiToken, TOKEN_RANDOM_BYTES } from "../../src/registry/tokens.ts";
import { cookieHeader, freshBrowser, tryPassword } from "./ceremony.ts";
import type { Answer, Client } from "./client.ts";
import { givePasskeys, showBroken } from "./passkeys.ts";
import { type BenchPerson, makeApiToken, makeUsername, must } from "./people.ts";

/*
 * Every place where somebody who is not signed in types a name, an address or a token and gets one answer, whether it
 * exists or not. entries.test.ts walks the route table: a route that takes one is here, or below with the reason.
 */

/** `known`: with something that exists; `unknown`: with something of the same shape that does not. */
export type Kind = "known" | "unknown";
export type Ask = (client: Client, person: BenchPerson, kind: Kind) => Promise<Answer>;

export interface Entry {
  readonly name: string;
  /** What the two kinds are, for the tables. */
  readonly kinds: Readonly<Record<Kind, string>>;
  /** Rows of the route table. */
  readonly covers: readonly string[];
  /** How many ask at once: more than one only where an answer takes a least time, so that some can be waited for. */
  readonly lanes: number;
  /** Below the limit that one network has there. */
  readonly requestsAnAddress: number;
  /** The same for both kinds. */
  readonly status: number;
  /** Gets ready what is asked with. */
  readonly open: (runtime: Runtime, people: readonly BenchPerson[]) => Promise<Ask>;
}

const NAMES = { known: "name exists", unknown: "name does not exist" } as const;
const ADDRESSES = { known: "address exists", unknown: "address does not exist" } as const;
const WRONG_PASSWORD = "wrong lantern orchard fjord 42";
const NEW_PASSWORD = "copper lantern orchard fjord 41";

export const ENTRIES: readonly Entry[] = [
  {
    name: "sign-in by name, wrong password",
    kinds: NAMES,
    covers: ["POST /sign-in"],
    lanes: 1,
    requestsAnAddress: 90,
    status: 401,
    open:
      async ({ keys }) =>
      (client, person, kind) =>
        tryPassword(client, keys, nameOf(person, kind), WRONG_PASSWORD),
  },
  {
    name: "sign-in by address, wrong password",
    kinds: ADDRESSES,
    covers: ["POST /sign-in"],
    lanes: 1,
    requestsAnAddress: 90,
    status: 401,
    open:
      async ({ keys }) =>
      (client, person, kind) =>
        tryPassword(client, keys, addressOf(person, kind), WRONG_PASSWORD),
  },
  {
    name: "forgotten password, by name",
    kinds: NAMES,
    covers: ["POST /reset"],
    lanes: 1,
    requestsAnAddress: 19,
    status: 200,
    open: async (runtime) => (client, person, kind) =>
      postForm(client, runtime, "/reset", { name: nameOf(person, kind) }),
  },
  {
    name: "forgotten password, by address",
    kinds: ADDRESSES,
    covers: ["POST /reset"],
    lanes: 1,
    requestsAnAddress: 19,
    status: 200,
    open: async (runtime) => (client, person, kind) =>
      postForm(client, runtime, "/reset", { name: addressOf(person, kind) }),
  },
  {
    name: "forgotten username",
    kinds: ADDRESSES,
    covers: ["POST /account-finder"],
    lanes: 1,
    requestsAnAddress: 19,
    status: 200,
    open: async (runtime) => (client, person, kind) =>
      postForm(client, runtime, "/account-finder", { address: addressOf(person, kind) }),
  },
  {
    name: "new account",
    kinds: { known: "address is somebody's", unknown: "address is nobody's" },
    covers: ["POST /register"],
    lanes: 4,
    requestsAnAddress: 19,
    status: 303,
    open: async (runtime) => (client, person, kind) => {
      const fields = { username: makeUsername(), address: addressOf(person, kind), password: NEW_PASSWORD };
      return postForm(client, runtime, "/register", fields);
    },
  },
  {
    name: "recovery form",
    kinds: { known: "name and address exist", unknown: "neither exists" },
    covers: ["POST /recovery"],
    lanes: 6,
    requestsAnAddress: 9,
    status: 200,
    open: async (runtime) => (client, person, kind) => {
      const fields = { username: nameOf(person, kind), contact: addressOf(person, kind) };
      return postForm(client, runtime, "/recovery", { ...fields, cause: "second-factor", story: "" });
    },
  },
  {
    name: "link for a new password",
    kinds: { known: "one symbol beside a live one", unknown: "any other" },
    covers: ["GET /reset/:token"],
    lanes: 1,
    requestsAnAddress: 90,
    status: 404,
    open: async (runtime, people) => {
      const live = await makeResetToken(runtime, people[0]);
      return (client, _, kind) => client.get(`/reset/${kind === "known" ? beside(live) : randomToken()}`);
    },
  },
  {
    name: "proof by API token, at a challenge that nobody has",
    kinds: { known: "live token", unknown: "no token" },
    covers: ["POST /recovery/proof/api-token/:challenge"],
    lanes: 1,
    requestsAnAddress: 50,
    status: 404,
    open: async (runtime, people) => {
      const live = people[0] ? await makeApiToken(runtime, people[0]) : "";
      return (client, _, kind) => {
        const token = kind === "known" ? live : formatApiToken(randomBytes(TOKEN_RANDOM_BYTES));
        const credentials = Buffer.from(`__token__:${token}`).toString("base64");
        const headers = { authorization: `Basic ${credentials}`, accept: "*/*" };
        return client.post(`/recovery/proof/api-token/${randomToken()}`, {}, headers);
      };
    },
  },
  {
    name: "passkeys to show, by name",
    kinds: { known: "name with a passkey", unknown: "name does not exist" },
    covers: ["POST /sign-in/passkey/options"],
    lanes: 1,
    requestsAnAddress: 200,
    status: 200,
    open: async (runtime, people) => {
      await givePasskeys(runtime, people);
      return (client, person, kind) =>
        postForm(client, runtime, "/sign-in/passkey/options", { name: nameOf(person, kind) });
    },
  },
  {
    name: "passkey with a wrong signature",
    kinds: { known: "the passkey's own id", unknown: "another of the ids shown for the name" },
    covers: ["POST /sign-in/passkey"],
    lanes: 1,
    requestsAnAddress: 100,
    status: 401,
    open: async (runtime, people) => {
      const authenticators = await givePasskeys(runtime, people);
      return (client, person, kind) => {
        const cookies = freshBrowser();
        const post = (path: string, fields: Readonly<Record<string, string>>) =>
          postForm(client, runtime, path, fields, cookies);
        const authenticator = authenticators.get(person);
        if (!authenticator) throw new Error("There is somebody without a passkey.");
        return showBroken(runtime, post, person, authenticator, kind === "known");
      };
    },
  },
  {
    // The last one: from here on everybody has a place at the desk.
    name: "sign-in at the desk, wrong password",
    kinds: { known: "name of somebody there", unknown: "name does not exist" },
    covers: ["POST /console/sign-in"],
    lanes: 1,
    requestsAnAddress: 50,
    status: 401,
    open: async (runtime, people) => {
      await appoint(runtime, people);
      return (client, person, kind) =>
        postForm(client, runtime, "/console/sign-in", { name: nameOf(person, kind), password: WRONG_PASSWORD });
    },
  },
];

const LINK =
  "A link is 256 random bits and is found by its digest, by the one function that the link for a new password is measured with; what is behind a live one is meant to be seen by its holder.";

const SHORT_CODE = "40 random bits that say nothing of a name, behind sixty tries an hour of a network.";

/** Rows that take a name, an address or a token from anybody, and are not asked here. */
export const NOT_ASKED: Readonly<Record<string, string>> = {
  "POST /console/sign-in/passkey/options": "Takes no name.",
  "POST /console/sign-in/passkey": "The use case behind the subscribers' row, which is measured; it says no more.",
  "GET /project/:name/": "Projects are public.",
  "GET /integrity/:project/:version/:filename/provenance": "What was published is public.",
  "POST /_/oidc/mint-token": "Reads nothing before a signature of another service fits; publishers are public there.",
  "POST /recovery/proof/trusted-publisher/:challenge": "The challenge is 256 random bits; without one nothing is read.",
  "POST /password-strength": "Looks at what is typed and at nothing that is stored.",
  "POST /reset/:token": LINK,
  "GET /reset/:token/lost": LINK,
  "POST /reset/:token/lost": LINK,
  "GET /confirm-address/:token": LINK,
  "POST /confirm-address/:token": LINK,
  "GET /undo-address/:token": LINK,
  "POST /undo-address/:token": LINK,
  "GET /recovery/open/:token": LINK,
  "POST /recovery/open/:token": LINK,
  "POST /recovery/open/:token/mail-code": LINK,
  "GET /objection/:token": LINK,
  "POST /objection/:token": LINK,
  "GET /restore/:token": LINK,
  "POST /restore/:token": LINK,
  "POST /proof": SHORT_CODE,
  "GET /proof/:code": SHORT_CODE,
  "POST /proof/:code": SHORT_CODE,
  "POST /restore/:token/case-code": LINK,
  "POST /restore/:token/passkey/options": LINK,
  "GET /not-me/:token": LINK,
  "POST /not-me/:token": LINK,
  "GET /keep-account/:token": LINK,
  "POST /keep-account/:token": LINK,
  "GET /drill-later/:token": LINK,
  "POST /drill-later/:token": LINK,
  "GET /still-there/:token": LINK,
  "POST /still-there/:token": LINK,
  "GET /first-administrator/:token": LINK,
  "POST /first-administrator/:token": LINK,
};

const nameOf = (person: BenchPerson, kind: Kind): string =>
  kind === "known" ? person.username : shuffled(person.username);

const addressOf = (person: BenchPerson, kind: Kind): string =>
  kind === "known" ? person.address : person.address.replace(/^[^@]+/, shuffled);

/** A text of the same length and letters that nobody has. */
export function shuffled(text: string): string {
  const letters = [...text];
  for (let at = letters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [letters[at], letters[other]] = [letters[other] ?? "", letters[at] ?? ""];
  }
  const made = letters.join("");
  return made === text ? letters.toReversed().join("") : made;
}

function postForm(
  client: Client,
  { keys }: Runtime,
  path: string,
  fields: Readonly<Record<string, string>>,
  cookies = freshBrowser(),
): Promise<Answer> {
  return client.post(path, { ...fields, _csrf: csrfToken(keys, cookies) }, { cookie: cookieHeader(cookies) });
}

const randomToken = (): string => randomBytes(32).toString("base64url");

/** A token with all symbols of another but one. The last stays: it carries two bits less. */
export function beside(token: string): string {
  const at = randomInt(token.length - 1);
  const others = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].filter(
    (symbol) => symbol !== token[at],
  );
  return `${token.slice(0, at)}${others[randomInt(others.length)] ?? ""}${token.slice(at + 1)}`;
}

async function makeResetToken(runtime: Runtime, person: BenchPerson | undefined): Promise<string> {
  if (!person) throw new Error("There is nobody to make a link for.");
  const address = (await listAddresses(runtime.db, person.id))[0];
  if (!address) throw new Error("There is no address to make a link for.");
  const made = await transact(runtime.db, { now: runtime.clock.now() }, async (tx) => {
    const issued = await issueResetLink(tx, runtime.random, { accountId: person.id, addressId: address.id });
    audit(tx, runtime.random, { act: "bench/link-made", actor: { kind: "operator" }, accountId: person.id });
    return ok(issued);
  });
  return must(made).token.reveal();
}

async function appoint(runtime: Runtime, people: readonly BenchPerson[]): Promise<void> {
  const done = await transact(runtime.db, { now: runtime.clock.now() }, async (tx) => {
    for (const { id } of people) await insertStaffRole(tx, id, "support", null);
    audit(tx, runtime.random, { act: "bench/appointed", actor: { kind: "operator" } });
    return ok();
  });
  must(done);
}
