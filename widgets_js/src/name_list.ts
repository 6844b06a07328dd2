// A list of names to choose from and to put in order, however long: only the rows in sight exist.
// The keyboard: arrows walk, Space chooses, Alt with an arrow moves, Ctrl+A takes all that is shown.

import { el, setAttribute, setText, uniqueId } from "./dom";
import type { Names } from "./names";

const ROW = 26; // px, also in controls.css
const SIGHT = 8; // rows in sight
const SPARE = 4;

export interface NameList {
  node: HTMLElement;
  draw(): void;
}

/** Short lists (`flows`) stand in lines of text; one (`single`) or several are chosen. */
export function nameList(
  names: Names,
  options: { label: string; flows: boolean; single: boolean; orders: boolean },
  changed: () => void,
): NameList {
  const { flows, single, orders } = options;
  const stem = uniqueId("name");
  const help = el(
    "span",
    { class: "hepnb-offscreen", id: uniqueId("help") },
    orders ? "Space chooses, Alt with an arrow key moves." : "",
  );
  const said = el("span", { class: "hepnb-offscreen", role: "status" });
  const body = el("div", { class: "hepnb-names", role: "presentation" });
  const box = el(
    "div",
    {
      class: flows ? "hepnb-list hepnb-flows" : "hepnb-list",
      role: "listbox",
      tabindex: 0,
      "aria-label": options.label,
      "aria-multiselectable": single ? undefined : "true",
      "aria-orientation": flows ? "horizontal" : "vertical",
      "aria-describedby": orders ? help.id : undefined,
    },
    body,
  );
  const rows = new Map<number, HTMLElement>(); // by the number of the name
  let active = 0; // a place in what is shown

  const make = (at: number) => {
    const name = el("bdi", { class: "hepnb-nametext" }, names.name(at));
    const row = el("div", { class: "hepnb-option", role: "option", id: `${stem}-${at}` }, name);
    row.title = names.name(at);
    if (orders) {
      const grip = el("span", { class: "hepnb-grip", "aria-hidden": "true" }, "⠿");
      grip.addEventListener("pointerdown", (event) => drag(event, at));
      row.append(grip);
    }
    row.addEventListener("click", () => {
      if (dragged) return;
      active = names.shown.indexOf(at);
      choose(at);
    });
    return row;
  };

  const draw = () => {
    const shown = names.shown;
    active = Math.min(Math.max(0, active), Math.max(0, shown.length - 1));
    if (!flows) {
      box.style.height = `${Math.min(SIGHT, Math.max(1, shown.length)) * ROW + 2}px`;
      body.style.height = `${shown.length * ROW}px`;
    }
    const first = flows ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
    const last = flows ? shown.length : Math.min(shown.length, first + SIGHT + 2 * SPARE + 1);
    const wanted = new Set<number>();
    for (let place = first; place < last; place += 1) wanted.add(place);
    if (active < shown.length) wanted.add(active); // what a screen reader stands on exists
    const kept = new Set<number>();
    let before: Element | null = null;
    for (const place of [...wanted].sort((a, b) => a - b)) {
      const at = shown[place];
      if (at === undefined) continue;
      kept.add(at);
      const row = rows.get(at) ?? make(at);
      rows.set(at, row);
      setAttribute(row, "aria-selected", String(names.chosen.has(at)));
      setAttribute(row, "aria-setsize", String(shown.length));
      setAttribute(row, "aria-posinset", String(place + 1));
      row.classList.toggle("hepnb-active", place === active);
      if (!flows) row.style.top = `${place * ROW}px`;
      const next: Element | null = before ? before.nextElementSibling : body.firstElementChild;
      if (next !== row) body.insertBefore(row, next);
      before = row;
    }
    for (const [at, row] of rows) {
      if (kept.has(at)) continue;
      row.remove();
      rows.delete(at);
    }
    const here = shown[active];
    setAttribute(box, "aria-activedescendant", here === undefined ? null : `${stem}-${here}`);
  };

  const reveal = () => {
    if (flows) return;
    const top = active * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight)
      box.scrollTop = top + ROW - box.clientHeight;
  };

  const choose = (at: number) => {
    if (single) {
      if (names.chosen.has(at)) return draw();
      names.chosen.clear();
      names.chosen.add(at);
    } else names.toggle(at);
    draw();
    changed();
  };

  const walk = (to: number) => {
    active = Math.min(Math.max(0, to), names.shown.length - 1);
    reveal();
    const at = names.shown[active];
    if (single && at !== undefined) choose(at);
    else draw();
  };

  const moveTo = (to: number) => {
    if (!orders || to < 0 || to >= names.shown.length || to === active) return;
    names.move(active, to);
    active = to;
    reveal();
    draw();
    const at = names.shown[active] ?? 0;
    setText(said, `${names.name(at)}: place ${active + 1} of ${names.shown.length}`);
    if (names.chosen.has(at)) changed();
  };

  box.addEventListener("keydown", (event) => {
    const step = steps(event.key, flows);
    const at = names.shown[active];
    if (step !== undefined && event.altKey) moveTo(active + step);
    else if (event.altKey) return;
    else if (step !== undefined) walk(active + step);
    else if (event.key === "Home") walk(0);
    else if (event.key === "End") walk(names.shown.length - 1);
    else if ((event.key === " " || event.key === "Enter") && at !== undefined) choose(at);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && !single) {
      names.mark("all");
      draw();
      changed();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("scroll", draw, { passive: true });

  let dragged = false; // the click that ends a drag chooses nothing; it may not come
  box.addEventListener("pointerdown", () => {
    dragged = false;
  });
  const drag = (event: PointerEvent, at: number) => {
    if (event.button !== 0) return;
    event.preventDefault();
    active = names.shown.indexOf(at);
    const over = (now: PointerEvent) => {
      const place = flows
        ? placeInLines(now, rows.entries(), names.shown, active)
        : placeInList(now, box, body, names.shown.length);
      if (place === undefined || place === active) return;
      names.move(active, place);
      active = place;
      dragged = true;
      reveal();
      draw();
      rows.get(at)?.classList.add("hepnb-dragged");
    };
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, end);
      document.removeEventListener("pointermove", over);
      rows.get(at)?.classList.remove("hepnb-dragged");
      if (dragged && names.chosen.has(at)) changed();
    };
    document.addEventListener("pointermove", over);
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end);
  };

  return { node: el("div", {}, box, help, said), draw };
}

function steps(key: string, flows: boolean): number | undefined {
  if (key === "ArrowDown" || (flows && key === "ArrowRight")) return 1;
  if (key === "ArrowUp" || (flows && key === "ArrowLeft")) return -1;
  if (key === "PageDown") return SIGHT;
  if (key === "PageUp") return -SIGHT;
  return undefined;
}

/** The place under a pointer, in rows of one height. */
function placeInList(
  { clientY }: PointerEvent,
  box: HTMLElement,
  body: HTMLElement,
  length: number,
): number {
  const edge = box.getBoundingClientRect();
  const y = Math.min(Math.max(clientY, edge.top - ROW / 2), edge.bottom + ROW / 2);
  const place = Math.floor((y - body.getBoundingClientRect().top) / ROW);
  return Math.min(Math.max(0, place), length - 1);
}

/** The place under a pointer, in lines; on the own line only past the middle of what stands there. */
function placeInLines(
  { clientX, clientY }: PointerEvent,
  rows: Iterable<[number, HTMLElement]>,
  shown: readonly number[],
  active: number,
): number | undefined {
  const boxes = [...rows].map(([at, row]) => ({ at, box: row.getBoundingClientRect() }));
  const own = boxes.find(({ at }) => at === shown[active])?.box;
  const hit = boxes.find(
    ({ box }) =>
      clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom,
  );
  if (!hit || !own) return undefined;
  const place = shown.indexOf(hit.at);
  const middle = (hit.box.left + hit.box.right) / 2;
  const passed = place > active ? clientX > middle : clientX < middle;
  return passed || Math.abs(hit.box.top - own.top) > 4 ? place : undefined;
}
