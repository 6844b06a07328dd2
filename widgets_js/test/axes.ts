// Axes for tests of the controls.

import type { Axis, Item } from "../src/view";

export function dense(key: string, edges: number[], more: Partial<Axis> = {}): Axis {
  const unit = more.unit ?? "GeV";
  return {
    key,
    name: unit ? `${key} [${unit}]` : key,
    label: [[unit ? `${key} [${unit}]` : key, 0]],
    unit,
    dense: true,
    size: edges.length - 1,
    edges: Float64Array.from(edges),
    items: [],
    circular: false,
    discrete: false,
    flow: [true, true],
    log: false,
    index: "",
    texts: null,
    quoted: {},
    ...more,
  };
}

export function regular(key: string, bins: number, low: number, high: number): Axis {
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + (i * (high - low)) / bins);
  return dense(key, edges);
}

export function category(key: string, items: Item[], more: Partial<Axis> = {}): Axis {
  return {
    ...dense(key, [], { unit: "" }),
    dense: false,
    size: items.length,
    items,
    discrete: true,
    flow: [false, true],
    ...more,
  };
}

export const HOSTILE = [
  "<script>document.title='gone'</script>",
  "\u202Eright to left\u202C",
  "שלום עולם",
  `very_long_${"systematic_".repeat(30)}up`,
  "'quoted\" & <b>bold</b>",
  "tt",
  "QCD_HT100",
  "QCD_HT200",
  "qcd_lower",
  "",
];

export function thousands(count = 10_000): string[] {
  return Array.from({ length: count }, (_, i) =>
    i % 10 === 0 ? `QCD_HT${i}` : `signal_m${i}_ct${i % 7}`,
  );
}
