import { appendFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { composition } from "../app/composition.ts";
import { type Config, configLines, readConfig } from "../app/config.ts";
import { asFailure, EXIT, type ExitCode, Failure } from "../app/failure.ts";
import { runUntilStopped } from "../app/run.ts";
import { type App, startApp } from "../app/start.ts";
import { EmbeddedError } from "../kernel/db/embedded/error.ts";
import { startEmbedded } from "../kernel/db/embedded/index.ts";
import { makeLog } from "../kernel/log.ts";
import { fileMailbox } from "./demo/mailbox.ts";
import { makeNarrator } from "./demo/narrator.ts";
import type { WorldTime } from "./demo/person.ts";
import { type Cast, playStory } from "./demo/story.ts";
import { endWith, processContext } from "./process.ts";

/*
 * `npm run demo`: an installation of its own under DATA_DIR/demo, made anew at each run, with a policy whose waits are
 * seconds. The story is played against it over HTTP; every line that is quoted came from the server.
 */

const say = (line = ""): void => void process.stdout.write(`${line}\n`);

const wallTime: WorldTime = {
  now: () => new Date(),
  until: (date) => new Promise((resolve) => setTimeout(resolve, Math.max(0, date.getTime() - Date.now()))),
};

function demoConfig(): Config {
  const { environment, places } = processContext;
  const dataDirectory = join(environment["DATA_DIR"] ?? join(places.workingDirectory, "data"), "demo");
  const POLICY_FILE = environment["POLICY_FILE"] ?? join(places.packageDirectory, "policy", "demo.json");
  const read = readConfig(
    {
      INDEX_NAME: "Quarry",
      ...environment,
      DATA_DIR: dataDirectory,
      POLICY_FILE,
      DATABASE_URL: undefined,
      SMTP_URL: undefined,
    },
    places,
  );
  if (!read.ok) throw new Failure(EXIT.usage, configLines(read.refusal).join("\n"));
  return read.value;
}

/** Clears what an earlier run left, a database that a kill -9 orphaned included. Never a demo that still runs. */
async function startAnew(config: Config): Promise<void> {
  try {
    const left = await startEmbedded({ dataDirectory: join(config.dataDirectory, "pg") });
    await left.stop();
  } catch (error) {
    if (error instanceof EmbeddedError && error.code === "already-running") {
      throw new Failure(
        EXIT.unavailable,
        `A demo is running already. ${error.message} Stop it with Ctrl-C, or give this one a folder and a port of its own: DATA_DIR=/tmp/demo PORT=8481 npm run demo`,
      );
    }
    if (!(error instanceof EmbeddedError)) throw error; // anything else about the old data does not matter: it goes
  }
  await rm(config.dataDirectory, { recursive: true, force: true });
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
}

function farewell(app: App, cast: Cast, table: string, seconds: number): void {
  const origin = app.runtime.publicUrl.origin;
  say();
  say(
    `Summary: the main job, ${cast.people.length} people, ${cast.caseNumbers.length} cases, ${seconds.toFixed(0)} s in all`,
  );
  say(table);
  say();
  say("Look at it in a browser. The server goes on until Ctrl-C.");
  say(`  Index        ${origin}/simple/     ${origin}/project/alpenglow/`);
  say(`  Mailbox      ${origin}/mailbox`);
  say(`  Desk         ${origin}/console`);
  say(`  Case page    follow the link in a claimant's mail, then enter the case code:`);
  for (const one of cast.caseNumbers)
    say(`                 ${one.whose.padEnd(6)} ${one.number}   case code ${one.code}`);
  say();
  say("  Sign-in data (the authenticator app is the key behind --totp):");
  for (const person of cast.people) {
    const key = /secret=([A-Z2-7]+)/.exec(person.phone?.uri ?? "")?.[1] ?? "";
    say(`    ${person.username.padEnd(8)} password ${person.password.padEnd(36)} oathtool --totp -b ${key}`);
  }
}

async function play(app: App, administratorPath: string): Promise<void> {
  const narrator = makeNarrator(process.stdout);
  const startedAt = performance.now();
  const world = { origin: app.runtime.publicUrl.origin, mailbox: fileMailbox(app.folders.mail), time: wallTime };
  const cast = await playStory(world, narrator, administratorPath);
  farewell(app, cast, narrator.table(), (performance.now() - startedAt) / 1000);
}

async function main(): Promise<ExitCode> {
  const config = demoConfig();
  say(`Starting Locksmith with a database of its own under ${config.dataDirectory} …`);
  await startAnew(config);
  const logFile = join(config.dataDirectory, "server.log");
  const log = makeLog(config.logLevel, (line) => void appendFile(logFile, line));
  let administratorPath = "";
  return runUntilStopped({
    process: processContext.process,
    log,
    tell: say,
    start: () =>
      startApp(config, {
        ...composition,
        log,
        pollSeconds: 1,
        onFirstStart: ({ url }) => {
          administratorPath = new URL(url.reveal()).pathname;
        },
      }),
    onStarted: (app) => {
      say(`It answers at ${app.url.origin}. What it logs: ${logFile}`);
      play(app, administratorPath).catch(async (error: unknown) => {
        process.stderr.write(`\nThe story stopped: ${error instanceof Error ? error.message : String(error)}\n`);
        await app.stop();
        endWith(EXIT.unexpected);
      });
    },
  });
}

try {
  endWith(await main());
} catch (error) {
  const failure = asFailure(error);
  process.stderr.write(`${failure ? failure.message : error instanceof Error ? error.stack : String(error)}\n`);
  endWith(failure?.exitCode ?? EXIT.unexpected);
}
