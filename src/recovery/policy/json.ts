import { ok, refuse, type Result } from "../../kernel/result.ts";
import { policyRefusals } from "./refusals.ts";

const DEEPEST = 32;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 §7 forbids exactly these characters inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;

class JsonProblem extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Parses JSON (RFC 8259) and says where it went wrong. Stricter than JSON.parse, which does not always say where and takes
 * the last of two equal names: in a policy, the number that a person reads must be the number that counts.
 * Refuses `policy/not-json` with line and column. Pure.
 */
export function parseJson(text: string): Result<unknown> {
  try {
    return ok(new Reader(text).whole());
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    const before = text.slice(0, error.at).split("\n");
    const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    return refuse(policyRefusals["not-json"]({ detail: `${where}: ${error.message}` }));
  }
}

/** Lives for one text: where it has read to is its state. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw new JsonProblem("something follows the end of the value", this.#at);
    return value;
  }

  #value(depth: number): unknown {
    if (depth > DEEPEST) throw new JsonProblem(`nested more than ${DEEPEST} deep`, this.#at);
    this.#take(SPACE);
    const value = this.#bare(depth);
    this.#take(SPACE);
    return value;
  }

  #bare(depth: number): unknown {
    const next = this.#text[this.#at];
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#array(depth);
    if (next === '"') return this.#string("a string that is not closed, or has a character that JSON forbids");
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    const number = this.#take(NUMBER);
    if (number === undefined) throw new JsonProblem(`a value was expected, not ${this.#shown()}`, this.#at);
    return Number(number);
  }

  #object(depth: number): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    this.#members("}", () => {
      this.#take(SPACE);
      const at = this.#at;
      const name = this.#string(`a name in double quotes was expected, not ${this.#shown()}`);
      if (entries.has(name)) throw new JsonProblem(`the name ${JSON.stringify(name)} stands twice in one object`, at);
      this.#take(SPACE);
      if (this.#text[this.#at] !== ":") throw new JsonProblem(`":" was expected, not ${this.#shown()}`, this.#at);
      this.#at++;
      entries.set(name, this.#value(depth + 1));
    });
    return Object.fromEntries(entries); // defines own properties, "__proto__" included
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#members("]", () => items.push(this.#value(depth + 1)));
    return items;
  }

  /** What stands between an opening bracket and its end, with commas between. */
  #members(end: "}" | "]", readOne: () => void): void {
    this.#at++;
    this.#take(SPACE);
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      readOne();
      const next = this.#text[this.#at];
      if (next !== "," && next !== end)
        throw new JsonProblem(`"," or "${end}" was expected, not ${this.#shown()}`, this.#at);
      this.#at++;
      if (next === end) return;
    }
  }

  #string(otherwise: string): string {
    const literal = this.#take(STRING);
    if (literal === undefined) throw new JsonProblem(otherwise, this.#at);
    return String(JSON.parse(literal));
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #shown(): string {
    return this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : "the end of the file";
  }
}
