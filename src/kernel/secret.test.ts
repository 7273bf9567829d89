import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format, inspect } from "node:util";
import { errorFields, makeLog } from "./log.ts";
import { REDACTED, secret } from "./secret.ts";

const VALUE = "hunter2-copper-lantern";
const hidden = secret(VALUE);

describe("a secret", () => {
  test("is read by reveal", () => assert.equal(hidden.reveal(), VALUE));

  const ways: Readonly<Record<string, () => string>> = {
    "String()": () => String(hidden),
    concatenation: () => `a${String(hidden)}`,
    "JSON.stringify": () => JSON.stringify({ nested: [{ hidden }] }),
    inspect: () => inspect({ nested: { hidden } }, { depth: 9, showHidden: true }),
    "console's format": () => format("%s %o %O %j", hidden, hidden, hidden, hidden),
    "its own keys": () => JSON.stringify(Object.entries(hidden)) + Object.getOwnPropertyNames(hidden).join(),
    "a thrown message": () => new Error(`with ${String(hidden)}`).stack ?? "",
  };
  for (const [way, print] of Object.entries(ways)) {
    test(`does not print by ${way}`, () => assert(!print().includes("hunter2"), print()));
  }

  test("shows that something is there", () => assert.equal(String(hidden), REDACTED));
});

describe("the log", () => {
  test("writes lines of JSON, from the threshold on", () => {
    const lines: string[] = [];
    const log = makeLog("warn", (line) => lines.push(line));
    log.error("broken", { status: 500, detail: 'a "quoted"\nline' });
    log.warn("odd");
    log.info("usual");
    log.debug("much");
    assert.equal(lines.length, 2);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>); // written by makeLog
    assert.equal(first?.["level"], "error");
    assert.equal(first?.["detail"], 'a "quoted"\nline');
    assert.equal(second?.["event"], "odd");
    assert(
      lines.every((line) => line.indexOf("\n") === line.length - 1),
      "one line each",
    );
  });

  test("takes whatever was thrown", () => {
    assert.deepEqual(errorFields("plain"), { error: "plain" });
    const fields = errorFields(new Error("went wrong"));
    assert.equal(fields.error, "went wrong");
    assert.match(fields.stack ?? "", /secret\.test/);
  });
});
