// A picture's numbers as CSV: edges, contents and errors, one row for each bin.

import { plainText } from "./axes";
import { csv } from "./csv";
import type { Drawing, DrawnAxis } from "./drawing";

/** A table of what is drawn, for a spreadsheet: edges, contents, ends of errors. */
export function histogramCsv(drawing: Drawing): string {
  const { x, curves, heat } = drawing;
  const rows: (string | number | null)[][] = [];
  const edgesOf = (axis: DrawnAxis, name: string) =>
    axis.items.length > 0 ? [name] : [`${name} low`, `${name} high`];
  const binOf = (axis: DrawnAxis, i: number) => {
    const item = axis.items[i];
    if (item !== undefined) return [harmless(item)];
    const low = axis.under && i === 0 ? Number.NEGATIVE_INFINITY : (axis.edges[i] ?? 0);
    const last = axis.over && i === axis.edges.length - 2;
    return [low, last ? Number.POSITIVE_INFINITY : (axis.edges[i + 1] ?? 0)];
  };
  const wide = x.edges.length - 1;
  const xName = harmless(plainText(x.label));
  if (heat) {
    const yName = harmless(plainText(heat.y.label));
    rows.push([...edgesOf(x, xName), ...edgesOf(heat.y, yName), "content", "error"]);
    for (let j = 0; j + 1 < heat.y.edges.length; j += 1) {
      for (let i = 0; i < wide; i += 1) {
        const at = j * wide + i;
        const error = heat.errors?.[at] ?? null;
        rows.push([...binOf(x, i), ...binOf(heat.y, j), heat.values[at] ?? null, error]);
      }
    }
  } else {
    const columns = curves.flatMap(({ label }) => {
      const name = harmless(label || "content");
      return [name, `${name}, lower error`, `${name}, upper error`];
    });
    rows.push([...edgesOf(x, xName), ...columns]);
    for (let i = 0; i < wide; i += 1) {
      const contents = curves.flatMap(({ values, low, high, base }) => {
        const value = values[i] ?? Number.NaN;
        const own = value - (base?.[i] ?? 0);
        return [own, low ? value - (low[i] ?? 0) : null, high ? (high[i] ?? 0) - value : null];
      });
      rows.push([...binOf(x, i), ...contents]);
    }
  }
  return csv(rows);
}

/** Text that a spreadsheet would take for a formula begins with '. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
