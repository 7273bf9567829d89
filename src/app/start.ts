import { httpRefusals } from "../kernel/http/define-route.ts";
import {
  type AssetFolder,
  buildEdge,
  type EdgeOptions,
  type Incoming,
  type Route,
  type SourceLimit,
} from "../kernel/http/index.ts";
import { type AnyJob, prepareJobs, startJobs } from "../kernel/jobs/index.ts";
import type { Log } from "../kernel/log.ts";
import { refuse, type Result } from "../kernel/result.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { countAttempt, networkBucket } from "../throttle/index.ts";
import type { Config } from "./config.ts";
import { type Core, makeClosers, openCore } from "./core.ts";
import { asFailure } from "./failure.ts";
import { type AdministratorLink, linkForFirstStart } from "./first-administrator.ts";
import { healthRoutes, makeReadiness, type Phase } from "./health.ts";
import { chooseEndpoint, listen } from "./listen.ts";
import { takeMailIn } from "./mail-in.ts";
import { MIGRATIONS } from "./migrations.ts";

/** A running installation, as routes and jobs see it. */
export interface App extends Core {
  /** Where this process answers: scheme, host and port. The public address may be another. */
  readonly url: URL;
  /** Closes everything in reverse order; data stays. Safe to repeat. */
  stop(): Promise<void>;
}

/** What the slices above contribute. */
export interface Composition {
  readonly buildRoutes: (app: App) => readonly Route[];
  readonly buildJobs: (app: App) => readonly AnyJob[];
  readonly refusalPage: EdgeOptions["refusalPage"];
  /** Folders served under /assets/. */
  readonly assets: readonly AssetFolder[];
}

export interface StartOptions extends Composition {
  readonly log: Log;
  /** Given the one-time link, as long as nobody is administrator. */
  readonly onFirstStart?: (link: AdministratorLink) => void;
  /** How often delayed jobs are looked for; the demo's waits are seconds. */
  readonly pollSeconds?: number;
}

/** Requests a minute from one address, before anything else is looked at. */
const FLOOD_LIMIT = 6_000;
const REQUESTS_END_MILLISECONDS = 3_000;
const JOBS_END_MILLISECONDS = 3_000;
const MAIL_ENDS_MILLISECONDS = 6_000;

/**
 * Starts an installation: the web server, and in the same process the jobs. Throws a Failure, with a sentence for the
 * operator, for whatever can be expected to be wrong; then nothing is left running.
 */
export async function startApp(config: Config, options: StartOptions): Promise<App> {
  return start(options.log, async (closers, phase, stop) => {
    // Before the database is started: two installations on one port are found out in milliseconds.
    const endpoint = await chooseEndpoint(config.host, config.port);
    const core = await openCore(config, options.log, closers, endpoint.port);
    const app: App = { ...core, url: new URL(urlOf(endpoint)), stop };
    const jobs = options.buildJobs(app);
    await prepareJobs(core.connectionString, jobs);
    const readiness = makeReadiness(core.runtime, {
      phase,
      policyVersion: core.policy.version,
      migrationsDirectory: MIGRATIONS,
    });
    const edge = await buildEdge(core.runtime, {
      routes: [...healthRoutes(readiness), ...options.buildRoutes(app)],
      throttle: countRequest,
      refusalPage: options.refusalPage,
      assets: options.assets,
      floodLimit: FLOOD_LIMIT,
    });
    const runner = await startJobs(
      core.runtime,
      core.connectionString,
      jobs,
      options.pollSeconds === undefined ? {} : { pollSeconds: options.pollSeconds },
    );
    closers.add("jobs", JOBS_END_MILLISECONDS, () => runner.stop());
    const listener = await listen(edge, endpoint);
    const receiver = await takeMailIn(core.config, { ...core.runtime, policy: core.policy });
    if (receiver) {
      closers.add("mail receiver", MAIL_ENDS_MILLISECONDS, () => receiver.stop());
      options.log.info("taking mail", { detail: `port ${receiver.port}` });
    }
    closers.add("web server", REQUESTS_END_MILLISECONDS + 500, () => listener.stop(REQUESTS_END_MILLISECONDS));
    const link = await linkForFirstStart(core.runtime);
    if (link) options.onFirstStart?.(link);
    options.log.info("serving", { detail: app.url.origin });
    return app;
  });
}

/** A process that only works off jobs, beside others that serve. Throws as startApp does. */
export async function startWorker(config: Config, options: Pick<StartOptions, "log" | "buildJobs">): Promise<App> {
  return start(options.log, async (closers, _phase, stop) => {
    const core = await openCore(config, options.log, closers);
    const app: App = { ...core, url: core.config.publicUrl, stop };
    const jobs = options.buildJobs(app);
    await prepareJobs(core.connectionString, jobs);
    const runner = await startJobs(core.runtime, core.connectionString, jobs);
    closers.add("jobs", JOBS_END_MILLISECONDS, () => runner.stop());
    options.log.info("working", { count: jobs.length });
    return app;
  });
}

type Open = (closers: ReturnType<typeof makeClosers>, phase: () => Phase, stop: () => Promise<void>) => Promise<App>;

async function start(log: Log, open: Open): Promise<App> {
  const closers = makeClosers(log);
  let phase: Phase = "starting";
  let stopping: Promise<void> | undefined;
  const stop = () => {
    phase = "stopping";
    return (stopping ??= closers.closeAll());
  };
  try {
    const app = await open(closers, () => phase, stop);
    phase = "ready";
    return app;
  } catch (error) {
    await stop();
    throw asFailure(error) ?? error;
  }
}

const urlOf = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

/** Counts a request of one network against a route's limit, committed before the route does anything. */
export async function countRequest(
  runtime: Runtime,
  limit: SourceLimit,
  incoming: Incoming,
): Promise<Result<undefined>> {
  const bucket = `http:${limit.bucket}:${networkBucket(runtime, incoming.source.ip)}`;
  const counted = await countAttempt(runtime.db, { ...limit, bucket }, incoming.now);
  if (counted.ok) return ok();
  const { retryAfterSeconds } = counted.refusal;
  return refuse(httpRefusals["too-many"](retryAfterSeconds === undefined ? {} : { retryAfterSeconds }));
}
