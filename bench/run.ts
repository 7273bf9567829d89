import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { enumerationBenchmarks } from "./enumeration.ts";
import { evidenceBenchmark } from "./evidence.ts";
import { pagesBenchmark } from "./pages.ts";
import { peerBenchmark } from "./peer.ts";
import { queueBenchmark } from "./queue.ts";
import { recoveryCodesBenchmark } from "./recovery-codes.ts";
import { scaleBenchmark } from "./scale.ts";
import { signInBenchmark } from "./sign-in.ts";
import { startBenchmark } from "./start.ts";
import { describeMachine } from "./support/machine.ts";
import { documentOf, type Finished, tableText } from "./support/document.ts";
import { ROOT } from "./support/installation.ts";
import type { Benchmark, Goal, Report } from "./support/types.ts";
import { uploadBenchmark } from "./upload.ts";

/*
 * `npm run bench` runs every benchmark and writes docs/performance.md; `npm run bench -- NAME ...` runs some and writes
 * nothing. Ratios within one run are what counts: the machine is part of both sides.
 */

const BENCHMARKS: readonly Benchmark[] = [
  signInBenchmark,
  scaleBenchmark,
  peerBenchmark,
  recoveryCodesBenchmark,
  uploadBenchmark,
  startBenchmark,
  pagesBenchmark,
  evidenceBenchmark,
  queueBenchmark,
  ...enumerationBenchmarks,
];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(names: readonly string[]): Promise<number> {
  if (names.some((name) => !BENCHMARKS.some((one) => one.name === name))) {
    say("Usage: npm run bench, which writes docs/performance.md, or npm run bench -- NAME ... for some of it.");
    say(`Names: ${BENCHMARKS.map((one) => one.name).join(", ")}`);
    return 2;
  }
  if (process.platform !== "linux") {
    say("The benchmarks need Linux: memory and processor time are read from /proc, and clients come from 127.0.0.0/8.");
    return 2;
  }
  const startedAt = performance.now();
  const machine = await describeMachine();
  say(machine.join("\n"));
  const finished: Finished[] = [];
  const wanted = BENCHMARKS.filter((one) => names.length === 0 || names.includes(one.name));
  for (const benchmark of wanted) {
    const report = await runOne(benchmark);
    if (report) finished.push({ benchmark, report });
  }
  const minutes = (performance.now() - startedAt) / 60_000;
  if (finished.length < wanted.length) {
    say(`\n${wanted.length - finished.length} could not be measured; nothing is written.`);
    return 1;
  }
  if (names.length === 0) {
    const path = join(ROOT, "docs", "performance.md");
    await writeFile(path, documentOf({ finished, machine, minutes }));
    say(`\nWritten after ${minutes.toFixed(1)} minutes: ${path}`);
  }
  return 0;
}

/** Null where it failed: the others are measured all the same. */
async function runOne(benchmark: Benchmark): Promise<Report | null> {
  say(`\n${benchmark.title}`);
  const startedAt = performance.now();
  try {
    const report = await benchmark.run((line) => say(`  ${line}`));
    for (const table of report.tables) say(`\n${tableText(table)}`);
    for (const sentence of report.meaning) say(`\n${sentence}`);
    if (report.goals.length > 0) say(`\n${report.goals.map(goalLine).join("\n")}`);
    say(`  (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
    return report;
  } catch (error) {
    say(`  Failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return null;
  }
}

const goalLine = ({ what, goal, measured, isReached }: Goal): string =>
  `${isReached ? "reached    " : "not reached"}  ${what}: ${measured} (goal: ${goal})`;

// What was started is ended with this process, see support/installation.ts.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));
