import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { checkUsername, foldUsername, maskAddress, parseAddress } from "./names.ts";

const USERNAME_SYMBOLS = "abcilmnorvwxz012589ABIORVW._-";

describe("usernames", () => {
  test("have 1 to 50 letters, digits and separators, and begin and end with a letter or digit", () => {
    const good = ["a", "7", "alice", "A.l-i_ce", "a--b", "x".repeat(50)];
    for (const name of good) assert.deepEqual(checkUsername(name), { ok: true, value: name });
    const bad = ["", "-a", "a-", ".", "a b", "a@b", "älice", "\u0430", "x".repeat(51), "a\n", "a/b", "a\u200bb"];
    for (const name of bad) {
      const checked = checkUsername(name);
      assert.equal(checked.ok ? "" : checked.refusal.code, "accounts/username-shape", JSON.stringify(name));
    }
  });

  test("that would pass for somebody who speaks for the installation are taken", () => {
    for (const name of ["admin", "ADMIN", "adm1n", "a.d.m.i.n", "r00t", "R-oot", "5upport", "Lock-Smith", "adrnin"]) {
      const checked = checkUsername(name);
      assert.equal(checked.ok ? "" : checked.refusal.code, "accounts/username-taken", name);
    }
    for (const name of ["administrators", "rooted", "the-staff"]) assert(checkUsername(name).ok, name);
  });

  test("look-alikes fold to one form", () => {
    const same = [
      ["alice", "ALICE", "al1ce", "a-l.i_ce", "aIice", "allce"],
      ["numpy", "nurnpy", "NUM.PY", "nu-rn-py"],
      ["wave", "vvave", "W-ave"],
      ["bob", "808", "b0b", "B.O.B"],
      ["zoo", "2oO", "z00"],
      ["sissi", "5155i"],
    ];
    for (const group of same) assert.equal(new Set(group.map(foldUsername)).size, 1, group.join(" "));
    const different = ["alice", "alicia", "bob", "rob", "numpy", "nunpy", "a", "b", "e", "c"];
    assert.equal(new Set(different.map(foldUsername)).size, different.length);
  });

  test("folding is done once: what is folded stays as it is, and case and separators never matter", () => {
    const names = fc.string({ unit: fc.constantFrom(...USERNAME_SYMBOLS), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(names, (name) => {
        const folded = foldUsername(name);
        assert.equal(foldUsername(folded), folded);
        assert.equal(foldUsername(name.toUpperCase()), folded);
        assert.equal(foldUsername([...name].join("-")), folded);
        assert(!/[._\-A-Z0-1]/.test(folded));
      }),
    );
  });
});

describe("mail addresses", () => {
  const good: readonly (readonly [typed: string, address: string, folded: string])[] = [
    ["alice@example.org", "alice@example.org", "alice@example.org"],
    [" Alice@Example.ORG ", "Alice@example.org", "alice@example.org"],
    ["a.b+tag@mail.example.org", "a.b+tag@mail.example.org", "a.b+tag@mail.example.org"],
    ["o'neil!#$%&*/=?^_`{|}~-@e.io", "o'neil!#$%&*/=?^_`{|}~-@e.io", "o'neil!#$%&*/=?^_`{|}~-@e.io"],
    ["x@bücher.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
    ["x@BÜCHER.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
    ["x@bu\u0308cher.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
    ["x@4chan.example", "x@4chan.example", "x@4chan.example"],
    [`${"x".repeat(64)}@e.io`, `${"x".repeat(64)}@e.io`, `${"x".repeat(64)}@e.io`],
  ];
  for (const [typed, address, folded] of good) {
    test(`${JSON.stringify(typed)} is ${address}`, () => {
      const parsed = parseAddress(typed);
      assert(parsed.ok);
      assert.deepEqual(parsed.value, { address, folded, domain: address.slice(address.lastIndexOf("@") + 1) });
      assert.deepEqual(parseAddress(parsed.value.address), parsed, "reading it again changes nothing");
    });
  }

  const bad: Readonly<Record<string, string>> = {
    nothing: "",
    "no at": "alice.example.org",
    "no name": "@example.org",
    "no domain": "alice@",
    "a domain without a dot": "alice@localhost",
    "a dot at the end": "alice@example.org.",
    "two dots": "a..b@example.org",
    "a dot in front": ".a@example.org",
    "a quoted name": '"a b"@example.org',
    "a comment": "alice(home)@example.org",
    "two ats": "alice@evil.example@example.org",
    "an address literal": "alice@[192.0.2.1]",
    "an IPv4 address": "alice@192.0.2.1",
    "an IPv4 address in hexadecimal": "alice@0x7f.1",
    "a label that begins with a dash": "alice@-example.org",
    "a blank inside": "al ice@example.org",
    "a line break": "alice@example.org\nBcc: x@example.org",
    NUL: "alice\u0000@example.org",
    "letters that are not ASCII before the at": "ålice@example.org",
    "65 before the at": `${"x".repeat(65)}@example.org`,
    "255 in all": `x@${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(7)}.io`,
    "a label of 64": `x@${"a".repeat(64)}.io`,
    "a port": "alice@example.org:25",
    "a display name": "Alice <alice@example.org>",
  };
  for (const [what, typed] of Object.entries(bad)) {
    test(`${what} is none`, () => {
      const parsed = parseAddress(typed);
      assert.equal(parsed.ok ? parsed.value.address : parsed.refusal.code, "accounts/address-shape");
    });
  }

  test("whatever is typed is read or refused, and what is read has no sign that a header or a page reads otherwise", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.emailAddress()), (typed) => {
        const parsed = parseAddress(typed);
        if (parsed.ok) assert.match(parsed.value.address, /^[!#-'*+\-/-9=?A-Z^-~.]+@[a-z0-9.-]+$/);
      }),
    );
  });

  test("are hidden but for what their owner will recognise", () => {
    assert.equal(maskAddress("alice@example.org"), "a•••@e•••.org");
    assert.equal(maskAddress("a@b.c.example"), "a•••@b•••.example");
  });
});
