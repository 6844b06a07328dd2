// Choosing categories: one from a list, or several by check boxes.

import { button, el } from "./dom";
import type { Axis, Item, Step } from "./picture";

interface Control {
  node: HTMLElement;
  set(step: Step): void;
}

export function one(axis: Axis, changed: (items: Item[]) => void): Control {
  const node = el(
    "select",
    { class: "hepnb-select", "aria-label": `${axis.name}: category` },
    ...axis.items.map((item, at) => el("option", { value: at }, String(item))),
  );
  node.addEventListener("change", () =>
    changed(axis.items.slice(node.selectedIndex, node.selectedIndex + 1)),
  );
  const set = ({ items }: Step) => {
    node.selectedIndex = items?.[0] === undefined ? -1 : axis.items.indexOf(items[0]);
  };
  return { node, set };
}

/** Check boxes; null items stand for the first `most`. */
export function items(axis: Axis, most: number, changed: (items: Item[]) => void): Control {
  const boxes = axis.items.map((item) => {
    const box = el("input", { type: "checkbox" });
    return { item, box, node: el("label", { class: "hepnb-check" }, box, String(item)) };
  });
  const tell = () => changed(boxes.filter(({ box }) => box.checked).map(({ item }) => item));
  const list = el(
    "div",
    { class: "hepnb-items", role: "group", "aria-label": `${axis.name}: categories` },
    ...boxes.map(({ node }) => node),
  );
  for (const { box } of boxes) {
    box.addEventListener("change", () => {
      if (!boxes.some((other) => other.box.checked)) box.checked = true; // one must stay
      tell();
    });
  }
  const all = button("all", { "aria-label": `${axis.name}: all categories` });
  all.addEventListener("click", () => {
    boxes.forEach(({ box }, at) => {
      box.checked = at < most;
    });
    tell();
  });
  const node = el("div", { class: "hepnb-row" }, list);
  if (boxes.length > 2 && most >= boxes.length) node.append(all);
  const set = ({ items }: Step) => {
    boxes.forEach(({ item, box }, at) => {
      box.checked = items ? items.includes(item) : at < most;
    });
  };
  return { node, set };
}
