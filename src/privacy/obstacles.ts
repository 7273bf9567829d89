import type { SoleOwnerships } from "../registry/index.ts";

/** What a deletion depends on. */
export interface DeletionFacts {
  readonly alone: SoleOwnerships;
  /** Number of the open recovery case; null where there is none. */
  readonly openCase: string | null;
  /** Until when deletions are held; null where they are not. */
  readonly heldUntil: Date | null;
  readonly isLastAdministrator: boolean;
  readonly isFrozen: boolean;
}

export interface Obstacle {
  readonly kind: "projects" | "organisations" | "case" | "hold" | "administrator" | "frozen";
  /** What it is and what to do about it, in a sentence or two. */
  readonly text: string;
}

const named = (names: readonly string[]): string => names.join(", ");

/** Everything that stands against deleting an account now; empty where nothing does. Pure. */
export function obstaclesTo(facts: DeletionFacts): readonly Obstacle[] {
  const { projects, organisations } = facts.alone;
  const found: Obstacle[] = [];
  if (projects.length > 0)
    found.push({
      kind: "projects",
      text: `You are the only owner of ${named(projects)}. Make somebody else an owner first; what is published stays, and somebody must be able to care for it.`,
    });
  if (organisations.length > 0)
    found.push({
      kind: "organisations",
      text: `You are the only owner of ${named(organisations)}. Make another member an owner first.`,
    });
  if (facts.openCase !== null)
    found.push({
      kind: "case",
      text: `Recovery case ${facts.openCase} is open for this account. It must end first.`,
    });
  if (facts.heldUntil !== null)
    found.push({
      kind: "hold",
      text: `Deleting is on hold until ${facts.heldUntil.toISOString().slice(0, 16).replace("T", " ")} UTC, so that everybody has time to notice if it was not you.`,
    });
  if (facts.isLastAdministrator)
    found.push({
      kind: "administrator",
      text: "You are the only administrator of this index. Appoint another one first.",
    });
  if (facts.isFrozen) found.push({ kind: "frozen", text: "The account is frozen. That must be settled first." });
  return found;
}
