/** One benchmark: a file in bench/, a section of docs/performance.md. */
export interface Benchmark {
  /** As given to `npm run bench -- NAME`. */
  readonly name: string;
  readonly title: string;
  /** What is measured and against what, for the document. */
  readonly about: readonly string[];
  readonly run: (progress: Progress) => Promise<Report>;
}

/** Tells the person at the terminal what is going on. */
export type Progress = (line: string) => void;

export interface Report {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** What the figures mean, in sentences. */
  readonly meaning: readonly string[];
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something that was to be reached, and what was. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly isReached: boolean;
}
