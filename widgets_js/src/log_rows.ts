// The rows of the log that exist: as many as are seen. What a worker printed goes in as text.

import { type Span, spans } from "./ansi";
import { el, setAttribute, uniqueId } from "./dom";
import { clock, number } from "./format";
import { briefly, folds, type LogRecord, place, summary } from "./log_record";

export interface Look {
  opened: boolean;
  active: boolean;
  selected: boolean;
  hit: boolean;
}

export class LogRows {
  readonly node = el("div", { class: "hepnb-logrows", role: "presentation" });
  private readonly stem = uniqueId("log");
  private readonly drawn = new WeakMap<HTMLElement, string>();
  private readonly held = new WeakMap<HTMLElement, LogRecord>();

  idOf(row: number): string {
    return `${this.stem}-${row}`;
  }

  rowOf(target: EventTarget | null): number {
    const node = target instanceof Element ? target.closest<HTMLElement>(".hepnb-logrow") : null;
    return node ? Number(node.dataset.row) : -1;
  }

  /** Show these lines; those of them that are opened, with their heights [px]. */
  show(
    first: number,
    lines: (LogRecord | undefined)[],
    look: (row: number) => Look,
  ): Map<number, number> {
    while (this.node.children.length > lines.length) this.node.lastElementChild?.remove();
    const opened: [number, HTMLElement][] = [];
    lines.forEach((record, at) => {
      const node = (this.node.children[at] as HTMLElement | undefined) ?? this.add();
      const row = first + at;
      const how = look(row);
      this.fill(node, record, row, how);
      if (how.opened) opened.push([row, node]);
    });
    return new Map(opened.map(([row, node]) => [row, node.offsetHeight]));
  }

  private add(): HTMLElement {
    const cells = ["fold", "time", "level", "where", "text"].map((name) =>
      el("span", { role: "gridcell", class: `hepnb-log-${name}` }),
    );
    const node = el("div", { class: "hepnb-logrow", role: "row" }, ...cells);
    this.node.append(node);
    return node;
  }

  private fill(node: HTMLElement, record: LogRecord | undefined, row: number, look: Look): void {
    const key = [row, look.opened, look.active, look.selected, look.hit].join(" ");
    if (this.drawn.get(node) === key && this.held.get(node) === record && record) return;
    this.drawn.set(node, key);
    if (record) this.held.set(node, record);
    else this.held.delete(node);
    node.id = this.idOf(row);
    node.dataset.row = String(row);
    node.dataset.n = String(record?.n ?? "");
    node.dataset.level = record?.level ?? "";
    node.classList.toggle("hepnb-active", look.active);
    node.classList.toggle("hepnb-hit", look.hit);
    node.classList.toggle("hepnb-opened", look.opened);
    setAttribute(node, "aria-rowindex", String(row + 1));
    setAttribute(node, "aria-selected", String(look.selected));
    setAttribute(node, "aria-busy", record ? null : "true");
    const [fold, time, level, where, text] = node.children as unknown as HTMLElement[];
    if (!fold || !time || !level || !where || !text) return;
    fold.replaceChildren(...(record && folds(record) ? [disclosure(record, look.opened)] : []));
    time.textContent = record ? clock(record.time) : "";
    level.textContent = record?.level ?? "";
    const from = record ? place(record) : "";
    where.textContent = record ? briefly(record) : "";
    setAttribute(where, "title", record ? [from, record.logger].filter((p) => p).join("  ") : null);
    text.replaceChildren(...(record ? message(record, look.opened) : ["…"]));
  }
}

function disclosure({ lines }: LogRecord, opened: boolean): HTMLElement {
  const what = lines > 1 ? `all ${number(lines)} lines` : "the whole line";
  return el(
    "button",
    {
      type: "button",
      class: "hepnb-disclose",
      tabindex: -1,
      "aria-expanded": String(opened),
      "aria-label": `Show ${what}`,
      title: opened ? "fold" : `show ${what}`,
    },
    opened ? "▾" : "▸",
  );
}

function message(record: LogRecord, opened: boolean): (Node | string)[] {
  const out: (Node | string)[] = [];
  if (record.repeat > 1) {
    const times = number(record.repeat);
    const said = opened ? `message repeated ${times} times` : `×${times}`;
    out.push(el("span", { class: "hepnb-repeat", title: `message repeated ${times} times` }, said));
  }
  const { text, marks } = record;
  const { before, from, end } = opened
    ? { before: "", from: 0, end: text.length }
    : summary(record);
  const shown = marks.map((place) => Math.min(Math.max(place, from), end) - from);
  if (before) out.push(before);
  out.push(...spans(text.slice(from, end), shown).map(piece));
  if (!opened && record.lines > 1)
    out.push(el("span", { class: "hepnb-more" }, `+${number(record.lines - 1)} lines`));
  return out;
}

function piece({ text, style }: Span): Node | string {
  return style === "" ? text : el("span", { class: style }, text);
}
