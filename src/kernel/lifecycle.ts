import { defineRefusals } from "./refusal.ts";
import { ok, refuse, type Result } from "./result.ts";

/** Who has the next move while a thing is in a state. */
export type NextMove = "claimant" | "reviewer" | "clock" | "nobody";

export interface StateDefinition {
  readonly next: NextMove;
  /** One sentence for people. */
  readonly means: string;
}

export interface Transition<S extends string, E extends string, A extends string> {
  readonly from: readonly S[];
  readonly on: E;
  readonly to: S;
  /** The kinds of actor that may take it. */
  readonly by: readonly A[];
}

/** A state machine as data. What no transition allows is refused. */
export interface Lifecycle<S extends string, E extends string, A extends string> {
  readonly name: string;
  readonly initial: S;
  readonly states: Readonly<Record<S, StateDefinition>>;
  readonly transitions: readonly Transition<S, E, A>[];
}

export const lifecycleRefusals = defineRefusals("lifecycle", {
  "not-now": { status: 409, title: "That cannot be done in the present state." },
  "not-yours": { status: 403, title: "That step is for somebody else to take." },
});

/** Checks the table itself: known states, and no two transitions for one state and event. Throws on a bug in it. */
export function defineLifecycle<const S extends string, const E extends string, const A extends string>(
  definition: Lifecycle<S, E, A>,
): Lifecycle<S, E, A> {
  const seen = new Set<string>();
  for (const { from, on, to } of definition.transitions) {
    for (const state of [...from, to]) {
      if (!(state in definition.states)) throw new Error(`${definition.name}: unknown state ${state}`);
    }
    for (const state of from) {
      const key = `${state} ${on}`;
      if (seen.has(key)) throw new Error(`${definition.name}: two transitions for ${key}`);
      seen.add(key);
    }
  }
  return definition;
}

/**
 * The state that follows, or why not. Pure.
 * @param actor the kind of actor, already authenticated
 */
export function step<S extends string, E extends string, A extends string>(
  lifecycle: Lifecycle<S, E, A>,
  state: S,
  event: E,
  actor: A,
): Result<S> {
  const transition = lifecycle.transitions.find((t) => t.on === event && t.from.includes(state));
  if (!transition) return refuse(lifecycleRefusals["not-now"]());
  if (!transition.by.includes(actor)) return refuse(lifecycleRefusals["not-yours"]());
  return ok(transition.to);
}

/** The machine as a Mermaid state diagram, for docs/flows: one arrow from a state to another, with every event on it. */
export function toMermaid<S extends string, E extends string, A extends string>(lifecycle: Lifecycle<S, E, A>): string {
  const isLeft = (state: S) => lifecycle.transitions.some((t) => t.from.includes(state));
  const name = (state: string) => state.replaceAll("-", "_");
  const steps = lifecycle.transitions.flatMap(({ from, on, to }) =>
    from.map((state) => ({ arrow: `${name(state)} --> ${name(to)}`, on })),
  );
  const arrows = [...Map.groupBy(steps, ({ arrow }) => arrow)];
  const ends = (Object.keys(lifecycle.states) as S[]).filter((state) => !isLeft(state)); // the keys are the states
  return [
    "stateDiagram-v2",
    `  [*] --> ${name(lifecycle.initial)}`,
    ...arrows.map(([arrow, events]) => `  ${arrow}: ${events.map(({ on }) => on).join(", ")}`),
    ...ends.map((state) => `  ${name(state)} --> [*]`),
    "",
  ].join("\n");
}
