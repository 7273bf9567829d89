import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addUp, everyMonth, figuresCsv } from "./figures.ts";

const NOW = new Date("2026-03-31T23:59:59.999Z");
const MONTH = {
  month: "2026-02",
  cause: null,
  opened: 7,
  restored: 3,
  withoutPeople: 2,
  refused: 1,
  withdrawn: 1,
  expired: 1,
  objected: 0,
  reversed: 0,
  medianDays: 2,
  ninthDays: 9.5,
} as const;

describe("figures", () => {
  test("every month of two years is there, the empty ones too, to the running one", () => {
    const months = everyMonth([MONTH, { ...MONTH, cause: "mailbox", opened: 2 }], NOW);
    assert.equal(months.length, 24);
    assert.equal(months[0]?.month, "2024-04");
    assert.equal(months.at(-1)?.month, "2026-03");
    assert.deepEqual(months.at(-2), MONTH);
    assert.equal(months.at(-1)?.opened, 0);
    assert.equal(addUp(months).opened, 7, "a cause is part of the whole and not counted twice");
  });

  test("the public table has no causes", () => {
    const months = [MONTH, { ...MONTH, cause: "mailbox" as const }];
    assert.equal(figuresCsv(months, false).split("\r\n").length, 4);
    const open = figuresCsv(months, true);
    assert.equal(open.split("\r\n").length, 3);
    assert.match(open, /"2026-02","all","7","3","2","1","1","1","0","0","2.00","9.50"/);
  });
});
