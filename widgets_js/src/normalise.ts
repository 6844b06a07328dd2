// How a look scales contents, and what is said about it; as hepnb/widgets/hist_normalise.py has it.

import type { Look } from "./look";
import type { Slice } from "./slice";

/** What each bin's content is multiplied by; an empty histogram stays empty. */
export function factor(look: Look, total: number, widths: Float64Array): Float64Array {
  const { normalise, cumulative } = look;
  if (normalise === null || (cumulative && normalise === "width")) return widths.map(() => 1);
  const share = total !== 0 && Number.isFinite(total) ? 1 / total : 0;
  if (normalise === "area" || cumulative) return widths.map(() => share);
  return widths.map((width) => (normalise === "density" ? share : 1) / width);
}

/** What a person should know about the picture. */
export function notes(slice: Slice, look: Look): string[] {
  const { group } = slice;
  const said: string[] = [];
  if (!slice.variances && !slice.counts && group === 1) {
    said.push("errors are not known: weights were not squared");
  }
  if (group > 1 && slice.axes.length === 2) {
    said.push(`each cell is the sum of ${group} × ${group} bins; zoom in`);
  } else if (group > 1 && slice.stacked) {
    said.push(`each column is the sum of ${group} bins; zoom in to see them`);
  } else if (group > 1 && !look.cumulative) {
    said.push(`each column spans ${group} bins, lowest to highest; zoom in to see them`);
  }
  const perWidth = look.normalise === "density" || look.normalise === "width";
  if (slice.kind !== "count" && (look.normalise || look.cumulative)) {
    said.push("means are neither normalised nor summed up");
  } else if (look.flow && !look.cumulative && perWidth) {
    said.push("under- and overflow have no width");
  }
  return said;
}
