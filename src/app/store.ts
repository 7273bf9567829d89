import { type Database, openDatabase } from "../kernel/db/database.ts";
import { EmbeddedError, startEmbedded } from "../kernel/db/embedded/index.ts";
import { attachEmbedded, hasCluster } from "./attach.ts";
import type { Config } from "./config.ts";
import { layoutOf } from "./data-folder.ts";
import { EXIT, Failure } from "./failure.ts";

/** The database, opened for one command beside or without a running server. */
export interface Store {
  readonly db: Database;
  readonly connectionString: string;
  /** `server`: DATABASE_URL; `attached`: the embedded one of a running Locksmith; `started`: embedded, for this command. */
  readonly kind: "server" | "attached" | "started";
  close(): Promise<void>;
}

const COMMAND_POOL = 4;
const STARTING_MILLISECONDS = 15_000;

/**
 * Opens the installation's database, whether or not its server is running: a command must never start a second one on
 * the same data. Throws a Failure where there is none to open.
 * @param options.mayCreate whether a data folder without a database gets one
 */
export async function openStore(config: Config, options: { readonly mayCreate: boolean }): Promise<Store> {
  const configured = config.databaseUrl?.reveal();
  if (configured !== undefined) return store(configured, "server", async () => undefined);
  const folder = layoutOf(config.dataDirectory).database;
  if (!options.mayCreate && !(await hasCluster(folder))) {
    throw new Failure(
      EXIT.unavailable,
      `There is no installation in ${config.dataDirectory} yet. Start one with \`npm start\`, or set DATA_DIR to the ` +
        "folder that has it.",
    );
  }
  const running = await attachEmbedded(folder, 0);
  if (running !== null) return store(running, "attached", async () => undefined);
  try {
    const started = await startEmbedded({ dataDirectory: folder });
    return store(started.connectionString, "started", () => started.stop());
  } catch (error) {
    if (!(error instanceof EmbeddedError && error.code === "already-running")) throw error;
    const starting = await attachEmbedded(folder, STARTING_MILLISECONDS); // its owner has the folder, and starts or stops
    if (starting === null) throw error;
    return store(starting, "attached", async () => undefined);
  }
}

function store(connectionString: string, kind: Store["kind"], closeServer: () => Promise<void>): Store {
  const db = openDatabase({ connectionString, poolSize: COMMAND_POOL });
  return {
    db,
    connectionString,
    kind,
    close: async () => {
      await db.close();
      await closeServer();
    },
  };
}
