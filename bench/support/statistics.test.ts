import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { aucOf, median, type Pair, quantile, shareOfLarger, spread } from "./statistics.ts";

const times = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });

describe("statistics of the benchmarks", () => {
  test("median and quantiles, by linear interpolation, whatever the order", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(quantile([10, 0, 20, 30, 40], 0.25), 10);
    assert.equal(quantile([0, 10], 0.95), 9.5);
    assert.equal(quantile([7], 0.95), 7);
    assert.ok(Number.isNaN(median([])));
  });

  test("quantiles leave what they are given in its order", () => {
    const given = [3, 1, 2];
    quantile(given, 0.5);
    assert.deepEqual(given, [3, 1, 2]);
  });

  test("the area is 1 where the first kind is always slower, 0 where always faster, 0.5 where they are the same", () => {
    assert.equal(aucOf([5, 6, 7], [1, 2, 3]).auc, 1);
    assert.equal(aucOf([1, 2, 3], [5, 6, 7]).auc, 0);
    assert.equal(aucOf([1, 2, 3], [1, 2, 3]).auc, 0.5);
    assert.equal(aucOf([2, 4], [1, 3]).auc, 0.75);
  });

  test("the area is what counting every pair gives, a tie as half", () => {
    fc.assert(
      fc.property(times, times, (first, second) => {
        const wins = first.flatMap((a) => second.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
        const counted = wins.reduce((total, one) => total + one, 0) / wins.length;
        assert.ok(Math.abs(aucOf(first, second).auc - counted) < 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  test("the interval of a coin over 1,000 pairs is about 0.025 to each side, and narrower for more", () => {
    const same = Array.from({ length: 1000 }, (_, at) => at);
    const { margin } = aucOf(same, same);
    assert.ok(margin > 0.024 && margin < 0.026, String(margin));
    assert.ok(aucOf([...same, ...same], [...same, ...same]).margin < margin);
  });

  test("the share of pairs counts who is larger in each pair, a tie as half", () => {
    assert.equal(
      shareOfLarger([
        [2, 1],
        [5, 4],
        [1, 3],
        [7, 7],
      ]).share,
      0.625,
    );
    const even = Array.from({ length: 1000 }, (_, at): Pair => (at % 2 === 0 ? [1, 2] : [2, 1]));
    assert.equal(shareOfLarger(even).share, 0.5);
    const { margin } = shareOfLarger(even);
    assert.ok(margin > 0.03 && margin < 0.032, String(margin));
  });

  test("a difference far below a drift is seen in the pairs and not in the area", () => {
    const drifting = Array.from({ length: 1000 }, (_, at): Pair => [at + 0.5, at]);
    const { auc } = aucOf(
      drifting.map(([first]) => first),
      drifting.map(([, second]) => second),
    );
    assert.ok(Math.abs(auc - 0.5) < 0.01, String(auc));
    assert.equal(shareOfLarger(drifting).share, 1);
  });

  test("a spread names the median, the least and the most", () => {
    assert.equal(
      spread([3, 1, 2], (value) => value.toFixed(1)),
      "2.0 (1.0 to 3.0)",
    );
  });
});
