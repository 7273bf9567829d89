import type { Refusal } from "./refusal.ts";

/**
 * An expected outcome as a value: either a value or a refusal. Bugs and outages throw instead and are caught in
 * four places only: the HTTP edge, the job runner, the top of the CLI, and the boundary of a connector.
 */
export type Result<T, R extends Refusal = Refusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: R };

/** Wraps a value as a success. Without an argument: a success that carries nothing. */
export function ok(): Result<undefined, never>;
export function ok<T>(value: T): Result<T, never>;
export function ok(value?: unknown): Result<unknown, never> {
  return { ok: true, value };
}

/** Wraps a refusal made by a slice's catalogue (see refusal.ts). */
export function refuse<R extends Refusal>(refusal: R): Result<never, R> {
  return { ok: false, refusal };
}
