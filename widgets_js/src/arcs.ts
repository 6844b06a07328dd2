// A small graph as a column of names with arcs between them: every name can be read at any width,
// reached by Tab, and says what it is linked to. The links stand below as text, too.

import { el, setText, svg } from "./dom";

export interface Link {
  from: string;
  to: string;
  /** What makes the link, such as the branches that hold it. */
  labels: string[];
}

const ROW = 24;
const LETTER = 7.4;

/** Links between the same two in one, in order. */
export function joined(links: { from: string; to: string; label: string }[]): Link[] {
  const found = new Map<string, Link>();
  for (const { from, to, label } of links) {
    const key = JSON.stringify([from, to]);
    const link = found.get(key) ?? { from, to, labels: [] };
    link.labels.push(label);
    found.set(key, link);
  }
  return [...found.values()];
}

export function linkText({ from, to, labels }: Link): string {
  return `${from} → ${to} (${labels.join(", ")})`;
}

/** `strong` names are drawn in full colour, the others faint. */
export function arcs(label: string, links: Link[], strong: Set<string>): HTMLElement {
  const names = [...new Set(links.flatMap(({ from, to }) => [from, to]))].sort(
    (a, b) => Number(strong.has(b)) - Number(strong.has(a)) || a.localeCompare(b),
  );
  const place = new Map(names.map((name, at) => [name, at]));
  const left = Math.max(...names.map((name) => name.length), 4) * LETTER + 14;
  const reach = (link: Link) =>
    Math.min(22 + 13 * Math.abs((place.get(link.from) ?? 0) - (place.get(link.to) ?? 0)), 150);
  const width = left + Math.max(...links.map(reach), 30) + 12;
  const height = names.length * ROW + 8;
  const middle = (name: string) => (place.get(name) ?? 0) * ROW + ROW / 2 + 4;
  const said = el("p", { class: "hepnb-faint", role: "status" });
  const paths = links.map((link) => {
    const [a, b, x] = [middle(link.from), middle(link.to), reach(link)];
    // Both ends of a name are apart, so that what leaves is not what arrives.
    const [start, end] = link.from === link.to ? [a - 5, b + 5] : [a - 3, b + 3];
    return svg(
      "g",
      { class: "hepnb-arc", "data-from": link.from, "data-to": link.to },
      svg("title", {}, linkText(link)),
      svg("path", {
        d: `M${left} ${start}C${left + x * 1.3} ${start} ${left + x * 1.3} ${end} ${left + 7} ${end}`,
      }),
      svg("path", { class: "hepnb-arrow", d: `M${left + 1} ${end}l8 -4v8z` }),
    );
  });
  const show = (name: string | null) => {
    const own = links.filter(({ from, to }) => name === null || from === name || to === name);
    paths.forEach((path, at) => {
      const link = links[at];
      path.classList.toggle("hepnb-dim", link !== undefined && !own.includes(link));
    });
    setText(said, name === null ? "" : own.map(linkText).join("; "));
  };
  const nodes = names.map((name) => {
    const own = links.filter(({ from, to }) => from === name || to === name);
    const node = svg(
      "g",
      {
        class: strong.has(name) ? "hepnb-node" : "hepnb-node hepnb-weak",
        role: "img",
        tabindex: "0",
        "aria-label": `${name}: ${own.map(linkText).join("; ")}`,
      },
      svg("rect", { x: 2, y: middle(name) - 10, width: left - 6, height: 20, rx: 4 }),
      svg("text", { x: left - 9, y: middle(name) + 4, "text-anchor": "end" }, name),
    );
    node.addEventListener("focus", () => show(name));
    node.addEventListener("blur", () => show(null));
    node.addEventListener("mouseenter", () => show(name));
    node.addEventListener("mouseleave", () => show(null));
    return node;
  });
  const picture = svg(
    "svg",
    { role: "group", "aria-label": label, width, height },
    ...paths,
    ...nodes,
  );
  const list = el("ul", {}, ...links.map((link) => el("li", {}, linkText(link))));
  return el(
    "div",
    {},
    el(
      "div",
      { class: "hepnb-scroller", tabindex: "0", role: "group", "aria-label": label },
      picture,
    ),
    said,
    el("details", { class: "hepnb-details" }, el("summary", {}, "as a list"), list),
  );
}
