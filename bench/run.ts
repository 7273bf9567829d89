import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { enumerationBenchmark } from "./enumeration.ts";
import { pagesBenchmark } from "./pages.ts";
import { recoveryCodesBenchmark } from "./recovery-codes.ts";
import { signInBenchmark } from "./sign-in.ts";
import { startBenchmark } from "./start.ts";
import { describeMachine } from "./support/machine.ts";
import { documentOf, type Finished, tableText } from "./support/document.ts";
import { ROOT } from "./support/installation.ts";
import type { Benchmark, Goal } from "./support/types.ts";
import { uploadBenchmark } from "./upload.ts";

/*
 * `npm run bench` runs every benchmark, `npm run bench -- NAME ...` some; with `--write` the figures go to
 * docs/performance.md, for which all must be run. Ratios within one run are what counts: the machine is part of both sides.
 */

const BENCHMARKS: readonly Benchmark[] = [
  signInBenchmark,
  recoveryCodesBenchmark,
  uploadBenchmark,
  startBenchmark,
  pagesBenchmark,
  enumerationBenchmark,
];

const say = (line = ""): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const isWritten = args.includes("--write");
  const names = args.filter((arg) => arg !== "--write");
  const unknown = names.filter((name) => !BENCHMARKS.some((one) => one.name === name));
  if (unknown.length > 0 || (isWritten && names.length > 0)) {
    say(`Usage: npm run bench -- [NAME ...], or npm run bench -- --write for all of them and docs/performance.md.`);
    say(`Names: ${BENCHMARKS.map((one) => one.name).join(", ")}`);
    return 2;
  }
  if (process.platform !== "linux") {
    say("The benchmarks need Linux: memory and processor time are read from /proc, and clients come from 127.0.0.0/8.");
    return 2;
  }
  const startedAt = new Date();
  const machine = await describeMachine();
  say(machine.join("\n"));
  const finished: Finished[] = [];
  for (const benchmark of BENCHMARKS.filter((one) => names.length === 0 || names.includes(one.name))) {
    say();
    say(benchmark.title);
    const report = await benchmark.run((line) => say(`  ${line}`));
    finished.push({ benchmark, report });
    for (const table of report.tables) say(`\n${tableText(table)}`);
    for (const sentence of report.meaning) say(`\n${sentence}`);
    if (report.goals.length > 0) say(`\n${report.goals.map(goalLine).join("\n")}`);
  }
  if (isWritten) {
    const path = join(ROOT, "docs", "performance.md");
    await writeFile(
      path,
      documentOf({ finished, machine, startedAt, minutes: (Date.now() - startedAt.getTime()) / 60_000 }),
    );
    say(`\nWritten: ${path}`);
  }
  return 0;
}

const goalLine = ({ what, goal, measured, isReached }: Goal): string =>
  `${isReached ? "reached    " : "not reached"}  ${what}: ${measured} (goal: ${goal})`;

process.exitCode = await main(process.argv.slice(2));
