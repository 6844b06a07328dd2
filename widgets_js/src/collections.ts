// Collections: how many objects, per event and in all.

import { number } from "./format";
import type { Collection, Part, Snapshot } from "./snapshot";
import { type Cell, Table } from "./table";

export function collectionsPart(): Part {
  const table = new Table(
    "Collections",
    [
      { head: "collection" },
      { head: "objects", numeric: true, title: "objects in all events read so far" },
      { head: "per event", numeric: true, title: "mean number of objects per event" },
      { head: "min–max", numeric: true, title: "fewest and most objects in one event" },
    ],
    "No collection was read yet.",
  );
  return {
    node: table.node,
    update: ({ collections }: Snapshot) => table.fill(collectionRows(collections)),
  };
}

export function collectionRows(collections: Collection[]): Cell[][] {
  const mean = ({ events, total }: Collection) => (events > 0 ? total / events : 0);
  const most = Math.max(...collections.map(mean), Number.MIN_VALUE);
  return collections.map((collection) => [
    { text: collection.name },
    { text: number(collection.total) },
    { text: mean(collection).toFixed(2), bar: mean(collection) / most },
    { text: `${number(collection.min)}–${number(collection.max)}` },
  ]);
}
