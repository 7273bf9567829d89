import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { domainOf, isOver, pagesOwner, registrableDomain, repositoryAt, siteOf } from "./places.ts";

describe("a repository's address", () => {
  const same = [
    ["https://github.com/Alice/Alpenglow", "homepage", "https://github.com/alice/alpenglow", "alice"],
    ["https://www.github.com/alice/alpenglow.git", "", "https://github.com/alice/alpenglow", "alice"],
    ["https://github.com/alice/alpenglow/issues", "bugtracker", "https://github.com/alice/alpenglow", "alice"],
    ["https://github.com/alice/alpenglow/tree/main/docs#readme", "", "https://github.com/alice/alpenglow", "alice"],
    ["https://gitlab.com/club/tools/alpenglow/-/tree/main", "", "https://gitlab.com/club/tools/alpenglow", "club"],
    ["https://bitbucket.org/alice/alpenglow/src/main/", "", "https://bitbucket.org/alice/alpenglow", "alice"],
    ["https://codeberg.org/alice/alpenglow/releases", "", "https://codeberg.org/alice/alpenglow", "alice"],
    ["https://git.sr.ht/~alice/alpenglow/tree", "", "https://git.sr.ht/~alice/alpenglow", "~alice"],
    ["https://git.alice.club/Tools/alpenglow.git", "", "https://git.alice.club/Tools/alpenglow", "tools"],
    ["https://alice.club/repos/alpenglow/", "source", "https://alice.club/repos/alpenglow", "repos"],
    ["https://svn.alice.club/alpenglow/trunk", "", "https://svn.alice.club/alpenglow/trunk", "alpenglow"],
  ] as const;
  for (const [text, label, url, owner] of same) {
    test(`${text} is ${url}`, () => {
      const place = repositoryAt(text, label);
      assert.deepEqual([place?.url, place?.owner], [url, owner]);
      assert.deepEqual(repositoryAt(url, "source")?.url, url, "and is itself");
    });
  }

  test("what is none", () => {
    for (const [text, label] of [
      ["https://github.com/alice", "source"],
      ["https://alice.club/", "homepage"],
      ["https://alice.club/docs", "documentation"],
      ["http://github.com/alice/alpenglow", "source"],
      ["https://alice:word@github.com/alice/alpenglow", "source"],
      ["git://git.alice.club/alpenglow.git", "source"],
      ["not an address", "source"],
    ] as const)
      assert.equal(repositoryAt(text, label), null, text);
  });

  test("never throws, and gives an address under the same host", () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ["https"], withFragments: true }), fc.string(), (text, label) => {
        const place = repositoryAt(text, label);
        if (place) assert.equal(new URL(place.url).hostname, new URL(text).hostname.replace(/^www\./, ""));
        assert.doesNotThrow(() => repositoryAt(label, text));
      }),
    );
  });
});

describe("a domain", () => {
  test("is read as people write it, and nothing else is one", () => {
    for (const text of ["Alice.club", " https://alice.club/x ", "_locksmith-challenge.alice.club", "alice.club."])
      assert.equal(domainOf(text), "alice.club", text);
    assert.equal(domainOf("bücher.club"), "xn--bcher-kva.club");
    for (const text of [
      "",
      "localhost",
      "10.0.0.1",
      "[::1]",
      "0x7f.1",
      "a..b",
      "-a.club",
      "a b.club",
      "a@b.club/ x",
      "x".repeat(400),
    ])
      assert.equal(domainOf(text), null, text);
  });

  test("the registered one", () => {
    for (const [host, domain] of [
      ["docs.alice.club", "alice.club"],
      ["alice.club", "alice.club"],
      ["www.alice.co.uk", "alice.co.uk"],
      ["a.b.alice.com.au", "alice.com.au"],
      ["docs.alice.co", "alice.co"],
    ] as const)
      assert.equal(registrableDomain(host), domain);
  });

  test("is over a host when it is above it and not above what was registered", () => {
    for (const domain of ["docs.alice.club", "alice.club"]) assert.equal(isOver(domain, "docs.alice.club"), true);
    for (const domain of ["club", "lice.club", "x.docs.alice.club", "bob.club"])
      assert.equal(isOver(domain, "docs.alice.club"), false, domain);
    assert.equal(isOver("co.uk", "alice.co.uk"), false);
  });

  test("of a site: a forge's own is nobody's, a site it serves is its owner's", () => {
    assert.equal(siteOf("https://github.com/alice/x"), null);
    assert.equal(siteOf("https://Docs.alice.club/x"), "docs.alice.club");
    assert.equal(siteOf("ftp://alice.club/"), null);
    assert.equal(pagesOwner("alice.github.io"), "github.com/alice");
    assert.equal(pagesOwner("pages.alice.codeberg.page"), "codeberg.org/alice");
    assert.equal(pagesOwner("alice.club"), null);
  });
});
