/**
 * The time of day, injected. Read once at the edge of a request, job or command; from there on "now" is an argument.
 */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
