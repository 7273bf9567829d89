import { createHash } from "node:crypto";

export interface Numbers {
  /** What the claimant sees. */
  readonly shown: number;
  /** What the signed-in session chooses from, in an order that says nothing. */
  readonly offered: readonly [number, number, number];
}

const SMALLEST = 10;
const HOW_MANY = 90;

/**
 * The two-digit numbers of one challenge, 10 to 99, all different: the same for as long as the challenge runs, and as
 * little to be told from the database as its value. Pure. Taken modulo 90 from four bytes each: the bias is below 1 in 10^7.
 * Three to choose from, of which one is right, is what Apple and Google show for the same question.
 */
export function numbersOf(challengeValue: string): Numbers {
  const bytes = createHash("sha256").update(`number matching\n${challengeValue}`, "utf8").digest();
  const shown = bytes.readUInt32BE(0) % HOW_MANY;
  const second = (shown + 1 + (bytes.readUInt32BE(4) % (HOW_MANY - 1))) % HOW_MANY;
  // The third is drawn from the 88 that are left, counted past the lower and the higher of the two.
  const [low, high] = shown < second ? [shown, second] : [second, shown];
  const left = bytes.readUInt32BE(8) % (HOW_MANY - 2);
  const third = left < low ? left : left + 1 < high ? left + 1 : left + 2;
  const three = [shown, second, third].map((number) => number + SMALLEST);
  const [a = 0, b = 0, c = 0] = three;
  const orders = [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ] as const;
  return { shown: a, offered: orders[bytes.readUInt32BE(12) % orders.length] ?? [a, b, c] };
}
