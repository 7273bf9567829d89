import { inspect } from "node:util";

/** What a secret looks like wherever it is printed, logged or serialised. */
export const REDACTED = "[redacted]";

/**
 * A value that does not print: string conversion, JSON, console and structured logs all show `[redacted]`.
 * The only way to the value is `reveal()`, so that every use can be found by name.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

export const secret = <T>(value: T): Secret<T> => new Secret(value);
