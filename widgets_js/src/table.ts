// Tables whose cells change in place, so that a selection and the scroll position survive.

import { el, setAttribute, setText } from "./dom";

export interface Column {
  head: string;
  title?: string;
  numeric?: boolean;
  /** Long text: broken into lines instead of cut off. */
  wrap?: boolean;
}

export interface Cell {
  text: string;
  title?: string;
  /** A share from 0 to 1, drawn as a bar behind the text. */
  bar?: number;
  /** A tone: "bad", "warn", "good" or "faint". */
  tone?: string;
}

export class Table {
  readonly node: HTMLElement;
  private readonly body: HTMLTableSectionElement;
  private readonly empty: HTMLElement;

  constructor(
    caption: string,
    private readonly columns: Column[],
    nothing: string,
  ) {
    const heads = columns.map((column) =>
      el("th", { scope: "col", title: column.title, class: style(column) }, column.head),
    );
    this.body = el("tbody");
    this.empty = el("p", { class: "hepnb-faint" }, nothing);
    const table = el(
      "table",
      { class: "hepnb-table" },
      el("caption", { class: "hepnb-offscreen" }, caption),
      el("thead", {}, el("tr", {}, ...heads)),
      this.body,
    );
    const scroller = el(
      "div",
      { class: "hepnb-scroller", tabindex: "0", role: "group", "aria-label": caption },
      table,
    );
    this.node = el("div", { class: "hepnb-tablebox" }, scroller, this.empty);
    this.fill([]);
  }

  fill(rows: Cell[][]): void {
    this.empty.hidden = rows.length > 0;
    (this.node.firstElementChild as HTMLElement).hidden = rows.length === 0;
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    rows.forEach((cells, at) => {
      const row = this.body.rows[at] ?? this.addRow();
      cells.forEach((cell, column) => {
        const place = row.cells[column];
        if (place) fillCell(place, cell);
      });
    });
  }

  private addRow(): HTMLTableRowElement {
    const cells = this.columns.map((column, at) => {
      const attributes = { class: style(column) };
      return at === 0 ? el("th", { scope: "row", ...attributes }) : el("td", attributes);
    });
    const row = el("tr", {}, ...cells);
    this.body.append(row);
    return row;
  }
}

function style({ numeric, wrap }: Column): string | undefined {
  return numeric ? "hepnb-number" : wrap ? "hepnb-wrap" : undefined;
}

function fillCell(place: HTMLElement, cell: Cell): void {
  setAttribute(place, "title", cell.title ?? null);
  setAttribute(place, "data-tone", cell.tone ?? null);
  if (cell.bar === undefined) {
    setText(place, cell.text);
    return;
  }
  const bar = place.querySelector<HTMLElement>(".hepnb-bar") ?? el("span", { class: "hepnb-bar" });
  const text = place.querySelector(".hepnb-barbox + span") ?? el("span");
  if (!bar.parentElement) place.append(el("span", { class: "hepnb-barbox" }, bar), text);
  bar.style.width = `${(Math.min(1, Math.max(0, cell.bar)) * 100).toFixed(1)}%`;
  setText(text, cell.text);
}
