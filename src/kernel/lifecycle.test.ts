import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineLifecycle, step, toMermaid } from "./lifecycle.ts";

const door = {
  name: "door",
  initial: "shut",
  states: {
    shut: { next: "claimant", means: "It is shut." },
    open: { next: "clock", means: "It is open." },
    "walled-up": { next: "nobody", means: "It is no door any more." },
  },
  transitions: [
    { from: ["shut"], on: "push", to: "open", by: ["guest", "owner"] },
    { from: ["open"], on: "wind", to: "shut", by: ["clock"] },
    { from: ["shut", "open"], on: "wall-up", to: "walled-up", by: ["owner"] },
  ],
} as const;
const lifecycle = defineLifecycle<
  "shut" | "open" | "walled-up",
  "push" | "wind" | "wall-up",
  "guest" | "owner" | "clock"
>(door);

describe("a state machine as data", () => {
  test("what the table allows happens, everything else is refused", () => {
    const states = ["shut", "open", "walled-up"] as const;
    const events = ["push", "wind", "wall-up"] as const;
    const actors = ["guest", "owner", "clock"] as const;
    const allowed: Record<string, string> = {
      "shut push guest": "open",
      "shut push owner": "open",
      "open wind clock": "shut",
      "shut wall-up owner": "walled-up",
      "open wall-up owner": "walled-up",
    };
    for (const state of states) {
      for (const event of events) {
        for (const actor of actors) {
          const key = `${state} ${event} ${actor}`;
          const next = step(lifecycle, state, event, actor);
          assert.equal(next.ok ? next.value : undefined, allowed[key], key);
        }
      }
    }
  });

  test("a wrong moment and a wrong person are told apart", () => {
    const late = step(lifecycle, "walled-up", "push", "owner");
    assert.equal(late.ok ? "" : late.refusal.code, "lifecycle/not-now");
    const wrong = step(lifecycle, "open", "wall-up", "guest");
    assert.equal(wrong.ok ? "" : wrong.refusal.code, "lifecycle/not-yours");
  });

  test("a table that contradicts itself is a bug, found when it is loaded", () => {
    const twice = { from: ["open"], on: "wind", to: "walled-up", by: ["owner"] } as const;
    assert.throws(() => defineLifecycle({ ...door, transitions: [...door.transitions, twice] }), /two transitions/);
    const astray = { from: ["shut"], on: "kick", to: "broken", by: ["guest"] };
    assert.throws(
      () => defineLifecycle<string, string, string>({ ...door, transitions: [astray] }),
      /unknown state broken/,
    );
  });

  test("its drawing has one arrow from a state to another, and shows where it begins and ends", () => {
    assert.equal(
      toMermaid(lifecycle),
      [
        "stateDiagram-v2",
        "  [*] --> shut",
        "  shut --> open: push",
        "  open --> shut: wind",
        "  shut --> walled_up: wall-up",
        "  open --> walled_up: wall-up",
        "  walled_up --> [*]",
        "",
      ].join("\n"),
    );
  });
});
