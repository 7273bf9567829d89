/**
 * How many slips of the hand lie between two texts: inserted, left out, wrong and swapped neighbouring letters each count
 * one (optimal string alignment, the restricted Damerau-Levenshtein distance; F. J. Damerau, CACM 7 (1964) 171).
 * Pure; the work grows with the product of the lengths, so callers limit both.
 */
export function editDistance(a: string, b: string): number {
  const from = [...a];
  const to = [...b];
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const present = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let least = Math.min(at(last, column) + 1, at(present, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1));
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      present.push(least);
    }
    beforeLast = last;
    last = present;
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;

/** Whether one text is the other with a slip or two: one for four letters and more, two for eight and more. */
export function isSlipOf(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  const allowed = length >= 8 ? 2 : length >= 4 ? 1 : 0;
  return Math.abs(a.length - b.length) <= allowed && editDistance(a, b) <= allowed;
}
