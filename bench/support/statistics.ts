/* Small statistics for measurements. All sort a copy. */

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** The value below which a share of the others lies, by linear interpolation. @param share 0 to 1; NaN for no values */
export function quantile(values: readonly number[], share: number): number {
  const inOrder = sorted(values);
  const at = (inOrder.length - 1) * share;
  const low = inOrder[Math.floor(at)] ?? Number.NaN;
  const high = inOrder[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export interface Auc {
  /** The chance that a value of the first kind is above one of the second; 0.5 says that they cannot be told apart. */
  readonly auc: number;
  /** Half the width of the 95 % interval (Hanley and McNeil 1982). */
  readonly margin: number;
}

/** Area under the ROC curve, by the Mann-Whitney statistic; a tie counts half. Values must not be empty. */
export function aucOf(first: readonly number[], second: readonly number[]): Auc {
  const others = sorted(second);
  let wins = 0;
  for (const value of first) wins += below(others, value) + (belowOrEqual(others, value) - below(others, value)) / 2;
  const auc = wins / (first.length * second.length);
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (first.length - 1) * (q1 - auc * auc) + (second.length - 1) * (q2 - auc * auc)) /
    (first.length * second.length);
  return { auc, margin: 1.96 * Math.sqrt(variance) };
}

/** Two values that were measured one right after the other. */
export type Pair = readonly [first: number, second: number];

/**
 * In which share of the pairs the first is the larger one, a tie as half; the sign test. What slows the machine down for
 * some seconds meets both of a pair, so that this sees a small difference that such noise hides from the AUC.
 */
export function shareOfLarger(pairs: readonly Pair[]): { readonly share: number; readonly margin: number } {
  const wins = pairs.reduce((total, [first, second]) => total + (first > second ? 1 : first === second ? 0.5 : 0), 0);
  const share = wins / pairs.length;
  return { share, margin: 1.96 * Math.sqrt((share * (1 - share)) / pairs.length) };
}

const below = (inOrder: readonly number[], value: number): number => countWhile(inOrder, (one) => one < value);
const belowOrEqual = (inOrder: readonly number[], value: number): number => countWhile(inOrder, (one) => one <= value);

/** How many values at the beginning hold, found by bisection. */
function countWhile(inOrder: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(inOrder[middle] ?? Number.POSITIVE_INFINITY)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
export const ratio = (value: number): string => value.toFixed(2);
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
/** Median with the least and the most, so that a reader sees how much the runs differ. */
export const spread = (values: readonly number[], show: (value: number) => string): string =>
  `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
