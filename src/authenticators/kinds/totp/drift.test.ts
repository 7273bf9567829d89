import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Secret, TOTP } from "otpauth";
import { driftSentence } from "./drift.ts";
import { matchStep, stepsAway } from "./totp.ts";

const key = Buffer.from("12345678901234567890", "ascii"); // the secret of RFC 6238 appendix B
const app = new TOTP({ secret: new Secret({ buffer: new Uint8Array(key).buffer }), digits: 6, period: 30 });
const NOW = new Date("2026-11-02T09:00:10.000Z");
const codeAt = (steps: number): string => app.generate({ timestamp: NOW.getTime() + steps * 30_000 });

describe("a code of another time", () => {
  test("is recognised within ten steps either way, and accepted only from now and the step before", () => {
    for (let steps = -12; steps <= 12; steps += 1) {
      const code = codeAt(steps);
      assert.equal(stepsAway(key, code, NOW), Math.abs(steps) <= 10 ? steps : null, `${steps} steps`);
      assert.equal(matchStep(key, code, NOW) !== null, steps === 0 || steps === -1, `${steps} steps`);
    }
  });

  test("is explained as people say it", () => {
    assert.match(driftSentence(8), /about 4 minutes ahead.*automatic date and time/);
    assert.match(driftSentence(1), /about a minute ahead/);
    assert.match(driftSentence(-2), /just run out/);
    assert.match(driftSentence(-8), /about 4 minutes old.*behind/);
  });
});
