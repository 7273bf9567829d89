import assert from "node:assert/strict";
import { testDatabase } from "../../test/world/database.ts";
import { type TestRuntime, testRuntime } from "../../test/world/runtime.ts";
import { createAccount, parseAddress, setVerified } from "../accounts/index.ts";
import { audit, verifyChain } from "../audit/index.ts";
import { bindPassword, type PasswordOrigin, preparePassword } from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type AccountId, type CaseId, newId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { createApiToken } from "../registry/index.ts";
import { startChallenge } from "./challenge.ts";
import type { Challenge, EvidenceContext } from "./types.ts";

/** The value of a result that must be one. */
export function must<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? "" : `refused: ${result.refusal.code}`);
  return result.value;
}

export const codeOf = (result: Result<unknown>): string => (result.ok ? "ok" : result.refusal.code);

const DAY_MS = 24 * 3600_000;

/** A database with people in it, and cases about them. The recovery slice is not needed: a case is an id here. */
export async function evidenceWorld() {
  const database = await testDatabase();
  const runtime = testRuntime(database.db, { publicUrl: "https://index.example" });
  /** Runs an act long ago, so that what it binds is old enough to count. */
  const act = async <T>(work: (tx: Tx) => Promise<T>, daysAgo = 400): Promise<T> => {
    const now = new Date(runtime.clock.now().getTime() - daysAgo * DAY_MS);
    return must(
      await transact(runtime.db, { now }, async (tx) => {
        audit(tx, runtime.random, { act: "test/arranged", actor: { kind: "operator" } });
        return ok(await work(tx));
      }),
    );
  };
  return {
    db: database.db,
    runtime,
    act,
    register: (username: string, address: string, options: { readonly isVerified?: boolean } = {}) =>
      act(async (tx): Promise<AccountId> => {
        const made = must(await createAccount(tx, runtime.random, { username, address: must(parseAddress(address)) }));
        if (options.isVerified !== false) await setVerified(tx, made.addressId);
        return made.accountId;
      }),
    setPassword: async (
      accountId: AccountId,
      password: string,
      origin: PasswordOrigin = "registration",
      daysAgo = 400,
    ) => {
      const prepared = must(await preparePassword(runtime, secret(password), { hasSecondFactor: true }));
      await act((tx) => bindPassword(tx, runtime.random, accountId, prepared, origin), daysAgo);
    },
    makeToken: (accountId: AccountId, name: string): Promise<Secret<string>> =>
      act(async (tx) => {
        const token = {
          accountId,
          name,
          projects: null,
          expiresAt: null,
          actor: { kind: "subscriber", id: accountId },
        } as const;
        return must(await createApiToken(tx, runtime.random, token)).token;
      }),
    openCase: (accountId: AccountId | null): EvidenceContext => contextOf(runtime, accountId),
    challenge: (context: EvidenceContext, kindId: string): Promise<Challenge> =>
      transact(runtime.db, { now: context.now }, (tx) => startChallenge(tx, runtime, context, kindId)).then(must),
    /** Every test ends with an audit log that holds. */
    close: async () => {
      assert.deepEqual((await verifyChain(database.db)).breaches, []);
      await database.drop();
    },
  };
}

function contextOf(runtime: TestRuntime, accountId: AccountId | null): EvidenceContext {
  const now = runtime.clock.now();
  return {
    caseId: newId("case", now, runtime.random) as CaseId,
    caseNumber: "LK-4F7Q-9KMT",
    accountId,
    username: "alice",
    openedAt: now,
    publicUrl: runtime.publicUrl,
    indexName: runtime.indexName,
    now,
  };
}

export type EvidenceWorld = Awaited<ReturnType<typeof evidenceWorld>>;
