import { dictionary } from "@zxcvbn-ts/language-common";
import { COMMON } from "./common.ts";

/*
 * How long guessing would take, as zxcvbn reckons it (Wheeler, USENIX Security 2016): the cheapest way to put the
 * password together from words that guessers try, runs, repeats and single characters. It advises; only the rules refuse.
 */

/** Longer ones are strong by then, or as weak as their beginning; the time taken stays bounded. */
const MOST_CHARACTERS = 64;
const LONGEST_WORD = 24;
/** log10 of the guesses for one character that fits nothing, as in zxcvbn. */
const CHARACTER = 1;
const OWN_WORD = 0.5;
/** log10 of the guesses at which the next score begins: 10³, 10⁶, 10⁸, 10¹⁰, as in zxcvbn. */
const STEPS = [3, 6, 8, 10];
const WORDS = ["Very easy to guess", "Easy to guess", "Fair", "Good", "Strong"] as const;

export interface Strength {
  readonly score: 0 | 1 | 2 | 3 | 4;
  readonly words: string;
}

const ranks = new Map<string, number>();
for (const list of [dictionary["passwords-common"], dictionary["diceware-common"]]) {
  for (const [at, word] of list.entries()) {
    const known = ranks.get(word) ?? Number.POSITIVE_INFINITY;
    if (word.length >= 3) ranks.set(word, Math.min(known, at + 1));
  }
}

/** @param own words of the person and the site: they cost a guesser next to nothing */
export function strengthOf(password: string, own: readonly string[] = []): Strength {
  const symbols = [...password.normalize("NFC")].slice(0, MOST_CHARACTERS);
  const guesses = COMMON.has(symbols.join("").toLowerCase()) ? 0 : cheapest(symbols, new Set(own.flatMap(partsOf)));
  const score = STEPS.filter((step) => guesses >= step).length as Strength["score"]; // four steps: 0 to 4
  return { score, words: WORDS[score] };
}

const partsOf = (word: string): string[] =>
  word
    .normalize("NFC")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part.length >= 3);

/** log10 of the guesses for the cheapest way to put it together. */
function cheapest(symbols: readonly string[], own: ReadonlySet<string>): number {
  const lower = symbols.map((symbol) => symbol.toLowerCase());
  const best = [0];
  for (let end = 1; end <= symbols.length; end += 1) {
    let least = (best[end - 1] ?? 0) + CHARACTER;
    for (let start = Math.max(0, end - LONGEST_WORD); start <= end - 3; start += 1) {
      const cost =
        pieceCost(lower.slice(start, end), own) + capitals(symbols.slice(start, end), lower.slice(start, end));
      least = Math.min(least, (best[start] ?? 0) + cost);
    }
    best.push(least);
  }
  return best[symbols.length] ?? 0;
}

function pieceCost(piece: readonly string[], own: ReadonlySet<string>): number {
  const word = piece.join("");
  if (own.has(word)) return OWN_WORD;
  const rank = ranks.get(word) ?? ranks.get([...piece].toReversed().join(""));
  const known = rank === undefined ? Number.POSITIVE_INFINITY : Math.log10(rank + 1) + OWN_WORD;
  const steps = new Set(piece.slice(1).map((symbol, at) => codeOf(symbol) - codeOf(piece[at])));
  const [step = 99] = steps;
  const run = steps.size === 1 && Math.abs(step) <= 1 ? 1 + Math.log10(piece.length) : Number.POSITIVE_INFINITY;
  const year = /^(?:19|20)\d\d$/.test(word) ? 2 : Number.POSITIVE_INFINITY;
  return Math.min(known, run, year);
}

const codeOf = (symbol: string | undefined): number => symbol?.codePointAt(0) ?? 0;

/** A capital at the beginning, or all of them, is guessed first. */
function capitals(piece: readonly string[], lower: readonly string[]): number {
  const count = piece.filter((symbol, at) => symbol !== lower[at]).length;
  if (count === 0) return 0;
  return (count === 1 && piece[0] !== lower[0]) || count === piece.length ? 0.3 : 1;
}
