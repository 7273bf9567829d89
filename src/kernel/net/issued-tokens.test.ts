import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { fetchExceptions } from "../../app/config.ts";
import { type Issuer, startIssuer } from "../../../test/world/issuer.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { makeIssuedTokens } from "./issued-tokens.ts";

const NOW = new Date("2026-11-02T09:00:00.000Z");
const AUDIENCE = "index.example";
const MINUTE = 60_000;
const later = (minutes: number): Date => new Date(NOW.getTime() + minutes * MINUTE);
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("tokens of other services", () => {
  let issuer: Issuer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  const open = () =>
    makeIssuedTokens([
      {
        service: "oidc",
        issuer: issuer.url,
        fetch: createGuardedFetch({
          allowPrivate: fetchExceptions(new URL(issuer.url)),
          limits: { timeoutMs: 800, headersTimeoutMs: 400 },
        }),
      },
    ]);
  const check = async (token: string, now = NOW, tokens = open()): Promise<string> => {
    const answer = await tokens.check(token, { audience: AUDIENCE, now });
    return answer.ok ? `ok ${String(answer.value.claims.sub)}` : answer.refusal.code.replace("issued-token/", "");
  };
  const claims = (changes: Readonly<Record<string, unknown>> = {}) => ({ sub: "alice", aud: AUDIENCE, ...changes });
  const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

  test("one that is genuine, in time and for us is read", async () => {
    assert.equal(await check(await issuer.sign(claims(), NOW)), "ok alice");
    assert.equal(await check(await issuer.sign(claims({ aud: [AUDIENCE] }), NOW)), "ok alice");
  });

  test("every other is refused by name", async () => {
    const good = await issuer.sign(claims(), NOW);
    const [header = "", body = "", signature = ""] = good.split(".");
    const stranger = await generateKeyPair("ES256");
    const signedBy = (key: CryptoKey, kid: string) =>
      new SignJWT({ ...claims(), iss: issuer.url, iat: seconds(NOW), exp: seconds(later(5)) })
        .setProtectedHeader({ alg: "ES256", kid })
        .sign(key);
    const hmac = (() => {
      const head = `${b64({ alg: "HS256", kid: "key-0" })}.${body}`;
      return `${head}.${createHmac("sha256", "public key").update(head).digest("base64url")}`;
    })();
    const cases: readonly (readonly [string, string, string])[] = [
      ["no token", "hello", "malformed"],
      ["empty", "", "malformed"],
      ["two parts", `${header}.${body}`, "malformed"],
      ["four parts", `${good}.x`, "malformed"],
      ["an encrypted one of five", "a.b.c.d.e", "malformed"],
      ["no JSON", "YQ.YQ.YQ", "malformed"],
      ["17 kB", `${header}.${"a".repeat(17_000)}.${signature}`, "malformed"],
      ["alg none", `${b64({ alg: "none" })}.${body}.`, "algorithm"],
      ["alg NONE with a signature", `${b64({ alg: "NONE", kid: "key-0" })}.${body}.${signature}`, "algorithm"],
      ["an HMAC over the public key", hmac, "algorithm"],
      [
        "a critical header",
        `${b64({ alg: "ES256", kid: "key-0", crit: ["b64"], b64: false })}.${body}.${signature}`,
        "algorithm",
      ],
      [
        "another algorithm than the key's",
        `${b64({ alg: "RS256", kid: "key-0" })}.${body}.${signature}`,
        "unknown-key",
      ],
      [
        "changed claims",
        `${header}.${b64({ ...claims({ sub: "mallory" }), iss: issuer.url })}.${signature}`,
        "bad-signature",
      ],
      ["a cut signature", good.slice(0, -8), "bad-signature"],
      ["no signature", `${header}.${body}.`, "bad-signature"],
      ["a stranger's key under our name", await signedBy(stranger.privateKey, "key-0"), "bad-signature"],
      ["a key nobody knows", await signedBy(stranger.privateKey, "key-9"), "unknown-key"],
      ["another issuer", await issuer.sign(claims({ iss: "https://mallory.example" }), NOW), "unknown-issuer"],
      ["the issuer with a slash", await issuer.sign(claims({ iss: `${issuer.url}/` }), NOW), "unknown-issuer"],
      ["another audience", await issuer.sign(claims({ aud: "other.example" }), NOW), "audience"],
      ["two audiences", await issuer.sign(claims({ aud: [AUDIENCE, "other.example"] }), NOW), "audience"],
      ["no audience", await issuer.sign(claims({ aud: undefined }), NOW), "audience"],
      ["no subject", await issuer.sign(claims({ sub: undefined }), NOW), "claims"],
      ["no end", await issuer.sign(claims({ exp: undefined }), NOW), "claims"],
      ["an end that is no number", await issuer.sign(claims({ exp: "never" as unknown as number }), NOW), "claims"],
      ["expired", await issuer.sign(claims({ exp: seconds(later(-2)) }), NOW), "expired"],
      [
        "made a day ago for a year",
        await issuer.sign(claims({ iat: seconds(later(-1440)), nbf: undefined, exp: seconds(later(9999)) }), NOW),
        "expired",
      ],
      ["not yet good", await issuer.sign(claims({ nbf: seconds(later(10)) }), NOW), "not-yet"],
      ["from the future", await issuer.sign(claims({ iat: seconds(later(10)), nbf: undefined }), NOW), "not-yet"],
    ];
    for (const [name, token, expected] of cases) assert.equal(await check(token), expected, name);
  });

  test("keys turn: the new one is fetched, the old one ends with the copy of it", async () => {
    const tokens = open();
    const old = await issuer.sign(claims(), NOW);
    assert.equal(await check(old, NOW, tokens), "ok alice");
    await issuer.rotate();
    const fresh = await issuer.sign(claims(), later(2));
    assert.equal(await check(fresh, later(2), tokens), "ok alice", "an unknown key is asked for");
    assert.equal(
      await check(await issuer.sign(claims({ exp: seconds(later(9)) }), NOW, { kid: "key-0" }), later(2), tokens),
      "unknown-key",
    );
  });

  test("a flood of keys nobody has asks once a minute", async () => {
    const tokens = open();
    const before = issuer.asked();
    for (let at = 0; at < 50; at += 1)
      assert.equal(await check(await issuer.sign(claims(), NOW, { kid: `flood-${at}` }), NOW, tokens), "unknown-key");
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) =>
        check(await issuer.sign(claims(), NOW, { kid: `more-${at}` }), NOW, tokens),
      ),
    );
    assert.equal(issuer.asked() - before, 1);
    assert.equal(await check(await issuer.sign(claims(), NOW), NOW, tokens), "ok alice", "those that are known go on");
  });

  test("weak keys and private ones count for nothing", async () => {
    const weak = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
    const other = await generateKeyPair("ES256", { extractable: true });
    const publicWeak = await exportJWK(weak.publicKey);
    issuer.add(
      { ...publicWeak, kid: "weak", n: publicWeak.n?.slice(0, 171) ?? "" },
      { ...(await exportJWK(other.privateKey)), kid: "private" },
      { ...(await exportJWK(other.publicKey)), kid: "for-encryption", use: "enc" },
      { kty: "oct", k: "c2VjcmV0", kid: "shared" },
    );
    const signed = (kid: string, key: CryptoKey, alg: string) =>
      new SignJWT({ ...claims(), iss: issuer.url, iat: seconds(NOW), exp: seconds(later(5)) })
        .setProtectedHeader({ alg, kid })
        .sign(key);
    assert.equal(await check(await signed("weak", weak.privateKey, "RS256")), "unknown-key");
    assert.equal(await check(await signed("private", other.privateKey, "ES256")), "unknown-key");
    assert.equal(await check(await signed("for-encryption", other.privateKey, "ES256")), "unknown-key");
    issuer.add();
  });

  test("an issuer that is away, wrong, endless or leads inwards is unreachable; known keys serve a day", async () => {
    const token = await issuer.sign(claims(), NOW);
    for (const manner of ["failing", "silent", "page", "other", "endless", "inwards"] as const) {
      issuer.behave(manner);
      assert.equal(await check(token), "unreachable", manner);
    }
    issuer.behave("well");
    const tokens = open();
    assert.equal(await check(token, NOW, tokens), "ok alice");
    issuer.behave("failing");
    assert.equal(await check(await issuer.sign(claims(), later(600)), later(600), tokens), "ok alice");
    assert.equal(await check(await issuer.sign(claims(), later(3000)), later(3000), tokens), "unreachable");
    issuer.behave("well");
    assert.equal(await check(await issuer.sign(claims(), later(3002)), later(3002), tokens), "ok alice");
  });
});
