import type { Reader } from "../../../kernel/db/database.ts";
import type { AuthenticatorId } from "../../../kernel/ids.ts";
import { mergeDetail } from "../../store.ts";
import type { Authenticator } from "../../types.ts";

/*
 * A phone whose clock is wrong shows codes of another time. They are never accepted; but somebody whose password was
 * right, or who is setting the app up, is told by how much the clock is off. A code that is still to come is remembered
 * once it was recognised, and refused when its time comes: otherwise a guess that hits it would be worth keeping.
 */

const PERIOD_SECONDS = 30;

/** How far from now a code is still recognised: ten steps are five minutes. */
export const DRIFT_STEPS = 10;

/** What to tell about a code that belongs to another time. @param delta steps from now; positive is ahead */
export function driftSentence(delta: number): string {
  if (delta === -2) return "That code has just run out. Please enter the one your app shows now.";
  const minutes = Math.max(1, Math.round((Math.abs(delta) * PERIOD_SECONDS) / 60));
  const about = minutes === 1 ? "about a minute" : `about ${minutes} minutes`;
  const repair =
    "Switch on automatic date and time in the settings of the device with your app, then enter the next code.";
  return delta > 0
    ? `The clock of the device with your app is ${about} ahead of ours. ${repair}`
    : `That code is ${about} old. If you have just read it, the clock of the device with your app is behind. ${repair}`;
}

/** Steps that were recognised before their time. */
const recognised = (authenticator: Authenticator): readonly number[] => {
  const steps = authenticator.detail["recognisedSteps"];
  return Array.isArray(steps) ? steps.filter((step) => typeof step === "number") : [];
};

export const wasRecognised = (authenticator: Authenticator, step: bigint): boolean =>
  recognised(authenticator).includes(Number(step));

/** Remembers a step that is still to come; those whose time has passed are forgotten. */
export async function rememberStep(
  reader: Reader,
  authenticator: Authenticator & { readonly id: AuthenticatorId },
  step: bigint,
  now: bigint,
): Promise<void> {
  const kept = recognised(authenticator).filter((one) => BigInt(one) >= now - 1n);
  await mergeDetail(reader, authenticator.id, { recognisedSteps: [...new Set([...kept, Number(step)])] });
}
