import type { Challenge } from "../types.ts";

/* What a claimant puts in a place of theirs. base64url: safe in a shell, a branch name, a path, a record. Pure. */

const CODE_CHARACTERS = 22;

/** The part of a challenge that names things, 132 bits of it: nobody can have put it there before. */
export const codeOf = ({ value }: Pick<Challenge, "value">): string => value.slice(0, CODE_CHARACTERS);

export const branchOf = (challenge: Pick<Challenge, "value">): string => `locksmith-${codeOf(challenge)}`;

/** Its content is the whole value: a server that repeats the address it was asked for proves nothing. */
export const fileOf = (challenge: Pick<Challenge, "value">): string => `locksmith-${codeOf(challenge)}.txt`;

export const wellKnownPath = (challenge: Pick<Challenge, "value">): string =>
  `/.well-known/locksmith-challenge/${codeOf(challenge)}`;

export const RECORD_PREFIX = "locksmith-challenge=";

export const recordName = (domain: string): string => `_locksmith-challenge.${domain}`;

/** Whether a short text looks like the value of a challenge, of whatever case. */
export const looksLikeValue = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text);
