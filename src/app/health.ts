import { sql } from "kysely";
import { pendingMigrations } from "../kernel/db/migrate.ts";
import { anyone, defineRoute, json, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";

export type Phase = "starting" | "ready" | "stopping";

export interface Health {
  /** What the process itself is doing. */
  readonly phase: () => Phase;
  /** The version of the policy that was checked at start. */
  readonly policyVersion: string;
  readonly migrationsDirectory: string;
  /** How long readiness waits for the database. */
  readonly timeoutMilliseconds?: number;
}

export interface Check {
  readonly isOk: boolean;
  readonly detail: string;
}

export interface ReadinessReport {
  readonly status: "ready" | "not-ready";
  readonly checks: Readonly<Record<"process" | "database" | "migrations" | "policy", Check>>;
}

const TIMEOUT_MILLISECONDS = 2_000;

/**
 * Whether this process can serve. One look at a time: callers that come meanwhile share its answer, so that a database
 * that hangs is not asked again by each of them.
 */
export function makeReadiness(runtime: Runtime, health: Health): () => Promise<ReadinessReport> {
  let running: Promise<ReadinessReport> | undefined;
  return () => {
    running ??= look(runtime, health).finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function look(runtime: Runtime, health: Health): Promise<ReadinessReport> {
  const phase = health.phase();
  const found = await within(health.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS, () => lookAtDatabase(runtime, health));
  const checks = {
    process: { isOk: phase === "ready", detail: phase },
    ...found,
    policy: { isOk: true, detail: health.policyVersion }, // a process does not start with one that fails its checks
  };
  return { status: Object.values(checks).every((check) => check.isOk) ? "ready" : "not-ready", checks };
}

type DatabaseChecks = Pick<ReadinessReport["checks"], "database" | "migrations">;

const UNKNOWN: Check = { isOk: false, detail: "unknown while the database is away" };

async function lookAtDatabase({ db, log }: Runtime, { migrationsDirectory }: Health): Promise<DatabaseChecks> {
  try {
    await sql`select 1`.execute(db.root);
    const pending = await pendingMigrations(db, migrationsDirectory);
    return {
      database: { isOk: true, detail: "reachable" },
      migrations: {
        isOk: pending.length === 0,
        detail: pending.length === 0 ? "applied" : `${pending.length} pending`,
      },
    };
  } catch (error) {
    // The reason may name hosts and roles: it is for the log, not for whoever asks.
    log.warn("not ready", { error: error instanceof Error ? error.message : String(error) });
    return { database: { isOk: false, detail: "not reachable" }, migrations: UNKNOWN };
  }
}

async function within(milliseconds: number, act: () => Promise<DatabaseChecks>): Promise<DatabaseChecks> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<DatabaseChecks>((resolve) => {
    const answer = { database: { isOk: false, detail: `no answer in ${milliseconds / 1000} s` }, migrations: UNKNOWN };
    timer = setTimeout(() => resolve(answer), milliseconds);
  });
  try {
    return await Promise.race([act(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `/healthz`: the process is up, nothing else is asked. `/readyz`: it can serve; 503 with the reasons when not. */
export function healthRoutes(readiness: () => Promise<ReadinessReport>): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/healthz",
      about: "Whether the process is up. Asks nothing of the database.",
      guard: anyone,
      handle: async () => json({ status: "up" }),
    }),
    defineRoute({
      method: "GET",
      path: "/readyz",
      about: "Whether this process can serve: database, migrations, policy.",
      guard: anyone,
      handle: async () => {
        const report = await readiness();
        return json(report, report.status === "ready" ? {} : { status: 503, headers: { "retry-after": "5" } });
      },
    }),
  ];
}
