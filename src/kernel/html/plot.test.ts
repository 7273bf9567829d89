import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { barPlot, roundUp } from "./plot.ts";

describe("plots", () => {
  test("the top of the scale is round and not below anything shown", () => {
    assert.deepEqual([0, 3, 4, 5, 11, 23, 41, 99, 101, 850].map(roundUp), [4, 4, 4, 5, 20, 40, 50, 100, 200, 1000]);
    fc.assert(fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => roundUp(value) >= value));
  });

  test("each value has a bar of its height, with its words; what is not there has none", () => {
    const text = String(
      barPlot({
        id: "p",
        title: "T",
        summary: "S",
        labels: ["a", "b"],
        unit: "days",
        series: [{ name: "n", values: [4, null] }],
      }),
    );
    assert.equal([...text.matchAll(/class="plot-bar-1" x="\d/g)].length, 2, "one bar and the key");
    assert.match(text, /<title>a: n 4 days<\/title>/);
    assert.match(text, /height="184\.0"/);
    assert.match(text, /aria-labelledby="p-title p-summary"/);
  });
});
