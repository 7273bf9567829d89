import { type Account, findAccount, requireActive, touchAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Guard, Incoming } from "../kernel/http/index.ts";
import { type AccountId, type ApiTokenId, newId } from "../kernel/ids.ts";
import { digestToken } from "../kernel/one-time.ts";
import type { Random } from "../kernel/random.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { normalizeName } from "./names.ts";
import { registryRefusals } from "./refusals.ts";
import { selectProjectsOf } from "./store/access.ts";
import {
  findApiTokenByDigest,
  insertApiToken,
  lockLiveApiTokens,
  lockOwnApiToken,
  selectApiTokens,
  setHeld,
  setHeldWhereFree,
  setReleased,
  setRevoked,
  touchApiToken,
} from "./store/tokens.ts";
import { formatApiToken, parseApiToken, TOKEN_RANDOM_BYTES } from "./tokens.ts";
import type { ApiToken, TokenHolder } from "./types.ts";

const MOST_NAME_CHARACTERS = 100;

export interface NewToken {
  readonly accountId: AccountId;
  /** Chosen by the subscriber; 1 to 100 characters. */
  readonly name: string;
  /** Names of projects the token is limited to; null for the whole account, projects it will make included. */
  readonly projects: readonly string[] | null;
  /** When it stops working; null for one that does not expire by itself. */
  readonly expiresAt: Date | null;
  readonly actor: AuditActor;
}

/**
 * Makes an API token of 200 random bits. The token is returned this once; only its digest is stored. Refuses a missing
 * name, a limit to no project or to one the account has no role on, and an expiry that has passed. The caller looks at
 * holds (`requireNoHold`, power `tokens`) and writes the mail.
 */
export async function createApiToken(
  tx: Tx,
  random: Random,
  input: NewToken,
): Promise<Result<{ readonly id: ApiTokenId; readonly token: Secret<string> }>> {
  const name = input.name.normalize("NFC").trim();
  if (name === "" || [...name].length > MOST_NAME_CHARACTERS || /\p{Cc}/u.test(name)) {
    return refuse(registryRefusals["token-name"]({ fields: { name: "Use 1 to 100 characters on one line." } }));
  }
  if (input.expiresAt && input.expiresAt <= tx.now) {
    return refuse(registryRefusals["token-expired"]({ fields: { expires: "That day has passed." } }));
  }
  const projects = input.projects === null ? null : [...new Set(input.projects.map(normalizeName))].toSorted();
  if (projects) {
    const known = new Set((await selectProjectsOf(tx, input.accountId)).map((project) => project.normalizedName));
    if (projects.length === 0 || projects.some((project) => !known.has(project))) {
      return refuse(registryRefusals["token-projects"]());
    }
  }
  const text = formatApiToken(random.bytes(TOKEN_RANDOM_BYTES));
  const id = newId("tok", tx.now, random);
  const { accountId, expiresAt } = input;
  await insertApiToken(tx, { id, accountId, name, digest: digestToken(text), projects, expiresAt, publishers: null });
  audit(tx, random, {
    act: "registry/api-token-created",
    actor: input.actor,
    accountId,
    facts: { token: id, projects: projects ?? null, expiresAt: expiresAt?.toISOString() ?? null },
    personal: { name },
  });
  return ok({ id, token: secret(text) });
}

/** Every API token ever made for an account, newest first; nothing in it is a secret. */
export const listApiTokens = (reader: Reader, accountId: AccountId): Promise<readonly ApiToken[]> =>
  selectApiTokens(reader, accountId);

export interface EndToken {
  readonly id: ApiTokenId;
  /** A token of another account is not there. */
  readonly accountId: AccountId;
  readonly because: string;
  readonly actor: AuditActor;
}

/** Revokes a token for good; doing it twice changes nothing. Refuses a token the account does not have. */
export async function revokeApiToken(tx: Tx, random: Random, end: EndToken): Promise<Result<undefined>> {
  const { id, accountId, because, actor } = end;
  const token = await lockOwnApiToken(tx, id, accountId);
  if (!token) return refuse(registryRefusals["no-such-token"]());
  if (token.revoked) return ok();
  await setRevoked(tx, [id], because);
  audit(tx, random, { act: "registry/api-token-revoked", actor, accountId, facts: { token: id, because } });
  return ok();
}

/**
 * Ends a token that was found in public, whoever's it is.
 * @returns whose it was, and whether it was live until now; null where there is no such token
 */
export async function revokeLeakedToken(
  tx: Tx,
  random: Random,
  leak: { readonly text: string; readonly foundAt: string },
): Promise<(TokenHolder & { readonly wasLive: boolean }) | null> {
  const parsed = parseApiToken(leak.text);
  const found = parsed.ok ? await findApiTokenByDigest(tx, digestToken(parsed.value)) : null;
  const token = found && (await lockOwnApiToken(tx, found.id, found.accountId));
  const account = token && (await findAccount(tx, token.accountId));
  if (!token || !account) return null;
  if (token.revoked) return { token, account, wasLive: false };
  await setRevoked(tx, [token.id], "found in public");
  audit(tx, random, {
    act: "registry/api-token-leaked",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { token: token.id },
    personal: { foundAt: leak.foundAt.slice(0, 500) },
  });
  return { token, account, wasLive: true };
}

/** Revokes every token of an account. Returns how many were live. */
export async function revokeAllApiTokens(
  tx: Tx,
  random: Random,
  end: { readonly accountId: AccountId; readonly because: string; readonly actor: AuditActor },
): Promise<number> {
  const { accountId, because, actor } = end;
  const live = await lockLiveApiTokens(tx, accountId);
  if (live.length === 0) return 0;
  await setRevoked(tx, live, because);
  audit(tx, random, { act: "registry/api-tokens-revoked", actor, accountId, facts: { tokens: [...live], because } });
  return live.length;
}

/** Stops a token without revoking it: one that was shown as proof in a recovery case. Doing it twice changes nothing. */
export async function holdApiToken(tx: Tx, random: Random, end: EndToken): Promise<Result<undefined>> {
  const { id, accountId, because, actor } = end;
  const token = await lockOwnApiToken(tx, id, accountId);
  if (!token) return refuse(registryRefusals["no-such-token"]());
  if (token.held) return ok();
  await setHeld(tx, id, because);
  audit(tx, random, { act: "registry/api-token-held", actor, accountId, facts: { token: id, because } });
  return ok();
}

/** Why the tokens of a locked account are held; what is held for another reason is not its owner's to release. */
const LOCKED = "the account was locked";

/** Stops every live token of an account that its owner locked. Returns how many were not held before. */
export async function holdAllApiTokens(
  tx: Tx,
  random: Random,
  { accountId, actor }: { readonly accountId: AccountId; readonly actor: AuditActor },
): Promise<number> {
  const live = await lockLiveApiTokens(tx, accountId);
  const held = await setHeldWhereFree(tx, live, LOCKED);
  if (held.length === 0) return 0;
  const facts = { tokens: [...held], because: LOCKED };
  audit(tx, random, { act: "registry/api-tokens-held", actor, accountId, facts });
  return held.length;
}

/** Whether the owner may let this token work again. */
export const isReleasable = (token: ApiToken): boolean => !token.revoked && token.held?.because === LOCKED;

/**
 * Lets a token work again that was held when its account was locked; doing it twice changes nothing. Refuses a token the
 * account does not have, one that is ended, and one that is held for another reason: shown in a case, it may be known.
 */
export async function releaseApiToken(
  tx: Tx,
  random: Random,
  release: Pick<EndToken, "id" | "accountId" | "actor">,
): Promise<Result<undefined>> {
  const { id, accountId, actor } = release;
  const token = await lockOwnApiToken(tx, id, accountId);
  if (!token) return refuse(registryRefusals["no-such-token"]());
  if (!token.held && !token.revoked) return ok();
  if (!isReleasable(token)) return refuse(registryRefusals["token-stays-held"]());
  await setReleased(tx, id);
  audit(tx, random, { act: "registry/api-token-released", actor, accountId, facts: { token: id } });
  return ok();
}

/** Why a token cannot be used now, if so. */
export function tokenFault(token: ApiToken, now: Date): Refusal | null {
  if (token.revoked) return registryRefusals["token-revoked"]();
  if (token.expiresAt && token.expiresAt <= now) return registryRefusals["token-expired"]();
  return token.held ? registryRefusals["token-held"]() : null;
}

/**
 * Who presents this token. Refuses: text that is no token, by shape or checksum; an unknown one; one that is revoked,
 * expired or on hold (its holder may know which: whoever has 200 random bits of it is not guessing). Does not look at
 * the account's freeze: `requireActive` does. Notes no use: the guard does.
 */
export async function authenticateApiToken(reader: Reader, text: string, now: Date): Promise<Result<TokenHolder>> {
  const parsed = parseApiToken(text);
  if (!parsed.ok) return parsed;
  const token = await findApiTokenByDigest(reader, digestToken(parsed.value));
  const account: Account | null = token && (await findAccount(reader, token.accountId));
  if (!token || !account) return refuse(registryRefusals["bad-token"]());
  const fault = tokenFault(token, now);
  return fault ? refuse(fault) : ok({ token, account });
}

const MOST_HEADER_CHARACTERS = 1024;

/** The token in an Authorization header: Basic with the username `__token__`, as twine sends it, or Bearer. Pure. */
export function readAuthorization(header: string | undefined): Result<string> {
  const [scheme = "", credentials = ""] = (header ?? "").slice(0, MOST_HEADER_CHARACTERS).trim().split(/\s+/, 2);
  if (scheme === "" || credentials === "") return refuse(registryRefusals["no-credentials"]());
  if (scheme.toLowerCase() === "bearer") return ok(credentials);
  if (scheme.toLowerCase() !== "basic") return refuse(registryRefusals["no-credentials"]());
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  const isTokenName = colon >= 0 && pair.slice(0, colon) === "__token__";
  return isTokenName ? ok(pair.slice(colon + 1)) : refuse(registryRefusals["not-a-token"]());
}

/** Requests made with an API token. Refuses as `authenticateApiToken` does, and a frozen account. */
export const apiTokenGuard: Guard<TokenHolder> = {
  name: "API token",
  authorize: async (runtime: Runtime, incoming: Incoming): Promise<Result<TokenHolder>> => {
    const presented = readAuthorization(incoming.header("authorization"));
    if (!presented.ok) return presented;
    const holder = await authenticateApiToken(runtime.db, presented.value, incoming.now);
    if (!holder.ok) return holder;
    const active = requireActive(holder.value.account);
    if (!active.ok) return active;
    await noteUse(runtime, holder.value, incoming.now);
    return ok({ ...holder.value, source: incoming.source });
  },
};

const MINUTE_MS = 60_000;

async function noteUse(runtime: Runtime, { token, account }: TokenHolder, now: Date): Promise<void> {
  if (token.lastUsedAt && now.getTime() - token.lastUsedAt.getTime() < MINUTE_MS) return;
  await transact(runtime.db, { now, bookkeeping: "last use of an API token" }, async (tx) => {
    await touchApiToken(tx, token.id);
    await touchAccount(tx, account.id);
    return ok();
  });
}
