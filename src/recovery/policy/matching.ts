/** A finding's possible place: its kind, the group whose cap it shares, the root it rests on, and its bits (or 1, to count roots). */
export interface Edge {
  readonly kind: string;
  readonly group: string;
  readonly root: string;
  readonly weight: number;
}

/** One of the `atMost` places a group has. Holds the edge chosen for it, if any. */
interface Place {
  readonly edges: readonly Edge[];
  chosen: Edge | undefined;
}

/**
 * The heaviest choice of edges in which each root is used at most once and each group at most `atMost(group)` times:
 * inside one root the largest counts, across roots bits add, and nothing is counted more often than its cap. Exact, so that one
 * more edge never lowers the sum; a greedy choice would not be. Pure; the order of the edges does not change the sum.
 */
export function heaviestMatching(edges: readonly Edge[], atMost: (group: string) => number): readonly Edge[] {
  const useful = heaviestOfEachPair(edges);
  const byGroup = Map.groupBy(useful, (edge) => edge.group);
  const byRoot = Map.groupBy(useful, (edge) => edge.root);
  if ([...byGroup].every(([group, list]) => list.length <= atMost(group))) {
    return [...byRoot.values()].map((list) => list.reduce((best, edge) => (edge.weight > best.weight ? edge : best)));
  }
  const places = [...byGroup].flatMap(([group, list]) =>
    Array.from({ length: Math.min(atMost(group), list.length) }, (): Place => ({ edges: list, chosen: undefined })),
  );
  while (augment(places)) {
    // each turn adds one root; the longest path gains no more than the one before, so the first without gain ends it
  }
  return places.flatMap(({ chosen }) => chosen ?? []).sort((a, b) => (a.root < b.root ? -1 : 1));
}

/** One edge for each pair of group and root, in an order that does not depend on the input's. Edges without weight go. */
function heaviestOfEachPair(edges: readonly Edge[]): readonly Edge[] {
  const pairs = new Map<string, Edge>();
  for (const edge of edges) {
    const pair = `${edge.group} ${edge.root}`;
    if (edge.weight > (pairs.get(pair)?.weight ?? 0)) pairs.set(pair, edge);
  }
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
}

/**
 * Improves the choice along the path that gains most from a free place to a free root (Bellman-Ford: a path adds an
 * edge, and gives up the edge that held its root, whose place goes looking further). False when no path gains.
 */
function augment(places: readonly Place[]): boolean {
  const holder = new Map<string, Place>();
  for (const place of places) if (place.chosen) holder.set(place.chosen.root, place);
  const gainAt = new Map<Place, number>();
  for (const place of places) if (!place.chosen) gainAt.set(place, 0);
  const reached = new Map<string, { gain: number; place: Place; edge: Edge }>();
  for (let turn = 0, isChanged = true; isChanged && turn <= places.length; turn++) {
    isChanged = false;
    for (const [place, before] of gainAt) {
      for (const edge of place.edges) {
        const gain = before + edge.weight;
        if (edge === place.chosen || gain <= (reached.get(edge.root)?.gain ?? 0)) continue;
        reached.set(edge.root, { gain, place, edge });
        isChanged = true;
        const displaced = holder.get(edge.root);
        if (displaced?.chosen) gainAt.set(displaced, gain - displaced.chosen.weight);
      }
    }
  }
  let best: { gain: number; place: Place; edge: Edge } | undefined;
  for (const [root, path] of reached) if (!holder.has(root) && path.gain > (best?.gain ?? 0)) best = path;
  if (!best) return false;
  for (let at: typeof best | undefined = best; at; ) {
    const released: Edge | undefined = at.place.chosen;
    at.place.chosen = at.edge;
    at = released && reached.get(released.root);
  }
  return true;
}
