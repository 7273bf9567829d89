import { contextsOf, type HoleContext, isUrlAttribute, refusedAttribute } from "./template-context.ts";

/*
 * HTML as a tagged template. Every hole is escaped for the place it stands in; places where no escaping is safe are
 * refused, and so is markup that our Content-Security-Policy would switch off anyway (inline script and style). There is
 * no way to put a string into a page without escaping it.
 */

// Assigned inside the class, so that its constructor never leaves this file.
let makeHtml: (text: string) => Html;

/** Finished HTML. Only `html` makes it; `String(value)` gives its text. */
class Html {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
  static is(value: unknown): value is Html {
    return typeof value === "object" && value !== null && #text in value;
  }
  static {
    makeHtml = (text) => new Html(text);
  }
}
export type { Html };

/** An attribute that may be absent, made by `attr` for the space inside a tag. */
class Attribute {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}
export type { Attribute };

/** What may stand in a hole. Nothing is shown for null, undefined and false; arrays are joined. */
export type Value = Html | Attribute | string | number | bigint | null | undefined | false | readonly Value[];

/** What a component shows: text or HTML. */
export type Content = Html | string | number | bigint | null | undefined | false | readonly Content[];

export const isHtml = (value: unknown): value is Html => Html.is(value);

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string =>
  /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (symbol) => ESCAPES[symbol] ?? "") : text;

/**
 * Builds HTML from a template. Escapes each hole for its context: text, double-quoted attribute, URL attribute.
 * Throws, on the first rendering, for a hole in any other place (unquoted or single-quoted attribute, attribute or tag
 * name, `on*`, `style`, `srcdoc`, script, style, comment), and for a value that does not belong where it stands. Such an
 * error is a bug of the template, never of its input, except for a URL with a scheme other than http, https and mailto.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const contexts = contextsOf(strings);
  let text = strings[0] ?? "";
  for (let index = 0; index < values.length; index += 1) {
    text += fill(contexts[index] ?? "text", values[index]) + (strings[index + 1] ?? "");
  }
  return makeHtml(text);
}

function fill(context: HoleContext, value: Value): string {
  switch (context) {
    case "text":
      return textOf(value);
    case "plain":
      return escape(plainOf(value, "an element that holds plain text only"));
    case "attribute":
      return escape(plainOf(value, "an attribute"));
    case "url":
      return escape(checkedUrl(plainOf(value, "a URL attribute")));
    case "tag":
      return attributesOf(value);
  }
}

function textOf(value: Value): string {
  if (typeof value === "string") return escape(value);
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(textOf).join("");
  if (isHtml(value)) return String(value);
  throw new TypeError(`html: ${kindOf(value)} cannot be shown as text`);
}

function plainOf(value: Value, place: string): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`html: ${kindOf(value)} cannot stand in ${place}`);
}

function attributesOf(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Attribute) return String(value);
  if (Array.isArray(value)) return value.map(attributesOf).filter(Boolean).join(" ");
  throw new TypeError(`html: inside a tag only attr(name, value) may stand, not ${kindOf(value)}`);
}

const kindOf = (value: unknown): string =>
  isHtml(value) ? "HTML" : value instanceof Attribute ? "an attribute" : Array.isArray(value) ? "a list" : typeof value;

// A safe scheme, or none: no colon at all, or a slash, question mark or hash before the first one (WHATWG URL §4.4).
// The tabs, line breaks and leading controls that browsers drop can hide a scheme's letters, but never its colon.
const SAFE_URL = /^(?:https?:|mailto:|[^:]*$|[^:/?#]*[/?#])/i;

function checkedUrl(url: string): string {
  if (!SAFE_URL.test(url)) {
    throw new TypeError("html: a URL must be relative, or have the scheme http, https or mailto");
  }
  return url;
}

/**
 * An attribute that may be absent, for a hole inside a tag: `<input ${attr("checked", isOn)}>`.
 * @param name lower-case letters, digits and hyphens; refuses `on*`, `style`, `srcdoc` and other attributes that run code
 * @param value true: the bare name; null, undefined and false: nothing; else name and escaped value (URLs are checked)
 */
export function attr(name: string, value: string | number | bigint | boolean | null | undefined): Attribute | null {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name))
    throw new TypeError(`html: ${JSON.stringify(name)} is no attribute name`);
  if (refusedAttribute(name)) throw new TypeError(`html: the attribute ${name} is never used`);
  if (value === null || value === undefined || value === false) return null;
  if (value === true) return new Attribute(name);
  const text = String(value);
  return new Attribute(`${name}="${escape(isUrlAttribute(name) ? checkedUrl(text) : text)}"`);
}

/** A whole document as text, ready to send. */
export const document = (page: Html): string => `<!doctype html>\n${String(page)}\n`;
