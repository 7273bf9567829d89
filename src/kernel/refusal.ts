/**
 * Who may learn that this refusal, and not another, was the reason.
 * `anyone`: the text is shown as it is. `generic`: the HTTP edge collapses it with every other generic refusal of the
 * same route into one answer, one shape and one minimum time, so that accounts cannot be told apart (ASVS 5.0 6.3.8).
 */
export type Tell = "anyone" | "generic";

/** An expected "no": a stable code, an HTTP status, and a sentence that says what to do next. */
export interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly tell: Tell;
  /** What exactly was wrong and what to do; never carries personal data. */
  readonly detail?: string;
  /** Seconds after which a retry may work; becomes Retry-After. */
  readonly retryAfterSeconds?: number;
  /** Field name to message, for forms: each message is shown beside its field. */
  readonly fields?: Readonly<Record<string, string>>;
}

interface Definition {
  readonly status: number;
  readonly title: string;
  readonly tell?: Tell;
}

type Extra = Pick<Refusal, "detail" | "retryAfterSeconds" | "fields">;

/**
 * Makes a slice's catalogue of refusals: one function a code. The code is `<slice>/<name>`, and stays stable.
 * @param slice the slice's folder name
 * @param definitions name → status, title, and who may learn it (`anyone` unless said)
 */
export function defineRefusals<const D extends Record<string, Definition>>(
  slice: string,
  definitions: D,
): { readonly [K in keyof D]: (extra?: Extra) => Refusal } {
  const entries = Object.entries(definitions).map(([name, { status, title, tell = "anyone" }]) => [
    name,
    (extra: Extra = {}): Refusal => ({ code: `${slice}/${name}`, status, title, tell, ...extra }),
  ]);
  return Object.fromEntries(entries);
}
