import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeLog } from "../kernel/log.ts";
import { makeClosers } from "./core.ts";
import { asFailure, EXIT, Failure } from "./failure.ts";
import { chooseEndpoint } from "./listen.ts";

describe("closing", () => {
  test("goes in reverse order, and neither a failure nor a step that hangs keeps the rest open", async () => {
    const lines: string[] = [];
    const closers = makeClosers(makeLog("debug", (line) => lines.push(line)));
    const closed: string[] = [];
    const note = (name: string) => async () => void closed.push(name);
    closers.add("first", 1_000, note("first"));
    closers.add("hangs", 20, () => new Promise(() => undefined));
    closers.add("second", 1_000, note("second"));
    closers.add("fails", 1_000, async () => {
      throw new Error("broken");
    });
    closers.add("third", 1_000, note("third"));
    await closers.closeAll();
    assert.deepEqual(closed, ["third", "second", "first"]);
    assert.match(lines.join(""), /stop failed.*fails.*broken/s);
    assert.match(lines.join(""), /stop took too long.*hangs/s);
    await closers.closeAll();
    assert.equal(closed.length, 3);
  });
});

describe("expected failures", () => {
  const system = (fields: object) => Object.assign(new Error("x"), fields);
  const cases: readonly (readonly [what: string, thrown: unknown, says: RegExp | null])[] = [
    [
      "a port in use",
      system({ syscall: "listen", code: "EADDRINUSE", address: "127.0.0.1", port: 80 }),
      /Port 80 of 127\.0\.0\.1 is in use.*PORT=8481/,
    ],
    ["a port below 1024", system({ syscall: "listen", code: "EACCES", port: 80 }), /may not be used/],
    [
      "another machine's address",
      system({ syscall: "listen", code: "EADDRNOTAVAIL", address: "192.0.2.1" }),
      /HOST=192\.0\.2\.1/,
    ],
    ["nothing at the database's address", system({ syscall: "connect", code: "ECONNREFUSED" }), /DATABASE_URL/],
    [
      "a name with two addresses and nothing there",
      new AggregateError([system({ syscall: "connect", code: "ECONNREFUSED" })]),
      /nothing listens/,
    ],
    ["a wrong database password", system({ severity: "FATAL", code: "28P01" }), /name and password/],
    ["no such database", system({ severity: "FATAL", code: "3D000" }), /createdb/],
    ["a missing file, which is a bug", system({ syscall: "open", code: "ENOENT" }), null],
    ["a wrong statement, which is a bug", system({ severity: "ERROR", code: "42601" }), null],
    ["no error at all", undefined, null],
  ];
  for (const [what, thrown, says] of cases) {
    test(what, () => {
      const failure = asFailure(thrown);
      if (says === null) return assert.equal(failure, undefined);
      assert.ok(failure);
      assert.equal(failure.exitCode, EXIT.unavailable);
      assert.match(failure.message, says);
    });
  }

  test("a failure stays itself", () => {
    const failure = new Failure(EXIT.checkFailed, "no");
    assert.equal(asFailure(failure), failure);
  });

  test("a host name that does not exist is told of HOST, not of the database", async () => {
    await assert.rejects(chooseEndpoint("nowhere.invalid", 0), (error) => {
      assert.match(asFailure(error)?.message ?? "", /HOST=nowhere\.invalid/);
      return true;
    });
  });

  test("port 0 gives one that is free", async () => {
    const { address, port } = await chooseEndpoint("127.0.0.1", 0);
    assert.equal(address, "127.0.0.1");
    assert.ok(port > 0);
  });
});
