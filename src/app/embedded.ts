import { setTimeout as delay } from "node:timers/promises";
import { type EmbeddedServer, startEmbedded } from "../kernel/db/embedded/index.ts";
import { errorFields, type Log } from "../kernel/log.ts";

export interface KeptServer {
  readonly connectionString: string;
  stop(): Promise<void>;
}

const FIRST_WAIT_MILLISECONDS = 100;
const LONGEST_WAIT_MILLISECONDS = 10_000;

/**
 * Starts the embedded server and starts it again, with growing pauses, whenever it ends by itself. Its address stays the
 * same, so pools find it again without help.
 */
export async function keepEmbedded(dataDirectory: string, log: Log): Promise<KeptServer> {
  const stopping = new AbortController();
  let restart: Promise<void> = Promise.resolve();
  const start = (): Promise<EmbeddedServer> =>
    startEmbedded({
      dataDirectory,
      log: (line) => log.info("embedded database", { detail: line }),
      onExit: () => {
        restart = startAgain();
      },
    });
  let server = await start();
  const { connectionString } = server;

  async function startAgain(): Promise<void> {
    for (
      let wait = FIRST_WAIT_MILLISECONDS;
      !stopping.signal.aborted;
      wait = Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS)
    ) {
      try {
        server = await start();
        return;
      } catch (error) {
        log.error("embedded database did not start again", errorFields(error));
        await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  return {
    connectionString,
    stop: async () => {
      stopping.abort();
      await restart;
      await server.stop();
    },
  };
}
