import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { z } from "zod";
import { defineRefusals } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import type { GuardedFetch } from "./guarded-fetch.ts";

/*
 * Tokens by which a service says who runs something there: OpenID Connect Core 1.0 §2, RFC 7519, checked as RFC 8725 asks.
 * Which services are believed is the operator's setting; nothing in a token can name another.
 */

/** A service whose tokens are believed. */
export interface TrustedIssuer {
  /** How its claims are read: `github`, `gitlab`, `google` or `oidc`. */
  readonly service: string;
  /** Exactly as its tokens write it in `iss`. */
  readonly issuer: string;
  readonly fetch: GuardedFetch;
}

export interface IssuedToken {
  readonly service: string;
  readonly issuer: string;
  readonly claims: JWTPayload;
  /** What is signed: the token without its signature, which may be written in several ways. */
  readonly signed: string;
  readonly expiresAt: Date;
}

export interface IssuedTokens {
  readonly issuers: readonly Pick<TrustedIssuer, "service" | "issuer">[];
  /**
   * Reads a token meant for one audience. Refuses what is no signed token, an issuer that is not believed, weak or absent
   * signatures, keys that the issuer does not name, another audience or several, times that are over or yet to come.
   */
  check(token: string, expected: { readonly audience: string; readonly now: Date }): Promise<Result<IssuedToken>>;
}

export const issuedTokenRefusals = defineRefusals("issued-token", {
  malformed: { status: 422, title: "That is not a signed token of three parts between dots." },
  "unknown-issuer": { status: 422, title: "This index takes no tokens of that issuer." },
  algorithm: { status: 422, title: "That token is not signed in a way that can be trusted." },
  "bad-signature": { status: 422, title: "The signature of that token does not fit." },
  "unknown-key": { status: 422, title: "That token is signed with a key that its issuer does not publish." },
  audience: { status: 422, title: "That token was made for somebody else than this index." },
  expired: { status: 422, title: "That token has expired. Ask for a new one and send it at once." },
  "not-yet": { status: 422, title: "That token comes from the future: please look at the clock of its issuer." },
  claims: { status: 422, title: "That token lacks a claim that it must have." },
  unreachable: {
    status: 503,
    title: "The issuer of that token could not be asked for its keys. Try again in a minute.",
  },
});

/** RFC 8725 §3.1: only these, all asymmetric; whoever can check one cannot make one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const LONGEST_TOKEN = 16_384;
const MOST_BYTES = 256 * 1024;
const MOST_KEYS = 100;
const LEAST_RSA_BITS = 2048;
const TIMEOUT_MS = 5_000;
/** Keys are asked for again after so long, and once a minute at most for a key that is not known: a flood asks no more. */
const KEYS_FRESH_MS = 10 * 60_000;
const LEAST_BETWEEN_MS = 60_000;
/** While the issuer is away its last keys are believed for so long. */
const KEYS_STALE_MS = 24 * 3600_000;
/** Seconds by which clocks may differ. */
const TOLERANCE = 30;
const OLDEST_SECONDS = 6 * 3600;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

interface KnownKeys {
  readonly keys: readonly JWK[];
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Checks tokens of these issuers. Keys are kept in memory, and asked for again as they turn. */
export function makeIssuedTokens(issuers: readonly TrustedIssuer[]): IssuedTokens {
  const known = new Map<string, KnownKeys>();
  const asking = new Map<string, Promise<readonly JWK[] | null>>();

  const ask = async (one: TrustedIssuer, now: Date): Promise<readonly JWK[] | null> => {
    const running = asking.get(one.issuer);
    if (running) return running;
    const before = known.get(one.issuer);
    const asked = fetchKeys(one).then((keys) => {
      const at = now.getTime();
      const isStale = !before || at - before.answeredAt > KEYS_STALE_MS;
      known.set(one.issuer, {
        keys: keys ?? (isStale ? [] : before.keys),
        askedAt: at,
        answeredAt: keys ? at : (before?.answeredAt ?? 0),
      });
      return keys ?? (isStale ? null : before.keys);
    });
    asking.set(one.issuer, asked);
    try {
      return await asked;
    } finally {
      asking.delete(one.issuer);
    }
  };

  /** The keys at hand, or newer ones where these are old or lack the one that is wanted. Null: nobody answers. */
  const keysFor = async (one: TrustedIssuer, kid: string | undefined, now: Date): Promise<readonly JWK[] | null> => {
    const have = known.get(one.issuer);
    const at = now.getTime();
    if (have && Math.abs(at - have.askedAt) < LEAST_BETWEEN_MS) return have.answeredAt === 0 ? null : have.keys;
    const isFresh = have && at - have.answeredAt < KEYS_FRESH_MS && at >= have.answeredAt;
    const isThere = have?.keys.some((key) => kid === undefined || key.kid === kid);
    return isFresh && isThere ? have.keys : ask(one, now);
  };

  return {
    issuers: issuers.map(({ service, issuer }) => ({ service, issuer })),
    check: async (token, { audience, now }) => {
      const read = readUnverified(token);
      if (!read.ok) return read;
      const { kid, alg, iss, text } = read.value;
      const one = issuers.find(({ issuer }) => issuer === iss);
      if (!one) return refuse(issuedTokenRefusals["unknown-issuer"]());
      if (!ALGORITHMS.includes(alg)) return refuse(issuedTokenRefusals.algorithm());
      const keys = await keysFor(one, kid, now);
      if (!keys) return refuse(issuedTokenRefusals.unreachable());
      try {
        const { payload } = await jwtVerify(text, createLocalJWKSet({ keys: [...keys] }), {
          issuer: one.issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: TOLERANCE,
          currentDate: now,
          maxTokenAge: OLDEST_SECONDS,
          requiredClaims: ["sub", "exp", "iat", "aud"],
        });
        // One for several audiences could be handed on by each of them.
        if (typeof payload.aud !== "string" && payload.aud?.length !== 1) return refuse(issuedTokenRefusals.audience());
        return ok({
          service: one.service,
          issuer: one.issuer,
          claims: payload,
          signed: text.slice(0, text.lastIndexOf(".")),
          expiresAt: new Date((payload.exp ?? 0) * 1000),
        });
      } catch (error) {
        return refuse(refusalOf(error));
      }
    },
  };
}

/** What is needed to find the issuer and the key; believed only once the signature fits. */
function readUnverified(token: string) {
  const text = token.trim();
  if (text.length > LONGEST_TOKEN || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text))
    return refuse(issuedTokenRefusals.malformed());
  try {
    const { alg, kid, crit } = decodeProtectedHeader(text);
    const { iss } = decodeJwt(text);
    if (typeof alg !== "string" || typeof iss !== "string" || (kid !== undefined && typeof kid !== "string"))
      return refuse(issuedTokenRefusals.malformed());
    return crit === undefined ? ok({ alg, iss, kid, text }) : refuse(issuedTokenRefusals.algorithm());
  } catch {
    return refuse(issuedTokenRefusals.malformed());
  }
}

function refusalOf(error: unknown) {
  if (error instanceof errors.JWTExpired) {
    return issuedTokenRefusals.expired();
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return issuedTokenRefusals.audience();
    if (error.reason === "missing" || error.reason === "invalid")
      return issuedTokenRefusals.claims({ detail: `It is “${error.claim.slice(0, 20)}”.` });
    return error.claim === "nbf" || error.claim === "iat"
      ? issuedTokenRefusals["not-yet"]()
      : issuedTokenRefusals.claims();
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return issuedTokenRefusals["unknown-key"]();
  if (error instanceof errors.JOSENotSupported || error instanceof errors.JOSEAlgNotAllowed)
    return issuedTokenRefusals.algorithm();
  if (error instanceof errors.JWSSignatureVerificationFailed) return issuedTokenRefusals["bad-signature"]();
  return issuedTokenRefusals.malformed();
}

/** OpenID Connect Discovery 1.0 §4, RFC 7517. Null where the issuer does not answer, or answers for another. */
async function fetchKeys({ issuer, fetch }: TrustedIssuer): Promise<readonly JWK[] | null> {
  const described = await fetchJson(fetch, `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const found = discovery.safeParse(described);
  if (!found.success || found.data.issuer !== issuer) return null;
  const set = keySet.safeParse(await fetchJson(fetch, found.data.jwks_uri));
  if (!set.success) return null;
  return set.data.keys.slice(0, MOST_KEYS).filter(isStrong) as readonly JWK[]; // its own type says no more than a record
}

/** Keys that sign, and are strong enough (NIST SP 800-131A). */
function isStrong({ kty, use, n, crv, d, k }: Readonly<Record<string, unknown>>): boolean {
  if ((use !== undefined && use !== "sig") || d !== undefined || k !== undefined) return false;
  if (kty === "RSA") return typeof n === "string" && Buffer.from(n, "base64url").length * 8 >= LEAST_RSA_BITS;
  if (kty === "EC") return crv === "P-256" || crv === "P-384" || crv === "P-521";
  return kty === "OKP" && crv === "Ed25519";
}

async function fetchJson(fetch: GuardedFetch, url: string): Promise<unknown> {
  const answer = await fetch({
    url,
    maxBytes: MOST_BYTES,
    timeoutMs: TIMEOUT_MS,
    headers: { accept: "application/json" },
  });
  if (!answer.ok || answer.value.status !== 200) return null;
  try {
    return JSON.parse(answer.value.body.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
