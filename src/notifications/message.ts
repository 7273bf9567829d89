import type { Letter } from "./letter.ts";

/** A kind of mail: what it needs to know, and how it is said. Pure. */
export interface Message<Params> {
  readonly name: string;
  compose(params: Params): Letter;
  /** True to life, for the tests that hold every mail against the same rules, and for looking at. */
  readonly sample: Params;
}

const NAME = /^[a-z]+(?:-[a-z]+)*$/;

/** Defines a kind of mail. Throws on a name that is not made of lower-case words and hyphens. */
export function defineMessage<Params>(message: Message<Params>): Message<Params> {
  if (!NAME.test(message.name)) throw new Error(`Message name ${message.name} is not made of words and hyphens.`);
  return message;
}

/** Where the links of samples lead. */
export const SAMPLE_ORIGIN = "https://index.example";

/** A moment for samples, so that they render the same every time. */
export const SAMPLE_DATE = new Date("2026-11-02T09:00:00.000Z");
