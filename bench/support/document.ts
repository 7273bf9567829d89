import type { Benchmark, Goal, Report, Table } from "./types.ts";

/** A benchmark that was run. */
export interface Finished {
  readonly benchmark: Benchmark;
  readonly report: Report;
}

export interface Run {
  readonly finished: readonly Finished[];
  readonly machine: readonly string[];
  readonly minutes: number;
}

/** A table for the terminal, columns aligned. */
export function tableText({ caption, columns, rows }: Table): string {
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `  ${widths.map((width, at) => (cells[at] ?? "").padEnd(width)).join("  ")}`.trimEnd();
  return [`${caption}:`, line(columns), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

const tableMarkdown = ({ caption, columns, rows }: Table): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [`${caption}:`, "", line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
};

const goalTable = (goals: readonly Goal[]): Table => ({
  caption: "Goals",
  columns: ["figure", "goal", "measured", ""],
  rows: goals.map(({ what, goal, measured, isReached }) => [
    what,
    goal,
    measured,
    isReached ? "reached" : "**not reached**",
  ]),
});

const INTRODUCTION = `# Performance

Written by \`npm run bench\`; run it again rather than believe it. Server, PostgreSQL and the client that measures share
one machine and stand in each other's way, so read the ratios: both of their sides are measured in turn, in the same run.
Where there are several rounds, medians are given, with the least and the most beside them where that says something. The
programs are in [bench/](../bench); no test depends on any of this.`;

/** docs/performance.md */
export function documentOf({ finished, machine, minutes }: Run): string {
  const goals = finished.flatMap(({ report }) => report.goals);
  const missed = goals.filter((goal) => !goal.isReached);
  const parts = [
    INTRODUCTION,
    [...machine.map((line) => `- ${line}`), `- The run took ${Math.ceil(minutes)} minutes.`].join("\n"),
    `## Goals, reached and not\n\n${tableMarkdown(goalTable(goals))}`,
    missed.length === 0
      ? "All of them were reached in this run."
      : `${goals.length - missed.length} of ${goals.length} were reached in this run. The sections below say what stands in the way of the others.`,
    ...finished.map(sectionOf),
  ];
  return `${parts.join("\n\n")}\n`;
}

const sectionOf = ({ benchmark, report }: Finished): string =>
  [
    `## ${benchmark.title}`,
    `\`npm run bench -- ${benchmark.name}\``,
    ...benchmark.about,
    ...report.tables.map(tableMarkdown),
    ...report.meaning,
  ].join("\n\n");
