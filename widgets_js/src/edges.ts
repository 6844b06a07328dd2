// Where a coordinate stands among the rising edges of an axis.

/** The bin [low, high) of a coordinate: -1 below the axis, its size from the last edge on. */
export function binOf(edges: Float64Array, value: number): number {
  return firstWith(edges, (edge) => edge > value) - 1;
}

/** The bin that is nearest to a coordinate. */
export function binNear(edges: Float64Array, value: number): number {
  return Math.max(0, Math.min(edges.length - 2, binOf(edges, value)));
}

/** The number of the first edge that is not below a coordinate; how many there are if all are. */
export function edgeFrom(edges: Float64Array, value: number): number {
  return firstWith(edges, (edge) => edge >= value);
}

function firstWith(edges: Float64Array, holds: (edge: number) => boolean): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
