import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasLinkBack, namedPages, pageUrl } from "./link-back.ts";
import { mayChange, powerFor, rolesOf } from "./rules.ts";

const HERE = new URL("https://index.example/project/alpenglow/");

describe("a link back", () => {
  for (const [title, page] of [
    ["a link of its own kind", '<link rel="me" href="https://index.example/project/alpenglow/">'],
    ["an anchor among others", "<p><a class=\"x\" href='https://index.example/project/Alpenglow'>it</a></p>"],
    ["without quotes", "<a href=https://index.example/project/alpenglow/ >"],
    ["with a query", '<a href="https://index.example/project/alpenglow/?x=1&amp;y=2#top">'],
    ["after a comment", '<!-- <a href="https://evil.example"> --><a href="https://index.example/project/alpenglow/">'],
  ] as const)
    test(`is found: ${title}`, () => assert.equal(hasLinkBack(page, HERE), true));

  for (const [title, page] of [
    ["in words only", "https://index.example/project/alpenglow/"],
    ["in a comment", '<!-- <a href="https://index.example/project/alpenglow/"> -->'],
    ["in a comment that never ends", '<!-- <a href="https://index.example/project/alpenglow/">'],
    ["in a script", "<script>\"<a href='https://index.example/project/alpenglow/'>\"</script>"],
    ["in a box to type in", '<textarea><a href="https://index.example/project/alpenglow/"></textarea>'],
    ["to another project", '<a href="https://index.example/project/alpenglow-two/">'],
    ["to a page below", '<a href="https://index.example/project/alpenglow/files">'],
    ["to another host", '<a href="https://index.example.evil.example/project/alpenglow/">'],
    ["to another scheme", '<a href="http://index.example/project/alpenglow/">'],
    ["in another attribute", '<a data-href="https://index.example/project/alpenglow/" href="/">'],
    ["to ourselves by path", '<a href="/project/alpenglow/">'],
    ["nothing", ""],
  ] as const)
    test(`is not found: ${title}`, () => assert.equal(hasLinkBack(page, HERE), false));

  test("is looked for in time that grows with the page, whatever is on it", () => {
    const hostile = [
      "<a ".repeat(200_000),
      "<!--".repeat(200_000),
      "<a href=".repeat(100_000),
      "<script".repeat(100_000),
    ];
    for (const page of hostile) assert.equal(hasLinkBack(page, HERE), false);
    assert.equal(
      hasLinkBack(`${'<a href="/">'.repeat(6000)}<a href="${HERE.href}">`, HERE),
      false,
      "5000 links are read",
    );
  });
});

describe("pages that a release names", () => {
  test("https only, each once, without label and fragment", () => {
    const projectUrls = [
      "Homepage, https://alpenglow.example/#top",
      "Docs, https://alpenglow.example/",
      "https://bare.example/x",
      "Old, http://plain.example/",
      "Odd, https://user:secret@alpenglow.example/",
      "Worse, javascript:alert(1)",
    ];
    assert.deepEqual(namedPages({ projectUrls }), ["https://alpenglow.example/", "https://bare.example/x"]);
    for (const metadata of [{}, { projectUrls: "https://x.example" }, { projectUrls: [1, null] }])
      assert.deepEqual(namedPages(metadata), []);
    assert.equal(pageUrl(`https://x.example/${"a".repeat(600)}`), null);
  });
});

describe("who may change whom", () => {
  test("owners everybody, managers members, nobody else anybody", () => {
    const allowed = (["project", "organisation"] as const).flatMap((kind) =>
      [...rolesOf(kind), null].flatMap((own) =>
        rolesOf(kind)
          .filter((other) => mayChange(kind, own, other))
          .map((other) => `${kind}: ${own} ${other}`),
      ),
    );
    assert.deepEqual(allowed, [
      "project: owner owner",
      "project: owner maintainer",
      "organisation: owner owner",
      "organisation: owner manager",
      "organisation: owner member",
      "organisation: manager member",
    ]);
  });

  test("whatever makes or unmakes an owner of a project needs the power over ownership", () => {
    assert.deepEqual(
      [
        powerFor("owner"),
        powerFor("manager"),
        powerFor("member"),
        powerFor("maintainer"),
        powerFor("member", "manager"),
      ],
      ["ownership", "ownership", "collaborators", "collaborators", "ownership"],
    );
  });
});
