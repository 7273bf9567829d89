import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attr, document, html, type Html, isHtml, type Value } from "./template.ts";

const NAMED: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
/** Reads back what a browser would: the only references we write. */
const decode = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => NAMED[reference] ?? reference);

/** Strings that like to break out, among arbitrary ones. */
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "<",
        ">",
        '"',
        "'",
        "&",
        "</p>",
        "</textarea>",
        "<script>",
        "-->",
        "`",
        "=",
        " ",
        "\n",
        "&lt;",
        "on",
        "javascript:",
        "/",
        "x",
      ),
    )
    .map((parts) => parts.join("")),
);

describe("a value cannot break out of its place", () => {
  test("text", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const inner = /^<p>([^<>"']*)<\/p>$/s.exec(String(html`<p>${value}</p>`))?.[1];
        assert.equal(decode(inner ?? "broken out"), value);
      }),
    );
  });

  test("double-quoted attribute", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const inner = /^<p title="a ([^<>"']*) b">x<\/p>$/s.exec(String(html`<p title="a ${value} b">x</p>`))?.[1];
        assert.equal(decode(inner ?? "broken out"), value);
      }),
    );
  });

  test("attribute made by attr", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const inner = /^<p data-x="([^<>"']*)">x<\/p>$/s.exec(String(html`<p ${attr("data-x", value)}>x</p>`))?.[1];
        assert.equal(decode(inner ?? "broken out"), value);
      }),
    );
  });

  test("textarea and title", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const inner = /^<textarea>([^<>]*)<\/textarea><title>([^<>]*)<\/title>$/s.exec(
          String(html`<textarea>${value}</textarea><title>${value}</title>`),
        );
        assert.equal(decode(inner?.[1] ?? "broken out"), value);
        assert.equal(decode(inner?.[2] ?? "broken out"), value);
      }),
    );
  });

  test("URL attribute: whatever is let through has a safe scheme in a browser's eyes", () => {
    const schemes = fc.constantFrom(
      "javascript:",
      "JaVaScript:",
      "java\nscript:",
      " javascript:",
      "\u0001javascript:",
      "data:text/html,",
      "vbscript:",
      "blob:",
      "https:",
      "mailto:",
      "/",
      "//",
      "?",
      "#",
      "a/b:",
    );
    let passed = 0;
    fc.assert(
      fc.property(schemes, hostile, (scheme, rest) => {
        let made: Html;
        try {
          made = html`<a href="${scheme + rest}">x</a>`;
        } catch (error) {
          assert.ok(error instanceof TypeError);
          return;
        }
        passed += 1;
        const inner = /^<a href="([^<>"']*)">x<\/a>$/s.exec(String(made))?.[1];
        const url = URL.parse(decode(inner ?? "broken:out"), "https://here.example/a/");
        if (url) assert.ok(["https:", "http:", "mailto:"].includes(url.protocol), url.href);
      }),
    );
    assert.ok(passed > 0);
  });
});

describe("values", () => {
  const cases: readonly (readonly [Value, string])[] = [
    ["a & b", "a &amp; b"],
    [0, "0"],
    [10n, "10"],
    [null, ""],
    [undefined, ""],
    [false, ""],
    [["a", 1, null, html`<b>c</b>`, ["<"]], "a1<b>c</b>&lt;"],
    [html`<i>${"<"}</i>`, "<i>&lt;</i>"],
  ];
  for (const [value, expected] of cases) {
    test(`${String(expected) || "nothing"} is shown`, () =>
      assert.equal(String(html`<p>${value}</p>`), `<p>${expected}</p>`));
  }

  test("true, objects and functions are bugs", () => {
    for (const value of [true, {}, () => "x", Symbol("x"), { toString: () => "<b>" }]) {
      assert.throws(() => html`<p>${value as never}</p>`, TypeError);
      assert.throws(() => html`<p title="${value as never}"></p>`, TypeError);
    }
  });

  test("HTML is not text of an attribute or a textarea", () => {
    const bold = html`<b>x</b>`;
    assert.throws(() => html`<p title="${bold}"></p>`, /HTML cannot stand in an attribute/);
    assert.throws(() => html`<textarea>${bold}</textarea>`, /plain text only/);
    assert.throws(() => html`<p title="${["a", "b"]}"></p>`, /a list cannot/);
    assert.throws(() => html`<p ${"checked" as never}></p>`, /only attr/);
    assert.throws(() => html`<p ${bold}></p>`, /only attr/);
    assert.throws(() => html`<p>${attr("id", "x")}</p>`, /an attribute cannot/);
  });

  test("nothing that only looks like HTML is taken for it", () => {
    assert.ok(isHtml(html`<p></p>`));
    const forged: unknown = Object.create(Object.getPrototypeOf(html``) as object);
    assert.equal(isHtml(forged), false);
    assert.throws(() => html`<p>${forged as never}</p>`, TypeError);
  });

  test("document adds the doctype", () => assert.equal(document(html`<p>x</p>`), "<!doctype html>\n<p>x</p>\n"));
});

describe("places and markup that are refused, at the first rendering", () => {
  const x = "x";
  const refused: Readonly<Record<string, () => Html>> = {
    "an unquoted attribute": () => html`<a title=${x}>y</a>`,
    "an unquoted literal": () => html`<a title=x>${x}</a>`,
    "a single-quoted attribute": () => html`<a title='${x}'>y</a>`,
    "an attribute name": () => html`<a data-${x}="y">z</a>`,
    "half an attribute name": () => html`<a ${null}x="y">z</a>`,
    "a tag name": () => html`<${x}>y</p>`,
    "part of a tag name": () => html`<p${x}>y</p>`,
    "a closing tag": () => html`<p>y</${x}>`,
    "two holes without a space": () => html`<p ${null}${null}>y</p>`,
    onclick: () => html`<a onclick="${x}">y</a>`,
    ONLOAD: () => html`<a ONLOAD="${x}">y</a>`,
    "a literal handler": () => html`<a onclick="go()">y</a>`,
    "the style attribute": () => html`<a style="color: ${x}">y</a>`,
    "a literal style": () => html`<a style="color: red">y</a>`,
    srcdoc: () => html`<p srcdoc="${x}">y</p>`,
    srcset: () => html`<img srcset="${x}">`,
    iframe: () => html`<iframe src="/">${x}</iframe>`,
    base: () => html`<base href="/">`,
    "a script body": () => html`<script>let a = "${x}";</script>`,
    "a literal script body": () => html`<script>go()</script>`,
    "a style body": () => html`<style>a { color: ${x} }</style>`,
    "a comment": () => html`<!-- ${x} -->`,
    "a declaration": () => html`<!doctype ${x}>`,
    "a template that ends inside a tag": () => html`<p class="a"`,
    "a template that ends inside an attribute": () => html`<p class="${x}`,
    "a template that ends inside a textarea": () => html`<textarea>${x}`,
    "a template that ends inside a comment": () => html`<p>${x}</p><!-- `,
    "a hole in the closing tag of a textarea": () => html`<textarea>a</text${x}area>`,
    "a URL whose scheme is left open": () => html`<a href="java${x}">y</a>`,
    "a URL of another scheme": () => html`<a href="javascript:/${x}">y</a>`,
    "a URL that begins with two holes": () => html`<a href="${x}${x}">y</a>`,
    "a URL whose colon follows its hole": () => html`<a href="${x}:y">z</a>`,
    "a bare < in text": () => html`<p>1 < ${x}</p>`,
  };
  for (const [name, make] of Object.entries(refused)) {
    test(name, () => {
      assert.throws(make, /^TypeError: html: /);
      assert.throws(make, /^TypeError: html: /, "also the second time");
    });
  }
});

describe("places that are allowed", () => {
  const x = "x?&";
  const allowed: Readonly<Record<string, readonly [() => Html, string]>> = {
    "a path with a hole": [() => html`<a href="/case/${x}">y</a>`, '<a href="/case/x?&amp;">y</a>'],
    "a query": [() => html`<a href="?page=${2}&x=${3}">y</a>`, '<a href="?page=2&x=3">y</a>'],
    "an absolute address": [() => html`<a href="https://${x}/">y</a>`, '<a href="https://x?&amp;/">y</a>'],
    "a whole URL and a path": [() => html`<a href="${"/a"}/b/${x}">y</a>`, '<a href="/a/b/x?&amp;">y</a>'],
    mail: [() => html`<a href="${"mailto:a@b.example"}">y</a>`, '<a href="mailto:a@b.example">y</a>'],
    "an upper-case tag": [() => html`<INPUT VALUE="${x}">`, '<INPUT VALUE="x?&amp;">'],
    "after a comment": [() => html`<!-- <b title=" --><p>${x}</p>`, '<!-- <b title=" --><p>x?&amp;</p>'],
    "after a comment that ends oddly": [() => html`<!-- a --!><p>${x}</p>`, "<!-- a --!><p>x?&amp;</p>"],
    "after an empty comment": [() => html`<!--><p>${x}</p>`, "<!--><p>x?&amp;</p>"],
    "after an empty script": [
      () => html`<script src="${"/a.js"}" defer></script><p>${x}</p>`,
      '<script src="/a.js" defer></script><p>x?&amp;</p>',
    ],
    "after a value with a >": [() => html`<p title="a > b">${x}</p>`, '<p title="a > b">x?&amp;</p>'],
    "several holes in one value": [() => html`<p class="a ${x} ${false}">y</p>`, '<p class="a x?&amp; ">y</p>'],
  };
  for (const [name, [make, expected]] of Object.entries(allowed))
    test(name, () => assert.equal(String(make()), expected));
});

describe("attr", () => {
  test("true gives the bare name, nothing gives nothing", () => {
    assert.equal(String(html`<input ${attr("checked", true)}>`), "<input checked>");
    assert.equal(
      String(html`<input ${[attr("checked", false), attr("id", 0), attr("name", null)]}>`),
      '<input id="0">',
    );
    assert.equal(String(html`<input ${null}>`), "<input >");
  });
  test("names that run code, or are none, are refused", () => {
    for (const name of ["onclick", "ONCLICK", "style", "srcdoc", "srcset", "a b", 'x"', "", "x=", "-x", "xlink:href"]) {
      assert.throws(() => attr(name, "x"), TypeError, name);
    }
  });
  test("URLs are checked", () => {
    assert.throws(() => attr("href", "javascript:alert(1)"), TypeError);
    assert.throws(() => attr("formaction", "\tjavascript:alert(1)"), TypeError);
    assert.equal(String(attr("href", "/a?b=c:d")), 'href="/a?b=c:d"');
  });
});
