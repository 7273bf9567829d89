import type { policy as policies } from "../recovery/index.ts";

/*
 * What opens an account, computed from what is bound to it: the graph of things (holdings) and of the sets of them that
 * open it (doors). Pure. After Hammann et al., "User Account Access Graphs" (CCS 2019): an account is as strong as its
 * cheapest door, and as safe from loss as the doors that remain when a thing is gone.
 */

/** A `passkey` asks for PIN, finger or face and opens alone; a `security-key` did not, and is a second factor. */
export type HoldingKind =
  | "password"
  | "app"
  | "passkey"
  | "security-key"
  | "codes"
  | "mailbox"
  | "ssh-key"
  | "openpgp-key"
  | "api-token";

/** One thing that the owner has or knows, and can lose. */
export interface Holding {
  readonly id: string;
  readonly kind: HoldingKind;
  /** As its owner knows it: “the app on your phone”. */
  readonly label: string;
  /** What it shows in a recovery case, as the policy reads it; null for what only signs in. */
  readonly proof: policies.Finding | null;
}

export type DoorKind = "sign-in" | "recovery" | "recovery-by-people";

/** A smallest set of holdings that opens the account; no holding of it can be left out. */
export interface Door {
  readonly kind: DoorKind;
  readonly holdings: readonly string[];
  /** Milliseconds from the proof to the door being open; 0 for signing in. */
  readonly waitMs: number;
}

/** What a recovery case with these proofs would lead to, by the policy and for this account's tier. */
export type Judge = (proofs: readonly policies.Finding[]) => Pick<policies.Outcome, "route" | "waitMs">;

/** Proofs taken together that are tried; a case with more of them has one of these inside. */
const MOST_PROOFS = 4;

/** Sets that sign in without anybody's help. */
function signInDoors(holdings: readonly Holding[]): readonly Door[] {
  const of = (kind: HoldingKind) => holdings.filter((one) => one.kind === kind).map((one) => one.id);
  const seconds = [...of("app"), ...of("security-key"), ...of("codes")];
  const alone = of("passkey").map((passkey): Door => ({ kind: "sign-in", holdings: [passkey], waitMs: 0 }));
  const together = of("password").flatMap((password) =>
    seconds.map((second): Door => ({ kind: "sign-in", holdings: [password, second], waitMs: 0 })),
  );
  return [...alone, ...together];
}

function* subsets<T>(items: readonly T[], most: number, from = 0): Generator<readonly T[]> {
  for (let at = from; at < items.length; at += 1) {
    const item = items[at];
    if (item === undefined) continue;
    yield [item];
    if (most > 1) for (const rest of subsets(items, most - 1, at + 1)) yield [item, ...rest];
  }
}

/** Sets that win a recovery case under the policy, by machine or by people. */
function recoveryDoors(holdings: readonly Holding[], judge: Judge): readonly Door[] {
  const provable = holdings.filter((one) => one.proof !== null);
  const doors: Door[] = [];
  for (const set of subsets(provable, MOST_PROOFS)) {
    const outcome = judge(set.flatMap(({ proof }) => (proof ? [proof] : [])));
    if (outcome.route === "insufficient") continue;
    const kind = outcome.route === "machine" ? "recovery" : "recovery-by-people";
    doors.push({ kind, holdings: set.map((one) => one.id), waitMs: outcome.waitMs });
  }
  return doors;
}

const EASE: Readonly<Record<DoorKind, number>> = { "sign-in": 0, recovery: 1, "recovery-by-people": 2 };

/** The doors of an account, the easiest first; a door that holds a smaller and no harder one inside is left out. */
export function doorsOf(holdings: readonly Holding[], judge: Judge): readonly Door[] {
  const all = [...signInDoors(holdings), ...recoveryDoors(holdings, judge)];
  const isNeeded = (door: Door): boolean =>
    !all.some(
      (other) =>
        other !== door &&
        EASE[other.kind] <= EASE[door.kind] &&
        other.holdings.length < door.holdings.length &&
        other.holdings.every((id) => door.holdings.includes(id)),
    );
  return all
    .filter(isNeeded)
    .sort((a, b) => EASE[a.kind] - EASE[b.kind] || a.holdings.length - b.holdings.length || a.waitMs - b.waitMs);
}

export interface Loss {
  readonly holding: Holding;
  /** The easiest door that is left; null: the owner is locked out for good. */
  readonly left: Door | null;
}

/** What remains open when one thing is lost, for each. */
export const lossesOf = (holdings: readonly Holding[], doors: readonly Door[]): readonly Loss[] =>
  holdings.map((holding) => ({ holding, left: doors.find((door) => !door.holdings.includes(holding.id)) ?? null }));

const WORTH: Readonly<Record<DoorKind, number>> = { "sign-in": 1, recovery: 0.6, "recovery-by-people": 0.4 };

/**
 * How well the account survives losses, 0 to 100: the mean over every single loss of what is left after it (1 for
 * signing in at once, less for a wait, less for people, 0 for nothing). 0 without any door.
 */
export function scoreOf(holdings: readonly Holding[], judge: Judge): number {
  const doors = doorsOf(holdings, judge);
  if (doors.length === 0 || holdings.length === 0) return 0;
  const losses = lossesOf(holdings, doors);
  const sum = losses.reduce((total, { left }) => total + (left ? WORTH[left.kind] : 0), 0);
  return Math.round((100 * sum) / losses.length);
}

/** Something that could be added, and what the losses of today would then leave. */
export interface Improvement {
  readonly kind: HoldingKind;
  readonly gain: number;
}

/**
 * What would help most: the addition after which the things held today can be lost at the least cost. Null where none
 * of them helps.
 * @param additions holdings as they would be once they are old enough to count
 */
export function bestImprovement(
  holdings: readonly Holding[],
  additions: readonly Holding[],
  judge: Judge,
): Improvement | null {
  const worth = (all: readonly Holding[]): number => {
    const doors = doorsOf(all, judge);
    return lossesOf(holdings, doors).reduce((total, { left }) => total + (left ? WORTH[left.kind] : 0), 0);
  };
  const today = worth(holdings);
  const gains = additions.map(({ kind, ...rest }) => ({ kind, gain: worth([...holdings, { kind, ...rest }]) - today }));
  const best = gains.reduce<Improvement | null>((most, one) => (one.gain > (most?.gain ?? 0) ? one : most), null);
  return best;
}
