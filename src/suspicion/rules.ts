/*
 * What counts as suspicious, as pure functions over what happened lately, with every threshold here. The answers go up a
 * ladder: ask first, stop only where asking did not help. Impossible travel is not among them: there is no database of
 * places here, and guessing them from numbers would be a pretence.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const THRESHOLDS = {
  /** Wrong passwords are looked at for an hour: runs are fast, and an office is a new one by then. */
  runWindowSeconds: 3600,
  /**
   * Different names with a wrong password from one network: a household or an office mistypes two or three an hour.
   * A large shared network may reach it; all that follows is one question more.
   */
  namesFromNetwork: 10,
  /** Different networks with a wrong password for one name: somebody who travels has two. */
  networksOnName: 8,
  /** Changes to an account are weighed over this time: setting up a laptop takes longer, emptying an account less. */
  changesWindowMs: 15 * MINUTE,
  /** A new laptop is two or three additions; from here on the authenticators are to be shown again. */
  askAt: 5,
  /** Password, app and codes replaced and the address moved: what a thief does, and nobody does in a quarter of an hour. */
  freezeAt: 9,
  /** From this many networks password (and app) passed and nobody confirmed: they are in circulation. */
  unconfirmedNetworks: 5,
  unconfirmedWindowMs: DAY,
  /** From this many networks the password was right and nothing came after it. The second factor holds, so it is told. */
  halfRightNetworks: 3,
  tokensWindowMs: 15 * MINUTE,
  /** API tokens of one account that publish from one network it was never seen in: a build with a token a project has some. */
  tokensToTell: 3,
  tokensToHold: 6,
  /** In the first day of an account, and after its restoration or unlocking, everything is set up at once. */
  settlingMs: DAY,
  /** How long a freeze lasts by itself: as long as the waiting time of an ordinary recovery. */
  freezeMs: 72 * HOUR,
} as const;

/** What was counted about one sign-in within the window. */
export interface RunSigns {
  readonly namesFromNetwork: number;
  readonly networksOnName: number;
}

/** A run of guesses that a sign-in is part of: many names from its network, or many networks at its name. */
export type Run = "many-names" | "many-networks";

export function judgeRun(signs: RunSigns): Run | null {
  if (signs.namesFromNetwork >= THRESHOLDS.namesFromNetwork) return "many-names";
  return signs.networksOnName >= THRESHOLDS.networksOnName ? "many-networks" : null;
}

/** One event of an account's history, as far as the rules go. */
export interface RecentAct {
  readonly at: Date;
  readonly act: string;
  /** Where it was done from, as a name that compares and says nothing; null where that is not noted, or was erased. */
  readonly network: string | null;
  readonly token: string | null;
}

/** What changes hands when an account is taken over. Replacing and taking away weighs two, adding one. */
export const CHANGES: Readonly<Record<string, number>> = {
  "accounts/address-added": 1,
  "accounts/data-exported": 1,
  "authenticators/passkey-bound": 1,
  "evidence/signing-key-registered": 1,
  "registry/api-token-created": 1,
  "registry/publisher-added": 1,
  "registry/role-granted": 1,
  "accounts/address-removed": 2,
  "accounts/deletion-asked": 2,
  "accounts/primary-address-changed": 2,
  "authenticators/passkey-removed": 2,
  "authenticators/password-changed": 2,
  "authenticators/recovery-codes-made": 2,
  "authenticators/totp-bound": 2,
  "contacts/ended": 2,
  "recovery/strict-begun": 2,
};

/** After these the owner was shown to be there, and what came before is settled. */
export const FRESH_STARTS: readonly string[] = [
  "accounts/thawed",
  "accounts/unlocked",
  "authenticators/password-reset",
  "recovery/authenticators-bound",
];

export const ASKED_AGAIN = "suspicion/asked-again";
export const PASSWORD_TOLD = "suspicion/password-told";
export const TOKENS_TOLD = "suspicion/tokens-told";

const since = (acts: readonly RecentAct[], now: Date, windowMs: number): readonly RecentAct[] =>
  acts.filter(({ at }) => now.getTime() - at.getTime() < windowMs && at <= now);

/** What happened after the last fresh start. @param acts in any order */
function afterFreshStart(acts: readonly RecentAct[]): readonly RecentAct[] {
  const last = Math.max(0, ...acts.filter(({ act }) => FRESH_STARTS.includes(act)).map(({ at }) => at.getTime()));
  return acts.filter(({ at }) => at.getTime() > last);
}

export interface AccountSigns {
  readonly createdAt: Date;
  /** Whether the account was first used within the last day in some browser. */
  readonly hasNewDevice: boolean;
}

/** Whether an account is being set up: in its first day, or in the day after it was restored or unlocked. */
export function isSettling(acts: readonly RecentAct[], { createdAt }: AccountSigns, now: Date): boolean {
  if (now.getTime() - createdAt.getTime() < THRESHOLDS.settlingMs) return true;
  return since(acts, now, THRESHOLDS.settlingMs).some(({ act }) => FRESH_STARTS.includes(act));
}

export type Step = "nothing" | "ask" | "freeze";

/**
 * A burst of changes from a browser that is new to the account: asks for the authenticators again, and freezes where
 * the changes went on after that. Each kind counts once; a settled browser and an account being set up do not.
 */
export function judgeChanges(acts: readonly RecentAct[], account: AccountSigns, now: Date): Step {
  if (!account.hasNewDevice || isSettling(acts, account, now)) return "nothing";
  const recent = since(acts, now, THRESHOLDS.changesWindowMs);
  const weightOf = (some: readonly RecentAct[]): number =>
    [...new Set(some.map(({ act }) => act))].reduce((sum, act) => sum + (CHANGES[act] ?? 0), 0);
  const whole = weightOf(recent);
  const askedAt = recent.findLast(({ act }) => act === ASKED_AGAIN)?.at;
  if (!askedAt) return whole >= THRESHOLDS.askAt ? "ask" : "nothing";
  const wentOn = recent.some(({ act, at }) => act in CHANGES && at > askedAt);
  return wentOn && whole >= THRESHOLDS.freezeAt ? "freeze" : "nothing";
}

/** From how many networks something came within a day, since the last sign-in, new password or fresh start. */
function networksOf(act: string, acts: readonly RecentAct[], now: Date): number {
  const settles = ["sign-in/succeeded", "authenticators/password-changed"];
  const recent = afterFreshStart(since(acts, now, THRESHOLDS.unconfirmedWindowMs));
  const lastIn = Math.max(0, ...recent.filter((one) => settles.includes(one.act)).map(({ at }) => at.getTime()));
  const later = recent.filter((one) => one.act === act && one.at.getTime() > lastIn);
  return new Set(later.flatMap(({ network }) => network ?? [])).size;
}

/** Right factors from many networks that nobody confirmed: they are known to many, so the account is frozen. */
export const judgeUnconfirmed = (acts: readonly RecentAct[], now: Date): Step =>
  networksOf("sign-in/confirmation-asked", acts, now) >= THRESHOLDS.unconfirmedNetworks ? "freeze" : "nothing";

/** The right password from several networks, and nothing after it: told once a day (ASVS 5.0 6.3.5). */
export function judgeHalfRight(acts: readonly RecentAct[], now: Date): boolean {
  if (since(acts, now, THRESHOLDS.unconfirmedWindowMs).some(({ act }) => act === PASSWORD_TOLD)) return false;
  return networksOf("sign-in/password-accepted", acts, now) >= THRESHOLDS.halfRightNetworks;
}

export type TokenStep = "nothing" | "tell" | "hold";

/** Many API tokens of one account that publish from one network in which it was never seen before. */
export function judgeTokens(acts: readonly RecentAct[], now: Date): TokenStep {
  const published = acts.filter(({ act }) => act === "registry/file-published");
  const recent = since(published, now, THRESHOLDS.tokensWindowMs);
  const known = new Set(acts.filter((one) => !recent.includes(one)).map(({ network }) => network));
  const byNetwork = new Map<string, Set<string>>();
  for (const { network, token } of recent)
    if (network && token && !known.has(network))
      byNetwork.set(network, (byNetwork.get(network) ?? new Set()).add(token));
  const most = Math.max(0, ...[...byNetwork.values()].map((tokens) => tokens.size));
  if (most >= THRESHOLDS.tokensToHold) return "hold";
  const isTold = since(acts, now, THRESHOLDS.tokensWindowMs).some(({ act }) => act === TOKENS_TOLD);
  return most >= THRESHOLDS.tokensToTell && !isTold ? "tell" : "nothing";
}
