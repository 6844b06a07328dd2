// How many objects events have: small bars in a table, a picture with numbers beside it, and the
// mean through the run as a line. SVG, with its content as text.

import { el, svg } from "./dom";
import { number, percent } from "./format";
import { countAt } from "./moments";
import type { Collection, Moment } from "./snapshot";

const MOST = 31;

/** What the bars say, as a sentence. */
export function sizesText({ name, sizes, max }: Collection): string {
  const all = (sizes ?? []).reduce((sum, n) => sum + n, 0);
  if (!sizes || all === 0) return `${name}: no events yet`;
  const usual = sizes.indexOf(Math.max(...sizes));
  const more = usual >= MOST ? `${MOST} or more` : String(usual);
  return `${name}: most often ${more} (${percent(sizes[usual] ?? 0, all)} of events), none in ${percent(sizes[0] ?? 0, all)}, at most ${number(max)}`;
}

/** Bars without numbers, for a cell. */
export function spark(collection: Collection): SVGElement {
  const sizes = collection.sizes ?? [];
  const most = Math.max(...sizes, 1);
  const bars = sizes.map((n, at) => {
    const height = n > 0 ? Math.max(1, (n / most) * 20) : 0;
    return svg("rect", { x: at * 4, y: 21 - height, width: 3, height });
  });
  const picture = svg(
    "svg",
    {
      class: "hepnb-spark",
      role: "img",
      "aria-label": sizesText(collection),
      width: 128,
      height: 22,
      viewBox: "0 0 128 22",
    },
    svg("title", {}, sizesText(collection)),
    ...bars,
    svg("path", { class: "hepnb-axis", d: "M0 21.5H128" }),
  );
  return picture;
}

const WIDTH = 420;
const HEIGHT = 140;
const LEFT = 46;
const BASE = 104;
const TOP = 10;

/** The same with numbers at the axes. */
export function sizesPicture(collection: Collection): SVGElement {
  const sizes = collection.sizes ?? [];
  const all = sizes.reduce((sum, n) => sum + n, 0);
  const places = Math.max(6, sizes.length);
  const step = (WIDTH - LEFT) / places;
  const most = Math.max(...sizes, 1);
  const bars = sizes.map((n, at) => {
    const height = (n / most) * (BASE - TOP);
    const what = at >= MOST ? `${MOST} or more` : String(at);
    return svg(
      "rect",
      { x: LEFT + at * step + 1, y: BASE - height, width: Math.max(1, step - 2), height },
      svg("title", {}, `${what}: ${number(n)} events, ${percent(n, all)}`),
    );
  });
  const every = places > 16 ? 5 : 1;
  const ticks = Array.from({ length: places }, (_, at) => at)
    .filter((at) => at === MOST || (at % every === 0 && (places <= MOST || at < MOST - 2)))
    .map((at) =>
      svg(
        "text",
        { x: LEFT + (at + 0.5) * step, y: BASE + 14, "text-anchor": "middle" },
        at >= MOST ? `≥${MOST}` : String(at),
      ),
    );
  const share = all > 0 ? percent(most, all) : "";
  return svg(
    "svg",
    {
      class: "hepnb-sizes",
      role: "img",
      "aria-label": sizesText(collection),
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    },
    svg("path", { class: "hepnb-axis", d: `M${LEFT} ${TOP}V${BASE}H${WIDTH}` }),
    ...bars,
    ...ticks,
    svg("text", { x: LEFT - 5, y: TOP + 9, "text-anchor": "end" }, share),
    svg("text", { x: LEFT - 5, y: BASE, "text-anchor": "end" }, "0"),
    svg(
      "text",
      { x: (LEFT + WIDTH) / 2, y: BASE + 30, "text-anchor": "middle" },
      `${collection.name} per event`,
    ),
  );
}

/** The mean of each part of the run, as a line; the moment `at` is marked. */
export function trendPicture(moments: Moment[], name: string, at: number): SVGElement {
  const values = moments.map((_, place) => countAt(moments, place, name).since);
  const known = values.filter((value): value is number => value !== null);
  const high = Math.max(...known, Number.MIN_VALUE) * 1.15;
  const last = Math.max(1, moments.at(-1)?.events ?? 1);
  const x = (place: number) => LEFT + ((moments[place]?.events ?? 0) / last) * (WIDTH - LEFT - 8);
  const y = (value: number) => BASE - (value / high) * (BASE - TOP);
  const points = values.flatMap((value, place) =>
    value === null ? [] : [`${x(place).toFixed(1)} ${y(value).toFixed(1)}`],
  );
  const here = values[at];
  const range = known.length
    ? `from ${number(Math.min(...known), 3)} to ${number(Math.max(...known), 3)}`
    : "not known yet";
  const mark =
    here === null || here === undefined
      ? []
      : [svg("circle", { class: "hepnb-mark", cx: x(at), cy: y(here), r: 4 })];
  return svg(
    "svg",
    {
      class: "hepnb-sizes",
      role: "img",
      "aria-label": `${name} per event through the run: ${range}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    },
    svg("path", { class: "hepnb-axis", d: `M${LEFT} ${TOP}V${BASE}H${WIDTH}` }),
    svg("path", { class: "hepnb-trend", d: points.length ? `M${points.join("L")}` : "M0 0" }),
    ...mark,
    svg("text", { x: LEFT - 5, y: TOP + 9, "text-anchor": "end" }, number(high, 2)),
    svg("text", { x: LEFT - 5, y: BASE, "text-anchor": "end" }, "0"),
    svg("text", { x: LEFT, y: BASE + 14 }, "0"),
    svg("text", { x: WIDTH - 4, y: BASE + 14, "text-anchor": "end" }, number(last)),
    svg(
      "text",
      { x: (LEFT + WIDTH) / 2, y: BASE + 30, "text-anchor": "middle" },
      "mean per event, by events done",
    ),
  );
}

export function figure(caption: string, picture: SVGElement): HTMLElement {
  return el("figure", { class: "hepnb-figure" }, el("figcaption", {}, caption), picture);
}
