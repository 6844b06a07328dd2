// Choosing categories: one or several, found by a search, in an order one can change. A few stand
// side by side; many fold away behind a line that says which are chosen.

import { button, el, setAttribute, setText, uniqueId } from "./dom";
import { number } from "./format";
import { nameList } from "./name_list";
import { Names } from "./names";
import { type Axis, choices, type Item, type Step } from "./view";

export interface ItemsControl {
  node: HTMLElement;
  set(step: Step): void;
  /** Categories were added at the end of the axis. */
  grow(axis: Axis): void;
  /** Unfold it. */
  open(): void;
}

export interface ItemsOptions {
  single: boolean;
  /** Whether the order of the chosen ones matters. */
  orders: boolean;
  /** How many are meant when none are named (all, if infinite), and how many there may be. */
  first: number;
  most: number;
}

const FLOWS = 8;

/** Whether all names of an axis stand side by side. */
export function flows(axis: Axis): boolean {
  return choices(axis).length <= FLOWS;
}

export function items(
  axis: Axis,
  options: ItemsOptions,
  changed: (items: Item[] | null) => void,
): ItemsControl {
  const { single } = options;
  let all = choices(axis);
  let places = new Map(all.map((item, at) => [item, at]));
  let known = ""; // what was last set or told: the same again changes nothing
  const names = new Names(all.map(itemName));
  const told = el("span", { class: "hepnb-told", role: "status" });
  const tell = () => {
    paint();
    const { picked } = names;
    const wrong = problem(picked.length, options.most);
    setText(told, wrong);
    if (wrong) return;
    known = picked.join();
    const whole = picked.length === all.length && picked.every((at, i) => at === i);
    if (whole && options.first === Number.POSITIVE_INFINITY) changed(null);
    else changed(picked.map((at) => all[at] as Item));
  };
  const few = flows(axis);
  const list = nameList(names, { label: `${axis.name}: categories`, flows: few, ...options }, tell);
  const folded = few ? undefined : fold(axis.name, names, single, list, tell);
  const paint = () => (folded ?? list).draw();
  const set = ({ items }: Step) => {
    const wanted = items
      ? items.flatMap((item) => places.get(item) ?? [])
      : all.slice(0, options.first).map((_, at) => at);
    if (wanted.join() === known) return;
    known = wanted.join();
    names.choose(wanted);
    setText(told, "");
    paint();
  };
  const grow = (wider: Axis) => {
    all = choices(wider);
    places = new Map(all.map((item, at) => [item, at]));
    names.grow(all.map(itemName));
    paint();
  };
  paint();
  const node = el("div", { class: "hepnb-items" }, folded?.node ?? list.node, told);
  return { node, set, grow, open: () => folded?.open() };
}

function itemName(item: Item): string {
  if (typeof item === "boolean") return item ? "True" : "False";
  return item === "" ? '""' : String(item);
}

function problem(chosen: number, most: number): string {
  if (chosen === 0) return "choose at least one";
  if (chosen > most) return `at most ${most} can be drawn, ${number(chosen)} are chosen`;
  return "";
}

/** The line that says what is chosen, and behind it the search, the buttons and the list. */
function fold(
  axis: string,
  names: Names,
  single: boolean,
  list: { node: HTMLElement; draw(): void },
  changed: () => void,
): { node: HTMLElement; draw(): void; open(): void } {
  const panel = el("div", { class: "hepnb-panel", id: uniqueId("panel"), hidden: true });
  const said = el("span", { class: "hepnb-nametext" });
  const line = button("", {
    class: "hepnb-button hepnb-foldline",
    "aria-expanded": "false",
    "aria-controls": panel.id,
  });
  const count = el("span", { class: "hepnb-count" });
  const of = el("span", { class: "hepnb-offscreen" }, `${axis}:`);
  line.append(of, said, count, el("span", { class: "hepnb-caret", "aria-hidden": "true" }));
  const search = el("input", {
    type: "search",
    class: "hepnb-input hepnb-search",
    placeholder: "search, e.g. QCD_*",
    autocomplete: "off",
    spellcheck: "false",
    title: "a part of the name, or a pattern with * and ? for the whole name",
    "aria-label": `${axis}: search`,
  });
  const found = el("span", { class: "hepnb-faint hepnb-found", role: "status" });
  const only = button("chosen", {
    class: "hepnb-toggle",
    "aria-pressed": "false",
    "aria-label": `${axis}: list only the chosen`,
    title: "list only the chosen",
  });
  const sift = () => {
    names.search(search.value, only.getAttribute("aria-pressed") === "true");
    draw();
    const hits = names.shown.length;
    setText(found, search.value.trim() === "" ? "" : `${number(hits)} found`);
  };
  search.addEventListener("input", sift);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      list.node.querySelector<HTMLElement>("[role=listbox]")?.focus();
    } else if (event.key === "Escape" && search.value !== "") {
      search.value = "";
      sift();
    }
  });
  only.addEventListener("click", () => {
    setAttribute(only, "aria-pressed", String(only.getAttribute("aria-pressed") !== "true"));
    sift();
  });
  const marks = (["all", "none", "invert"] as const).map((how) => {
    const press = button(how, {
      "aria-label": `${axis}: ${how} of the listed`,
      title: how === "invert" ? "swap chosen and not chosen" : `choose ${how} of the listed`,
    });
    press.addEventListener("click", () => {
      names.mark(how);
      changed();
    });
    return press;
  });
  panel.append(
    el(
      "div",
      { class: "hepnb-row hepnb-finder" },
      search,
      ...(single ? [] : [...marks, only]),
      found,
    ),
    list.node,
  );
  const show = (open: boolean) => {
    panel.hidden = !open;
    line.setAttribute("aria-expanded", String(open));
    if (open) list.draw();
  };
  line.addEventListener("click", () => show(panel.hidden !== false));
  const draw = () => {
    const { picked } = names;
    const text = picked.slice(0, 3).map((at) => el("bdi", {}, names.name(at)));
    said.replaceChildren(...text.flatMap((name, at) => (at > 0 ? [", ", name] : [name])));
    if (text.length === 0) setText(said, "none");
    line.title = picked
      .slice(0, 20)
      .map((at) => names.name(at))
      .join("\n");
    setText(count, single ? "" : `${number(picked.length)} of ${number(names.size)}`);
    if (!panel.hidden) list.draw();
  };
  const node = el("div", { class: "hepnb-fold" }, line, panel);
  return { node, draw, open: () => show(true) };
}
