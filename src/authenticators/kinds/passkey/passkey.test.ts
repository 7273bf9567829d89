import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from "@simplewebauthn/server";
import { decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";
import fc from "fast-check";
import { makeKeyFile, makeKeyring } from "../../../kernel/crypto/keyring.ts";
import { testRandom } from "../../../../test/world/runtime.ts";
import { type Algorithm, cbor, makeAuthenticator } from "../../../../test/world/software-authenticator.ts";
import { credentialIdOf, readAssertion, readRegistration } from "./answer.ts";
import { idsForName, keyOfNobody, MOST_PASSKEYS } from "./decoys.ts";
import { creationOptions, mayHavePasskeys, requestOptions } from "./options.ts";
import { suggestedName } from "./providers.ts";
import { verifyAssertion, verifyRegistration } from "./verify.ts";

const SITE = { publicUrl: new URL("https://index.example"), indexName: "the test index" };
const { origin } = SITE.publicUrl;
const CHALLENGE = Buffer.alloc(32, 7).toString("base64url");
const USER = { handle: Buffer.alloc(64, 1).toString("base64url"), username: "alice" };
const CREATE = creationOptions(SITE, USER, CHALLENGE, []);
const GET = requestOptions(SITE, CHALLENGE, [], "preferred");

type Key = ReturnType<typeof makeAuthenticator>;
type CreateCheat = Parameters<Key["create"]>[2];
type GetCheat = Parameters<Key["get"]>[2];

async function register(key: Key, cheat?: CreateCheat) {
  const answer = readRegistration(key.create(CREATE as Parameters<Key["create"]>[0], origin, cheat));
  return answer.ok ? verifyRegistration(SITE, answer.value) : answer;
}

async function show(key: Key, publicKey: Buffer, cheat?: GetCheat) {
  const answer = readAssertion(key.get(GET as Parameters<Key["get"]>[0], origin, cheat));
  return answer.ok ? verifyAssertion(SITE, answer.value, publicKey) : answer;
}

describe("registering and showing", () => {
  for (const algorithm of ["ES256", "EdDSA", "RS256"] as const satisfies readonly Algorithm[]) {
    for (const attestation of ["none", "packed-self"] as const) {
      test(`${algorithm}, attestation ${attestation}: made, shown, and its flags read`, async () => {
        const key = makeAuthenticator(algorithm);
        Object.assign(key, { isBackupEligible: true, isBackedUp: true });
        const made = await register(key, { attestation });
        assert(made.ok, JSON.stringify(made));
        assert.equal(made.value.isUserVerified, true);
        assert.equal(made.value.isBackedUp, true);
        assert.equal(made.value.isDiscoverable, true);
        key.isVerifying = false;
        const shown = await show(key, made.value.publicKey);
        assert(shown.ok);
        assert.deepEqual(shown.value, {
          signCount: 2,
          isUserVerified: false,
          isBackupEligible: true,
          isBackedUp: true,
        });
      });
    }
  }

  const common: readonly (readonly [string, NonNullable<CreateCheat & GetCheat>])[] = [
    ["another origin", { origin: "https://index.example.evil" }],
    ["our host without TLS", { origin: "http://index.example" }],
    ["another RP ID", { rpId: "evil.example" }],
    ["the parent domain as RP ID", { rpId: "example" }],
    ["the other ceremony's type", { type: "payment.get" }],
    ["nobody present", { isPresent: false }],
    ["backed up though it cannot be", { isBackedUp: true, isBackupEligible: false }],
    ["made in a frame", { clientData: { crossOrigin: true } }],
    ["a top origin", { clientData: { topOrigin: "https://evil.example" } }],
  ];
  for (const [what, cheat] of common) {
    test(`refused: ${what}`, async () => {
      const key = makeAuthenticator();
      const made = await register(key, cheat);
      assert(!made.ok && made.refusal.code === "authenticators/passkey-refused", JSON.stringify(made));
      const good = makeAuthenticator();
      const bound = await register(good);
      assert(bound.ok);
      const shown = await show(good, bound.value.publicKey, cheat);
      assert(!shown.ok && shown.refusal.code === "authenticators/passkey-refused", JSON.stringify(shown));
    });
  }

  test("refused: an attestation with a certificate, a broken self attestation, an id other than the key's", async () => {
    const certified = await register(makeAuthenticator(), { attestation: "packed-x5c" });
    assert(!certified.ok && certified.refusal.code === "authenticators/passkey-attested");
    const broken = await register(makeAuthenticator(), { attestation: "packed-self", isSignatureBroken: true });
    assert(!broken.ok && broken.refusal.code === "authenticators/passkey-refused");
    const answer = JSON.parse(makeAuthenticator().create(CREATE as Parameters<Key["create"]>[0], origin)) as {
      id: string;
      rawId: string;
    };
    answer.id = answer.rawId = Buffer.alloc(32).toString("base64url");
    const read = readRegistration(JSON.stringify(answer));
    assert(read.ok && !(await verifyRegistration(SITE, read.value)).ok);
  });

  test("an id of 1,023 bytes is taken, one of 1,024 is not", async () => {
    const id = (bytes: number) => Buffer.alloc(bytes, 3).toString("base64url");
    assert.equal((await register(makeAuthenticator(), { credentialId: id(1023) })).ok, true);
    const long = await register(makeAuthenticator(), { credentialId: id(1024) });
    assert(!long.ok && long.refusal.status === 400);
  });
});

describe("answers that are none", () => {
  const good = JSON.parse(makeAuthenticator().create(CREATE as Parameters<Key["create"]>[0], origin)) as {
    response: object;
  };
  const shapes: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["an empty object", "{}"],
    ["another type", JSON.stringify({ ...good, type: "password" })],
    ["ids that differ", JSON.stringify({ ...good, id: "AAAA" })],
    ["no base64url", JSON.stringify({ ...good, id: "????", rawId: "????" })],
    ["padded base64url", JSON.stringify({ ...good, id: "AAE=", rawId: "AAE=" })],
    ["a prototype", '{"__proto__":{"id":"AAAA"}}'],
    [
      "client data that is no JSON",
      JSON.stringify({ ...good, response: { ...good.response, clientDataJSON: "AAAA" } }),
    ],
    ["deeply nested", `${"[".repeat(8000)}${"]".repeat(8000)}`],
  ];
  for (const [what, text] of shapes) {
    test(`${what}: 400, and no exception`, () => {
      for (const answer of [readRegistration(text), readAssertion(text)])
        assert(!answer.ok && answer.refusal.status === 400, JSON.stringify(answer));
    });
  }

  test("more than 16,384 characters: 413", () => {
    const text = JSON.stringify({ ...good, more: "x".repeat(17_000) });
    for (const answer of [readRegistration(text), readAssertion(text)])
      assert(!answer.ok && answer.refusal.status === 413);
    assert.equal(credentialIdOf(text), null);
  });

  test("whatever bytes stand for the attestation, the answer is a refusal", async () => {
    const read = readRegistration(JSON.stringify(good));
    assert(read.ok);
    const hostile: readonly Buffer[] = [
      Buffer.from("9bffffffffffffffff", "hex"), // a list of 2⁶⁴−1 items
      Buffer.from("bbffffffffffffffff", "hex"),
      Buffer.from("5b7fffffffffffffff", "hex"),
      Buffer.alloc(6000, 0x81), // lists in lists
      Buffer.alloc(6000, 0xc1), // tags in tags
      cbor(
        new Map<string, Buffer | string | readonly []>([
          ["fmt", "none"],
          ["attStmt", []],
          ["authData", Buffer.alloc(0)],
        ]),
      ),
      cbor(
        new Map<string, Buffer | string>([
          ["fmt", "none"],
          ["authData", Buffer.alloc(37, 0xff)],
        ]),
      ),
    ];
    for (const bytes of hostile) {
      const response: typeof read.value.response = {
        ...read.value.response,
        attestationObject: bytes.toString("base64url"),
      };
      assert.equal((await verifyRegistration(SITE, { ...read.value, response })).ok, false);
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const response = { ...read.value.response, attestationObject: Buffer.from(bytes).toString("base64url") };
        return !(await verifyRegistration(SITE, { ...read.value, response })).ok;
      }),
      { numRuns: 200 },
    );
  });
});

describe("ids shown for a name", () => {
  const keys = makeKeyring(makeKeyFile(testRandom("decoys")));
  const real = ["A".repeat(43), "B".repeat(27)];

  test("are always eight, the same at every question, and others for other names", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const list = idsForName(keys, one, []);
        assert.equal(new Set(list).size, MOST_PASSKEYS);
        assert.deepEqual(idsForName(keys, one, []), list);
        if (one !== other) assert(!idsForName(keys, other, []).some((id) => list.includes(id)));
      }),
    );
  });

  test("hold the real ones among decoys, which stay where they were, in an order that depends on nothing but ids", () => {
    const list = idsForName(keys, "alice", real);
    assert.equal(list.length, MOST_PASSKEYS);
    for (const id of real) assert(list.includes(id));
    assert.deepEqual(idsForName(keys, "alice", real.toReversed()), list);
    const without = idsForName(keys, "alice", []);
    assert.equal(list.filter((id) => without.includes(id)).length, MOST_PASSKEYS - real.length);
    assert(list.every((id) => [16, 20, 32, 48, 64].includes(Buffer.from(id, "base64url").length)));
  });

  test("are verified with keys of nobody, of all three kinds, the same for one id, under which nothing is right", async () => {
    const found = new Map<string, Buffer>();
    for (const id of Array.from({ length: 64 }, (_, at) => `${at}`)) {
      const key = keyOfNobody(keys, id);
      assert.deepEqual(keyOfNobody(keys, id), key);
      found.set(key.toString("hex"), key);
    }
    const kinds = new Map(
      [...found.values()].map((key) => [decodeCredentialPublicKey(new Uint8Array(key)).get(3), key]),
    );
    assert.equal(kinds.size, 3);
    for (const [algorithm, cose] of [
      ["ES256", -7],
      ["EdDSA", -8],
      ["RS256", -257],
    ] as const) {
      const authenticator = makeAuthenticator(algorithm);
      await register(authenticator);
      const publicKey = kinds.get(cose);
      assert(publicKey);
      const answer = readAssertion(authenticator.get(GET as Parameters<Key["get"]>[0], origin));
      assert(answer.ok);
      // Verified to the end and found wrong, and not thrown out for a key that is none.
      const { verified } = await verifyAuthenticationResponse({
        response: { ...answer.value, clientExtensionResults: {} } as unknown as AuthenticationResponseJSON,
        expectedChallenge: CHALLENGE,
        expectedOrigin: origin,
        expectedRPID: SITE.publicUrl.hostname,
        credential: { id: answer.value.id, publicKey: new Uint8Array(publicKey), counter: 0 },
      });
      assert.equal(verified, false);
    }
  });

  test("survive a new key in front of the old one", () => {
    const file = makeKeyFile(testRandom("first"));
    const newer = makeKeyFile(testRandom("second"));
    const rotated = makeKeyring({ current: newer.current, keys: { ...newer.keys, ...file.keys } });
    assert.deepEqual(idsForName(rotated, "alice", real), idsForName(makeKeyring(file), "alice", real));
  });
});

describe("where passkeys can be", () => {
  test("at a host name, never at a number", () => {
    for (const good of ["https://index.example", "http://localhost:8480", "https://xn--bcher-kva.example"])
      assert(mayHavePasskeys(new URL(good)), good);
    for (const bad of ["http://127.0.0.1:8480", "https://192.0.2.7", "http://[::1]:8480"])
      assert(!mayHavePasskeys(new URL(bad)), bad);
  });

  test("a name is suggested by what made it, and claims nothing about what is unknown", () => {
    assert.equal(suggestedName("fdb141b2-5d84-443e-8a35-4698c205a502"), "KeePassXC");
    assert.equal(suggestedName("00000000-0000-0000-0000-000000000000"), "Passkey");
  });
});
