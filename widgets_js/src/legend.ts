// The line below the picture: each curve's mark and name, what is in view and what lies outside.

import { style } from "./curves";
import { el, svg } from "./dom";
import { number } from "./format";
import type { Curve, Picture } from "./picture";

export function legend(picture: Picture): HTMLElement[] {
  return picture.curves.map((curve, i) => {
    const row = el("div", { class: "hepnb-legend" });
    if (curve.label) {
      const line = svg("path", { ...style(i), d: "M1 6h26" });
      row.append(
        svg("svg", { width: 28, height: 12, "aria-hidden": "true" }, line),
        el("span", { class: "hepnb-legendname" }, curve.label),
      );
    }
    row.append(el("span", { class: "hepnb-faint" }, sums(curve)));
    return row;
  });
}

export function sums({ total, total_error, under, over }: Curve): string {
  if (total === null) return "";
  const error = total_error === null ? "" : ` ± ${number(total_error, 3)}`;
  const parts = [`in view ${number(total, 6)}${error}`];
  if (under !== null) parts.push(`below ${number(under)}`);
  if (over !== null) parts.push(`above ${number(over)}`);
  return parts.join(" · ");
}
