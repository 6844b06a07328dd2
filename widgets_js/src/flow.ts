// The graph of a path: boxes for what is read, computed and filled, in the places that the kernel
// chose. A box that has the focus or the pointer shows what it comes from and what comes of it.

import { el, setText, svg } from "./dom";

export interface Node {
  label: string;
  kind: string;
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Edge {
  from: number;
  to: number;
  fields: string[];
}

export interface Graph {
  width: number;
  height: number;
  nodes: Node[];
  edges: Edge[];
}

/** A box, all it comes from and all that comes of it, by their places. */
export function related(edges: Edge[], start: number): Set<number> {
  const walk = (next: (edge: Edge) => [number, number]) => {
    const seen = new Set([start]);
    for (const place of seen) {
      for (const edge of edges) {
        const [here, there] = next(edge);
        if (here === place) seen.add(there);
      }
    }
    return seen;
  };
  const up = walk(({ from, to }) => [to, from]);
  const down = walk(({ from, to }) => [from, to]);
  return new Set([...up, ...down]);
}

/** What a box is, reads and serves, as a sentence. */
export function nodeText({ nodes, edges }: Graph, place: number): string {
  const node = nodes[place];
  if (!node) return "";
  const list = (links: [number | undefined, string[]][]) =>
    links
      .map(([at, fields]) => {
        const name = at === undefined ? "" : called(nodes[at]);
        return fields.length ? `${name} (${fields.join(", ")})` : name;
      })
      .join(", ");
  const from = list(edges.filter(({ to }) => to === place).map((e) => [e.from, e.fields]));
  const into = list(edges.filter((e) => e.from === place).map((e) => [e.to, []]));
  const parts = [`${node.kind} ${node.name}`];
  if (from) parts.push(`from ${from}`);
  if (into) parts.push(`for ${into}`);
  return parts.join("; ");
}

/** Columns by their name, all else by its kind as well: a histogram may bear a column's name. */
function called(node: Node | undefined): string {
  if (!node) return "";
  const plain = node.kind === "input" || node.kind === "definition";
  return plain ? node.name : `${node.kind} ${node.name}`;
}

export function flow(graph: Graph): HTMLElement {
  const { nodes, edges, width, height } = graph;
  const said = el("p", { class: "hepnb-faint", role: "status" });
  const lines = edges.map(({ from, to }) => {
    const [a, b] = [nodes[from], nodes[to]];
    return svg("path", { class: "hepnb-edge", d: a && b ? curve(a, b) : "" });
  });
  const show = (place: number | null) => {
    const kept = place === null ? null : related(edges, place);
    const inside = (at: number) => kept === null || kept.has(at);
    boxes.forEach((box, at) => {
      box.classList.toggle("hepnb-dim", !inside(at));
    });
    lines.forEach((line, at) => {
      const edge = edges[at];
      line.classList.toggle("hepnb-dim", !edge || !inside(edge.from) || !inside(edge.to));
    });
    setText(said, place === null ? "" : nodeText(graph, place));
  };
  const boxes = nodes.map((node, at) => {
    const box = svg(
      "g",
      {
        class: "hepnb-node",
        "data-kind": node.kind,
        role: "img",
        tabindex: "0",
        "aria-label": nodeText(graph, at),
      },
      svg("rect", { x: node.x, y: node.y, width: node.width, height: node.height, rx: 4 }),
      svg("text", { x: node.x + 8, y: node.y + 16 }, node.label),
    );
    box.addEventListener("focus", () => show(at));
    box.addEventListener("blur", () => show(null));
    box.addEventListener("mouseenter", () => show(at));
    box.addEventListener("mouseleave", () => show(null));
    return box;
  });
  const label = "Which column comes from which";
  const picture = svg(
    "svg",
    { role: "group", "aria-label": label, width, height },
    ...lines,
    ...boxes,
  );
  const list = el("ul", {}, ...nodes.map((_, at) => el("li", {}, nodeText(graph, at))));
  return el(
    "div",
    {},
    el(
      "div",
      { class: "hepnb-graphbox", tabindex: "0", role: "group", "aria-label": label },
      picture,
    ),
    said,
    el("details", { class: "hepnb-details" }, el("summary", {}, "as a list"), list),
  );
}

function curve(a: Node, b: Node): string {
  const [x1, y1] = [a.x + a.width, a.y + a.height / 2];
  const [x2, y2] = [b.x, b.y + b.height / 2];
  const bend = Math.max(20, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
