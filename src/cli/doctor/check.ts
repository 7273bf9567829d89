import { asFailure } from "../../app/failure.ts";

/** What a look at one thing found, and what to do where it is not as it should be. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** Only where there is something to do. */
  readonly advice?: string;
}

type Say = Omit<Finding, "check" | "status">;

export const fine = (detail: string): Partial<Finding> & Say & { readonly status: "ok" } => ({ status: "ok", detail });
export const warn = (detail: string, advice: string): Say & { readonly status: "warn" } => ({
  status: "warn",
  detail,
  advice,
});
export const fail = (detail: string, advice: string): Say & { readonly status: "fail" } => ({
  status: "fail",
  detail,
  advice,
});

export type Look = () => Promise<Omit<Finding, "check">>;

/** Looks, and turns an exception into a finding: one thing that cannot be looked at must not hide the others. */
export async function examine(check: string, look: Look): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    const failure = asFailure(error);
    if (failure) return { check, ...fail(failure.message, "Correct what the message names, then run this again.") };
    const reason = error instanceof Error ? error.message : String(error);
    return {
      check,
      ...fail(`could not be checked: ${reason}`, "Correct what the message names, then run this again."),
    };
  }
}

/** A date, size or time as people read it. */
export const inMegabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
