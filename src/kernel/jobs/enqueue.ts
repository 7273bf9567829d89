import { AsyncLocalStorage } from "node:async_hooks";
import { sql } from "kysely";
import { type Clock, type Db, fromKysely, PgBoss } from "pg-boss";
import type { Tx } from "../db/transact.ts";
import type { JobKind } from "./job.ts";
import { JOB_SCHEMA, queueOptions } from "./queue.ts";

/*
 * A sender that owns neither a connection nor a timer: every statement it makes runs in the transaction of whoever
 * calls `enqueue`, so that an act that is rolled back leaves no job behind.
 */

const currentTransaction = new AsyncLocalStorage<Db>();

const callersTransaction: Db = {
  executeSql: (text, values) => {
    const transaction = currentTransaction.getStore();
    if (!transaction) throw new Error("The job queue was used outside enqueue.");
    return transaction.executeSql(text, values);
  },
};

const noTimers: Clock = {
  now: () => Date.now(),
  setTimeout: () => null,
  clearTimeout: () => undefined,
  setInterval: () => null,
  clearInterval: () => undefined,
};

let sender: PgBoss | null = null;

function makeSender(): PgBoss {
  const boss = new PgBoss({
    db: callersTransaction,
    schema: JOB_SCHEMA,
    clock: noTimers,
    migrate: false,
    schedule: false,
    supervise: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  });
  boss.on("error", () => undefined); // without timers nothing happens in the background that could report here
  return boss;
}

/**
 * Puts a job in its queue, in the caller's transaction: it exists if and only if the act is committed, and wakes a
 * worker at the commit. Needs pg-boss's schema (`prepareJobs`); makes the queue where it does not exist yet.
 * Throws when the data does not fit the job's schema: that is a bug of the caller.
 * @param options.startAfter earliest start by the database's clock; without it, at once
 */
export async function enqueue<Data extends object>(
  tx: Tx,
  job: JobKind<Data>,
  data: Data,
  options: { readonly startAfter?: Date } = {},
): Promise<void> {
  const checked = job.schema.parse(data);
  const trx = tx.as<unknown>();
  const db = fromKysely(trx);
  await currentTransaction.run(db, async () => {
    const { rows } = await sql<{ known: boolean }>`
      select exists (select from pgboss.queue where name = ${job.name}) as known`.execute(trx);
    if (!rows[0]?.known) {
      // pg-boss's createQueue would commit the caller's transaction; the function beneath it does not.
      await sql`select pgboss.create_queue(${job.name}, ${JSON.stringify({ policy: "standard", ...queueOptions(job) })}::jsonb)`.execute(
        trx,
      );
    }
    sender ??= makeSender();
    await sender.start(); // first call: reads the schema's version and the queues; later: nothing
    const { startAfter } = options;
    const id = await sender.send(job.name, checked, { db, ...(startAfter ? { startAfter } : {}) });
    if (id === null) throw new Error(`Job ${job.name} was not put in its queue.`);
  });
}
