import { accountRefusals, listAddresses } from "../accounts/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { ApiTokenId, SessionId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { createApiToken, releaseApiToken, requireNoHold, revokeApiToken } from "../registry/index.ts";
import { endAllSessions, endSession } from "../sessions/index.ts";
import { type Self, selfActor, tellOwner } from "./enrol.ts";

export interface NewToken {
  readonly name: string;
  /** Null: every project of the account. */
  readonly projects: readonly string[] | null;
  readonly expiresAt: Date | null;
}

/**
 * Makes an API token, shown this once. Refuses while token making is held after a recovery, and before an address is
 * confirmed: whoever can publish must be reachable.
 */
export async function createToken(runtime: Runtime, self: Self, token: NewToken): Promise<Result<Secret<string>>> {
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<Secret<string>>> => {
    const free = await requireNoHold(tx, self.account.id, "tokens", self.now);
    if (!free.ok) return free;
    const isReachable = (await listAddresses(tx, self.account.id)).some((one) => one.verifiedAt);
    if (!isReachable) return refuse(accountRefusals["address-unconfirmed"]());
    const made = await createApiToken(tx, runtime.random, {
      accountId: self.account.id,
      ...token,
      actor: selfActor(self),
    });
    if (!made.ok) return made;
    await tellOwner(tx, runtime, self, "api-token-created", {
      username: self.account.username,
      name: token.name,
      when: self.now,
    });
    return ok(made.value.token);
  });
}

/** Ends an API token of the account. Doing it twice changes nothing. */
export async function revokeToken(runtime: Runtime, self: Self, id: ApiTokenId): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, (tx) =>
    revokeApiToken(tx, runtime.random, {
      id,
      accountId: self.account.id,
      because: "by its owner",
      actor: selfActor(self),
    }),
  );
}

/**
 * Lets a token work again that was held when the account was locked. The route has made sure that both authenticators
 * were shown in the last ten minutes. Refuses what is held for another reason.
 */
export async function releaseToken(runtime: Runtime, self: Self, id: ApiTokenId): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, (tx) =>
    releaseApiToken(tx, runtime.random, { id, accountId: self.account.id, actor: selfActor(self) }),
  );
}

export async function signOut(runtime: Runtime, self: Self): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, async (tx) => {
    await endSession(tx, runtime.random, {
      id: self.session.id,
      accountId: self.account.id,
      because: "signed out",
      actor: selfActor(self),
    });
    return ok();
  });
}

/** Ends another session of the account; one that is not the account's is not there. */
export async function endOneSession(runtime: Runtime, self: Self, id: SessionId): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, async (tx) => {
    await endSession(tx, runtime.random, {
      id,
      accountId: self.account.id,
      because: "ended by the owner",
      actor: selfActor(self),
    });
    return ok();
  });
}

export async function endOtherSessions(runtime: Runtime, self: Self): Promise<Result<number>> {
  return transact(runtime.db, { now: self.now }, async (tx) =>
    ok(
      await endAllSessions(tx, runtime.random, {
        accountId: self.account.id,
        because: "ended by the owner",
        actor: selfActor(self),
        except: self.session.id,
      }),
    ),
  );
}
