// The lower panel: ratios to a reference, or pulls; as hepnb/widgets/hist_compare.py has it.

import type { Band, Curve, Panel } from "./drawing";
import type { Look } from "./look";

/**
 * The panel, or null where none is asked for or nothing can be compared. In a stack the reference is
 * the data, number `data`, and it is compared with the sum, whose error is `band`.
 */
export function compare(
  curves: Curve[],
  look: Look,
  stack: { stacked: boolean; data: number; band: Band | null },
): Panel | null {
  const { stacked, data, band } = stack;
  if (look.below === null || curves.length < 2 || (stacked && data < 0)) return null;
  let at = [data];
  let reference: Curve | undefined;
  if (stacked) {
    const top = curves.filter((_, i) => i !== data).at(-1);
    const [low, high] = band ?? [null, null];
    reference = top && { ...top, label: "sum", low, high };
  } else {
    const chosen = Math.max(
      0,
      curves.findIndex((curve) => curve.label === look.reference),
    );
    reference = curves[chosen];
    at = curves.map((_, i) => i).filter((i) => i !== chosen);
  }
  if (!reference) return null;
  const compared = at.map((i) => curves[i]).filter((curve) => curve !== undefined);
  if (look.below === "pull") {
    const pulls = compared.map((curve) => pull(curve, reference));
    const reach = Math.min(10, Math.max(3, Math.ceil(largest(pulls.map((p) => p.values)) * 1.1)));
    return { kind: "pull", label: "pull", curves: pulls, at, band: null, range: [-reach, reach] };
  }
  const ratios = compared.map((curve) => over(curve, reference));
  const own = over(reference, reference);
  const reach = reachOf(ratios);
  return {
    kind: "ratio",
    label: stacked ? `${compared[0]?.label} / sum` : `ratio to ${reference.label}`,
    curves: ratios,
    at,
    band: own.low && own.high ? [own.low, own.high] : null,
    range: [1 - reach, 1 + reach],
  };
}

function over(curve: Curve, reference: Curve): Curve {
  const bottom = reference.values.map((value) => (value === 0 ? Number.NaN : value));
  const share = (values: Float64Array) => values.map((value, i) => value / (bottom[i] ?? 0));
  let [low, high]: [Float64Array | null, Float64Array | null] = [null, null];
  if (curve.low && curve.high) {
    const [one, two] = [share(curve.low), share(curve.high)];
    low = one.map((value, i) => Math.min(value, two[i] ?? 0));
    high = one.map((value, i) => Math.max(value, two[i] ?? 0));
  }
  const { label, kind } = curve;
  return { label, kind, values: share(curve.values), low, high, base: null, floor: null };
}

function pull(curve: Curve, reference: Curve): Curve {
  const { label, kind, low, high } = curve;
  const other = { low: reference.low, high: reference.high };
  const values = curve.values.map((value, i) => {
    if (!low || !high || !other.low || !other.high) return Number.NaN;
    const against = reference.values[i] ?? 0;
    const above = value >= against;
    const own = above ? value - (low[i] ?? 0) : (high[i] ?? 0) - value;
    const its = above ? (other.high[i] ?? 0) - against : against - (other.low[i] ?? 0);
    const spread = Math.sqrt(own ** 2 + its ** 2);
    return spread > 0 ? (value - against) / spread : Number.NaN;
  });
  return { label, kind, values, low: null, high: null, base: null, floor: null };
}

function largest(arrays: Float64Array[]): number {
  let out = 0;
  for (const values of arrays) {
    for (const value of values) {
      if (Number.isFinite(value) && Math.abs(value) > out) out = Math.abs(value);
    }
  }
  return out;
}

/** How far the panel goes from 1: to hold every ratio known to 50 % if there is one, at most to 0 and 2. */
function reachOf(ratios: Curve[]): number {
  const known = ratios.map(({ values, low, high }) =>
    values.map((value, i) => {
      const distance = Math.abs(value - 1);
      if (!low || !high) return distance;
      const half = ((high[i] ?? 0) - (low[i] ?? 0)) / 2;
      return half < 0.5 * Math.abs(value) ? distance + half : Number.NaN;
    }),
  );
  if (!known.some((values) => values.some(Number.isFinite))) return 1;
  const most = largest(known) * 1.1;
  return [0.02, 0.05, 0.1, 0.2, 0.5].find((step) => most <= step) ?? 1;
}
