// The statistics box as a table below the picture, one row for each series.

import { textWidth } from "./axes";
import { el, svg } from "./dom";
import { number } from "./format";
import type { Statistics } from "./statistics_box";

type Column = [string, (of: Statistics) => string];

const COLUMNS: Column[] = [
  ["entries", (s) => (s.effective ? effective(s) : digits(s.entries))],
  ["in view", (s) => digits(s.integral) + (s.error === null ? "" : ` ± ${number(s.error, 3)}`)],
  ["below", (s) => digits(s.under)],
  ["above", (s) => digits(s.over)],
  ["mean", (s) => digits(s.mean)],
  ["std. dev.", (s) => digits(s.std)],
  ["FWHM", (s) => digits(s.fwhm)],
  ["mean of y", (s) => digits(s.y_mean)],
  ["std. dev. of y", (s) => digits(s.y_std)],
  ["correlation", (s) => digits(s.correlation)],
];

/** A table without the columns that say nothing; null where there is nothing to say. */
export function statisticsTable(of: Statistics[]): HTMLElement | null {
  const shown = COLUMNS.filter(([, text]) => of.some((one) => text(one) !== ""));
  if (of.length === 0 || shown.length === 0) return null;
  const named = of.some(({ label }) => label !== "");
  const head = el("tr", {}, ...(named ? [el("td")] : []));
  for (const [name] of shown) head.append(el("th", { scope: "col" }, name));
  const rows = of.map((one) => {
    const row = el("tr", {}, ...(named ? [el("th", { scope: "row" }, one.label)] : []));
    for (const [, text] of shown) row.append(el("td", {}, text(one)));
    return row;
  });
  return el(
    "div",
    { class: "hepnb-statistics", role: "region", "aria-label": "Statistics", tabindex: "0" },
    el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)),
  );
}

/** The same table as part of a picture: as small as its width asks for, and its height. */
export function drawnTable(
  table: HTMLTableElement,
  width: number,
  top: number,
): [SVGElement, number] {
  const rows = [...table.rows].map(({ cells }) => [...cells].map((cell) => cell.textContent ?? ""));
  let right = 0;
  const ends = (rows[0] ?? []).map((_, i) => {
    right += GAP + Math.max(...rows.map((row) => textWidth(row[i] ?? "")));
    return right;
  });
  const by = Math.min(1, width / (right + GAP));
  const group = svg("g", { "font-size": 12 * by });
  rows.forEach((row, j) => {
    row.forEach((text, i) => {
      const at = { x: (ends[i] ?? 0) * by, y: top + (j + 1) * LINE * by, "text-anchor": "end" };
      group.append(svg("text", { ...at, opacity: j === 0 ? 0.7 : 1 }, text));
    });
  });
  return [group, (rows.length + 0.5) * LINE * by];
}

const GAP = 14;
const LINE = 17;

function digits(value: number | null): string {
  return value === null ? "" : number(value, 5);
}

function effective({ entries }: Statistics): string {
  return entries === null ? "" : `${number(entries, 4)} effective`;
}
