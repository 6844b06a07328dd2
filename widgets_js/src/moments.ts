// Snapshots of the collections through a run: how many objects so far, and since the one before.

import type { Moment, Snapshot } from "./snapshot";

/** Means over all events up to a moment, and over those since the moment before. */
export interface Count {
  events: number;
  total: number;
  mean: number | null;
  since: number | null;
}

/** The kept moments, and the present one at the end. */
export function momentsOf({ history, collections, progress }: Snapshot): Moment[] {
  const now: Moment = {
    chunks: progress.chunks,
    events: progress.events,
    collections: Object.fromEntries(
      collections.map(({ name, events, total }) => [name, [events, total]]),
    ),
  };
  const kept = (history ?? []).filter(({ chunks }) => chunks < now.chunks);
  return [...kept, now];
}

export function countAt(moments: Moment[], at: number, name: string): Count {
  const [events, total] = moments[at]?.collections[name] ?? [0, 0];
  const [before, less] = moments[at - 1]?.collections[name] ?? [0, 0];
  const ratio = (n: number, d: number) => (d > 0 ? n / d : null);
  return {
    events,
    total,
    mean: ratio(total, events),
    since: ratio(total - less, events - before),
  };
}

/** Where a moment is found again when others came, or half of them were let go: the nearest. */
export function placeOf(moments: Moment[], chunks: number): number {
  let best = 0;
  moments.forEach((moment, at) => {
    const far = Math.abs((moments[best]?.chunks ?? 0) - chunks);
    if (Math.abs(moment.chunks - chunks) < far) best = at;
  });
  return best;
}
