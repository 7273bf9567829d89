import { lockName } from "../kernel/db/transact.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Random } from "../kernel/random.ts";
import { commitPersonal, GENESIS, hashRow } from "./chain.ts";
import { insertEvents, lastLink } from "./store.ts";
import type { AuditEvent } from "./types.ts";

const SALT_BYTES = 16;
const pending = new WeakMap<Tx, AuditEvent[]>();

/**
 * Puts an event on the log, in the transaction of the act itself. Events are held back and chained just before the
 * commit, so that the lock on the chain's end is held for one round trip and not for the whole act.
 */
export function audit(tx: Tx, random: Random, event: AuditEvent): void {
  tx.markAudited();
  const held = pending.get(tx);
  if (held) {
    held.push(event);
    return;
  }
  const events = [event];
  pending.set(tx, events);
  tx.beforeCommit(() => append(tx, random, events));
}

async function append(tx: Tx, random: Random, events: readonly AuditEvent[]): Promise<void> {
  await lockName(tx.as<unknown>(), "audit-chain");
  let { seq, hash } = (await lastLink(tx)) ?? { seq: 0n, hash: GENESIS };
  const rows = events.map((event) => {
    seq += 1n;
    const personal = event.personal ?? null;
    const salt = random.bytes(SALT_BYTES);
    const row = {
      seq,
      at: tx.now,
      act: event.act,
      actorKind: event.actor.kind,
      actorId: "id" in event.actor ? event.actor.id : null,
      accountId: event.accountId ?? null,
      caseId: event.caseId ?? null,
      facts: event.facts ?? {},
      personalCommitment: commitPersonal(salt, personal),
    };
    const previousHash = hash;
    hash = hashRow(previousHash, row);
    return { ...row, personal, personalSalt: salt, previousHash, hash };
  });
  await insertEvents(tx, rows);
}
