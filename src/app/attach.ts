import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openDataFolder } from "../kernel/db/embedded/cluster.ts";
import { connectionStringOf, withConnection } from "../kernel/db/embedded/connect.ts";
import { findPostmaster, readPidFile } from "../kernel/db/embedded/postmaster.ts";

const ROLE = "locksmith";
const DATABASE = "locksmith";

/** Whether an embedded database was ever made in the folder. */
export const hasCluster = (dataDirectory: string): Promise<boolean> =>
  stat(join(dataDirectory, "cluster", "PG_VERSION")).then(
    () => true,
    () => false,
  );

/**
 * The connection string of the embedded server that another process runs on the folder, without taking the folder from
 * it; null where none answers within the time. A server that is just starting is waited for.
 * @param dataDirectory as given to startEmbedded
 */
export async function attachEmbedded(dataDirectory: string, waitMilliseconds: number): Promise<string | null> {
  const deadline = performance.now() + waitMilliseconds;
  for (;;) {
    const address = (await hasCluster(dataDirectory)) ? await addressOfRunning(dataDirectory) : null;
    if (address !== null && (await answers(address))) return address;
    if (performance.now() > deadline) return null;
    await delay(200);
  }
}

async function addressOfRunning(dataDirectory: string): Promise<string | null> {
  const layout = await openDataFolder(dataDirectory);
  const file = await readPidFile(layout);
  if (!file || file.status !== "ready" || !findPostmaster(file, layout)) return null;
  const password = (await readFile(layout.password, "utf8")).trim();
  const host = file.socketFolder === "" ? "127.0.0.1" : file.socketFolder;
  return connectionStringOf({ host, port: file.port, name: ROLE, password, database: DATABASE });
}

const answers = (address: string): Promise<boolean> =>
  withConnection(address, (client) => client.query("select 1")).then(
    () => true,
    () => false,
  );
