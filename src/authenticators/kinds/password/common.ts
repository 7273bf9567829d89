import { dictionary } from "@zxcvbn-ts/language-common";

/** Passwords that thieves try first, in lower case; those too short to be accepted anyway are left out. */
export const COMMON: ReadonlySet<string> = new Set(dictionary["passwords-common"].filter((word) => word.length >= 8));
