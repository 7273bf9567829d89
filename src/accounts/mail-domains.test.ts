import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adviceOnDomain, suggestDomain } from "./mail-domains.ts";

describe("advice on a mail domain", () => {
  test("by what the domain is", () => {
    const cases: readonly (readonly [string, RegExp | null])[] = [
      ["gmail.com", null],
      ["posteo.de", null],
      ["mailinator.com", /throw-away/],
      ["cs.stanford.edu", /university/],
      ["ox.ac.uk", /university/],
      ["uni-jena.de", /university/],
      ["united.example", /employer/],
      ["education.example", /employer/],
      ["bigcorp.example", /employer/],
    ];
    for (const [domain, expected] of cases) {
      const advice = adviceOnDomain(domain);
      if (expected === null) assert.equal(advice, null, domain);
      else assert.match(advice ?? "", expected, domain);
    }
  });

  test("one slip of the hand is noticed; a domain of its own is not corrected", () => {
    assert.equal(suggestDomain("gmial.com"), "gmail.com");
    assert.equal(suggestDomain("gmail.con"), "gmail.com");
    assert.equal(suggestDomain("outlok.com"), "outlook.com");
    for (const own of ["gmail.com", "mail.com", "example.org", "gmx.net", "gmx.at", "we.de"]) {
      assert.equal(suggestDomain(own), null, own);
    }
  });
});
