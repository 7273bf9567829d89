import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  button,
  checkbox,
  copyable,
  errorSummary,
  field,
  fieldId,
  form,
  html,
  icon,
  page,
  pagination,
  qrCode,
  radios,
  table,
  textarea,
} from "./index.ts";
import { ICON_NAMES } from "./icon.ts";

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("forms", () => {
  test("every form posts and carries the token", () => {
    const made = String(form({ action: "/a", csrf: 'tok"en', body: button({ label: "Go" }) }));
    assert.match(made, /<form method="post" action="\/a" novalidate >/);
    assert.match(made, /<input type="hidden" name="_csrf" value="tok&quot;en">/);
  });

  test("each message of the summary leads to a field that exists, and the field names its message", () => {
    const errors = {
      username: "Please write it.",
      cause: "Please choose.",
      note: "Too long.",
      agreed: "Please agree.",
    };
    const page = String(
      html`${errorSummary(errors)}${field({ name: "username", label: "Username", hint: "Yours", error: errors.username })}${radios(
        {
          name: "cause",
          label: "Cause",
          options: [
            { value: "a", label: "A" },
            { value: "b", label: "B" },
          ],
          error: errors.cause,
        },
      )}${textarea({ name: "note", label: "Note", error: errors.note })}${checkbox({ name: "agreed", label: "Agreed", error: errors.agreed })}`,
    );
    assert.match(page, /role="alert"/);
    for (const [name, message] of Object.entries(errors)) {
      assert.ok(page.includes(`<a href="#${fieldId(name)}">${message}</a>`), name);
      assert.equal(count(page, ` id="${fieldId(name)}"`), 1, name);
      assert.ok(page.includes(`id="${fieldId(name)}-error"`), name);
    }
    assert.match(page, /aria-describedby="field-username-hint field-username-error" aria-invalid="true"/);
    assert.match(page, /<label for="field-username">Username<\/label>/);
  });

  test("no summary without an error; a general one needs no field", () => {
    assert.equal(errorSummary({}), null);
    assert.equal(errorSummary({ a: undefined, b: "" }), null);
    assert.match(String(errorSummary({}, "That code is <old>.")), /<p>That code is &lt;old&gt;\.<\/p>/);
  });

  test("a password is never written back into the page", () => {
    const made = String(field({ name: "password", label: "Password", type: "password", value: "correct horse" }));
    assert.ok(!made.includes("correct horse"));
    assert.match(made, /data-reveal="field-password" aria-pressed="false" hidden/);
  });

  test("a textarea keeps a leading line break, and the value stays text", () => {
    assert.match(
      String(textarea({ name: "t", label: "T", value: "\n</textarea><b>" })),
      /<textarea [^>]*>\n\n&lt;\/textarea&gt;&lt;b&gt;<\/textarea>/,
    );
  });

  test("the chosen option is checked, and only it", () => {
    const made = String(
      radios({
        name: "c",
        label: "C",
        value: "b",
        options: [
          { value: "a", label: "A" },
          { value: "b", label: "B" },
        ],
      }),
    );
    assert.equal(count(made, " checked"), 1);
    assert.match(made, /value="b" checked/);
  });
});

describe("table", () => {
  test("cells know their column for narrow screens, and a nameless column is named for screen readers", () => {
    const made = String(
      table({
        caption: "C",
        columns: [{ label: "A", isRowHeader: true }, "B", ""],
        rows: [["1", html`<b>2</b>`, "3"]],
        empty: "None",
      }),
    );
    assert.match(
      made,
      /<th scope="row" role="rowheader" data-label="A"><div class="cell">1<\/div><\/th><td role="cell" data-label="B"><div class="cell"><b>2<\/b>/,
    );
    assert.match(made, /<span class="visually-hidden">Actions<\/span>/);
  });
  test("without rows it says so instead", () => {
    const made = String(table({ caption: "C", columns: ["A"], rows: [], empty: "Nothing yet." }));
    assert.match(made, /Nothing yet\./);
    assert.ok(!made.includes("<table"));
  });
});

describe("page", () => {
  const options = { title: "T", indexName: "I", body: html`<h1>T</h1>` };
  test("marks the most specific navigation entry of the path", () => {
    const nav = [
      { href: "/a", label: "A" },
      { href: "/a/b", label: "B" },
      { href: "/ab", label: "C" },
    ];
    const marked = (currentPath: string) =>
      [...String(page({ ...options, nav, currentPath })).matchAll(/<a href="([^"]*)" aria-current="([a-z]*)"/g)].map(
        (one) => one.slice(1),
      );
    assert.deepEqual(marked("/a"), [["/a", "page"]]);
    assert.deepEqual(marked("/a/b/c"), [["/a/b", "true"]]);
    assert.deepEqual(marked("/abc"), []);
  });
  test("has one main part that the skip link leads to, and nothing inline", () => {
    const made = String(page({ ...options, refreshSeconds: 5, theme: "dark", banner: "Hold" }));
    assert.equal(count(made, "<main "), 1);
    assert.match(made, /<a class="skip-link" href="#main">/);
    assert.match(made, /<html lang="en" data-theme="dark">/);
    assert.match(made, /<main id="main" tabindex="-1" data-refresh-seconds="5">/);
    assert.ok(!/ style=| on[a-z]+=|http-equiv|<style|<script>/.test(made));
  });
});

describe("pictures", () => {
  test("each icon is drawn from shapes alone, hidden unless it has a label", () => {
    for (const name of ICON_NAMES) {
      const made = String(icon(name));
      assert.match(
        made,
        /^<svg class="icon" [^>]* aria-hidden="true">(?:<(?:path|circle|rect|line|ellipse|polyline|polygon) [^<>]*\/>)+<\/svg>$/,
        name,
      );
    }
    assert.match(String(icon("check", 'a "b"')), /role="img" aria-label="a &quot;b&quot;"/);
  });
  test("a QR code draws exactly its dark modules", () => {
    const rows = [
      [true, true, false],
      [false, true, false],
      [true, false, true],
    ];
    const made = String(qrCode(rows, "Code"));
    assert.match(made, /d="M0 0h2v1h-2zM1 1h1v1h-1zM0 2h1v1h-1zM2 2h1v1h-1z"/);
    assert.match(made, /viewBox="0 0 3 3" role="img" aria-label="Code"/);
  });
});

test("copyable text is shown as it is, and its buttons wait for the script", () => {
  const made = String(copyable({ id: "t", text: "a <b> & c", label: "L", download: "f.txt", print: true }));
  assert.match(made, /<code>a &lt;b&gt; &amp; c<\/code>/);
  assert.equal(count(made, "<button "), 3);
  assert.equal(count(made, " hidden "), 3);
});

test("pages of a list", () => {
  const href = (number: number) => `/x?page=${number}`;
  assert.equal(pagination({ page: 1, pages: 1, href }), null);
  assert.match(
    String(pagination({ page: 1, pages: 2, href })),
    /^<nav[^>]*><span>Page 1 of 2<\/span><a[^>]*href="\/x\?page=2"/,
  );
});
