#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/*
 * `npx locksmith …`. npx puts node_modules/.bin first in PATH, where `npm ci` has linked the right Node. Whoever starts
 * this file in another way may have an older one: then the right one is started in its place. Nothing else is imported
 * before that is settled.
 */

const NODE_MAJOR = 26;
const own = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "node");

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR) {
  const { main } = await import("../cli/main.ts");
  const { endWith, processContext } = await import("./process.ts");
  endWith(await main(process.argv.slice(2), processContext));
} else if (existsSync(own) && process.env["LOCKSMITH_RESTARTED"] === undefined) {
  const environment = { ...process.env, LOCKSMITH_RESTARTED: "1" };
  const child = spawn(own, [import.meta.filename, ...process.argv.slice(2)], { stdio: "inherit", env: environment });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(
    `Locksmith needs Node ${NODE_MAJOR}, and this is ${process.versions.node}. Run \`npm ci\` in its folder, without ` +
      "--omit=optional: it brings its own Node. Then use `npx locksmith`.\n",
  );
  process.exitCode = 4;
}
