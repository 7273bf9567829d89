import type { Refusal } from "../refusal.ts";

/** RFC 9457. The same body for every refusal that must not be told apart. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance: string;
  readonly errors?: Readonly<Record<string, string>>;
}

/** @param instance the request id, so that a person can name the occurrence to support */
export function toProblem(refusal: Refusal, instance: string): Problem {
  return {
    type: `urn:locksmith:refusal:${refusal.code}`,
    title: refusal.title,
    status: refusal.status,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    instance: `urn:locksmith:request:${instance}`,
    ...(refusal.fields === undefined ? {} : { errors: refusal.fields }),
  };
}
