import { execFile } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem, type as systemName } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPackage, packageFor } from "../../src/kernel/db/embedded/binaries.ts";

/** What the figures were measured on, one line each. */
export async function describeMachine(): Promise<readonly string[]> {
  const postgres = join(findPackage(packageFor(process.platform, process.arch)), "native", "bin", "postgres");
  const { stdout } = await promisify(execFile)(postgres, ["--version"]);
  return [
    `Processors: ${availableParallelism()} (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `Memory: ${Math.round(totalmem() / 1024 ** 3)} GiB`,
    `System: ${systemName()} ${process.arch}`,
    `Node: ${process.versions.node}`,
    `PostgreSQL: ${/\d+(?:\.\d+)*/.exec(stdout)?.[0] ?? stdout.trim()}, the embedded one, durable (fsync on)`,
    `Load before the run: ${loadavg()
      .map((load) => load.toFixed(2))
      .join(", ")} (1, 5 and 15 minutes)`,
  ];
}
