// The numbers of the statistics box; what each means is said in hepnb/widgets/hist_statistics.py.

export interface Statistics {
  label: string;
  entries: number | null;
  effective: boolean;
  integral: number | null;
  error: number | null;
  under: number | null;
  over: number | null;
  mean: number | null;
  std: number | null;
  fwhm: number | null;
  y_mean: number | null;
  y_std: number | null;
  correlation: number | null;
}

export interface Bins {
  values: Float64Array;
  variances: Float64Array | null;
  edges: Float64Array;
  under: boolean;
  over: boolean;
  counts: boolean;
  dense: boolean;
}

/** Of one series over its bins, flow included. */
export function statistics(label: string, bins: Bins): Statistics {
  const { values, variances, edges } = bins;
  const from = Number(bins.under);
  const to = values.length - Number(bins.over);
  const inside = values.subarray(from, to);
  const centres = middles(edges);
  const [mean, std] = bins.dense ? moments(inside, centres) : [null, null];
  return {
    label,
    ...entries(values, variances, bins.counts),
    integral: known(sum(inside)),
    error: variances && known(Math.sqrt(Math.max(0, sum(variances.subarray(from, to))))),
    under: bins.under ? known(values[0] ?? 0) : null,
    over: bins.over ? known(values[to] ?? 0) : null,
    mean,
    std,
    fwhm: bins.dense ? fwhm(inside, edges, centres) : null,
    y_mean: null,
    y_std: null,
    correlation: null,
  };
}

/** The cells in view: first column and the one after the last, then of the rows. */
export interface Window {
  x: [number, number];
  y: [number, number];
}

interface Cells extends Window {
  values: Float64Array;
  variances: Float64Array | null;
  /** Cells in a row, flow included. */
  columns: number;
  /** null for categories. */
  xEdges: Float64Array | null;
  yEdges: Float64Array | null;
  counts: boolean;
}

export function statistics2d(cells: Cells): Statistics {
  const { values, variances } = cells;
  const inside = cut(values, cells.columns, cells);
  const width = cells.x[1] - cells.x[0];
  const height = cells.y[1] - cells.y[0];
  const columns = new Float64Array(width);
  const rows = new Float64Array(height);
  for (let j = 0, at = 0; j < height; j += 1) {
    let total = 0;
    for (let i = 0; i < width; i += 1, at += 1) {
      const value = inside[at] as number;
      columns[i] = (columns[i] as number) + value;
      total += value;
    }
    rows[j] = total;
  }
  const x = cells.xEdges && middles(cells.xEdges);
  const y = cells.yEdges && middles(cells.yEdges);
  const [mean, std] = x ? moments(columns, x) : [null, null];
  const [yMean, yStd] = y ? moments(rows, y) : [null, null];
  const integral = sum(rows);
  const spread =
    variances === values ? integral : variances && sum(cut(variances, cells.columns, cells));
  let correlation: number | null = null;
  if (x && y && mean !== null && yMean !== null && std && yStd) {
    const first = x.findIndex(Number.isFinite);
    const end = x.findLastIndex(Number.isFinite) + 1;
    const far = x.map((centre) => centre - mean);
    let [total, product] = [0, 0];
    for (let j = 0; j < height; j += 1) {
      const dy = (y[j] ?? 0) - yMean;
      if (!Number.isFinite(dy)) continue;
      let along = 0;
      for (let i = first; i < end; i += 1) {
        const value = inside[j * width + i] as number;
        total += value;
        along += value * (far[i] as number);
      }
      product += dy * along;
    }
    if (total > 0) correlation = known(product / total / (std * yStd));
  }
  return {
    label: "",
    ...entries(values, variances, cells.counts),
    integral: known(integral),
    error: spread === null ? null : known(Math.sqrt(Math.max(0, spread))),
    under: null,
    over: null,
    mean,
    std,
    fwhm: null,
    y_mean: yMean,
    y_std: yStd,
    correlation,
  };
}

export function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i] as number;
  return total;
}

/** The cells in view, of rows of `columns` cells. */
export function cut(values: Float64Array, columns: number, { x, y }: Window): Float64Array {
  const wide = x[1] - x[0];
  const out = new Float64Array(wide * (y[1] - y[0]));
  for (let j = y[0]; j < y[1]; j += 1) {
    out.set(values.subarray(j * columns + x[0], j * columns + x[1]), (j - y[0]) * wide);
  }
  return out;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function middles(edges: Float64Array): Float64Array {
  return edges.subarray(1).map((edge, i) => ((edges[i] ?? 0) + edge) / 2);
}

function entries(
  values: Float64Array,
  variances: Float64Array | null,
  counts: boolean,
): Pick<Statistics, "entries" | "effective"> {
  const total = sum(values);
  if (counts) return { entries: known(total), effective: false };
  const spread = variances ? sum(variances) : 0;
  return { entries: spread > 0 ? known((total * total) / spread) : null, effective: true };
}

function moments(values: Float64Array, centres: Float64Array): [number | null, number | null] {
  let [total, first, second] = [0, 0, 0];
  values.forEach((value, i) => {
    const centre = centres[i] ?? 0;
    if (!Number.isFinite(centre)) return;
    total += value;
    first += value * centre;
  });
  if (!(total > 0)) return [null, null];
  const mean = first / total;
  values.forEach((value, i) => {
    const centre = centres[i] ?? 0;
    if (Number.isFinite(centre)) second += value * (centre - mean) ** 2;
  });
  const variance = second / total;
  return [known(mean), variance >= 0 ? Math.sqrt(variance) : null];
}

function fwhm(values: Float64Array, edges: Float64Array, centres: Float64Array): number | null {
  if (values.length < 3 || !edges.every(Number.isFinite) || !values.every(Number.isFinite)) {
    return null;
  }
  const density = values.map((value, i) => value / ((edges[i + 1] ?? 0) - (edges[i] ?? 0)));
  const half = density.reduce((a, b) => Math.max(a, b)) / 2;
  const first = density.findIndex((value) => value >= half);
  const last = density.findLastIndex((value) => value >= half);
  if (!(half > 0) || first === 0 || last === density.length - 1) return null;
  const crossing = (inner: number, outer: number) => {
    const [above = 0, below = 0] = [density[inner], density[outer]];
    const [from = 0, to = 0] = [centres[outer], centres[inner]];
    return from + ((half - below) / (above - below)) * (to - from);
  };
  return known(crossing(last, last + 1) - crossing(first, first - 1));
}
