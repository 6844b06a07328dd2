// Tables whose cells change in place, so that a selection and the scroll position survive.

import { copyButton } from "./copy";
import { csv } from "./csv";
import { el, setAttribute, setText } from "./dom";

export interface Column {
  head: string;
  title?: string;
  numeric?: boolean;
  /** Long text: broken into lines instead of cut off. */
  wrap?: boolean;
  /** Its head is a button that sorts the rows by it. */
  sorts?: boolean;
  /** Its head in a copy as CSV, with the unit of the bare numbers; null leaves the column out. */
  csv?: string | null;
}

export interface Cell {
  text: string;
  title?: string;
  /** A share from 0 to 1, drawn as a bar behind the text. */
  bar?: number;
  /** A tone: "bad", "warn", "good" or "faint". */
  tone?: string;
  /** What the rows are sorted by; the text if there is none. */
  key?: number | string | null;
  /** An element in place of the text; the same one as before stays where it is. */
  node?: Element;
}

export class Table {
  readonly node: HTMLElement;
  private readonly body: HTMLTableSectionElement;
  private readonly empty: HTMLElement;
  private readonly heads: HTMLTableCellElement[];
  private readonly copy: HTMLElement | undefined;
  private rows: Cell[][] = [];
  private sorted: { column: number; falling: boolean } | undefined;

  /** `copies`: with a button that copies the rows as CSV, in the order in which they stand. */
  constructor(
    caption: string,
    private readonly columns: Column[],
    nothing: string,
    copies = false,
  ) {
    this.heads = columns.map((column, at) =>
      el("th", { scope: "col", title: column.title, class: style(column) }, this.head(column, at)),
    );
    this.body = el("tbody");
    this.empty = el("p", { class: "hepnb-faint" }, nothing);
    const table = el(
      "table",
      { class: "hepnb-table" },
      el("caption", { class: "hepnb-offscreen" }, caption),
      el("thead", {}, el("tr", {}, ...this.heads)),
      this.body,
    );
    const scroller = el(
      "div",
      { class: "hepnb-scroller", tabindex: "0", role: "group", "aria-label": caption },
      table,
    );
    this.node = el("div", {}, scroller, this.empty);
    if (copies) {
      const press = copyButton(`copy as CSV: ${caption}`, () => this.csv(), "copy as CSV");
      this.copy = el("div", { class: "hepnb-tablefoot" }, press);
      this.node.append(this.copy);
    }
    this.fill([]);
  }

  fill(given: Cell[][]): void {
    this.rows = given;
    const rows = this.inOrder(given);
    this.empty.hidden = rows.length > 0;
    if (this.copy) this.copy.hidden = rows.length === 0;
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

  /** The rows as they stand, numbers in full. */
  csv(): string {
    const kept = this.columns.flatMap(({ csv: head }, at) => (head === null ? [] : [at]));
    const heads = kept.map((at) => this.columns[at]?.csv ?? this.columns[at]?.head ?? "");
    const rows = this.inOrder(this.rows).map((cells) => kept.map((at) => keyOf(cells[at])));
    return csv([heads, ...rows]);
  }

  private head(column: Column, at: number): Node | string {
    if (!column.sorts) return column.head;
    const press = el("button", { type: "button", class: "hepnb-sort" }, column.head);
    press.addEventListener("click", () => this.sortBy(at));
    return press;
  }

  /** Numbers fall at first, since the largest is what one looks for; texts rise; then the other
   *  way, then the order in which the rows were given. */
  private sortBy(column: number): void {
    const first = this.columns[column]?.numeric ?? false;
    const again = this.sorted?.column === column;
    if (again && this.sorted?.falling !== first) this.sorted = undefined;
    else this.sorted = { column, falling: again ? !first : first };
    this.heads.forEach((head, at) => {
      const way = this.sorted?.falling ? "descending" : "ascending";
      setAttribute(head, "aria-sort", this.sorted && at === column ? way : null);
    });
    this.fill(this.rows);
  }

  private inOrder(rows: Cell[][]): Cell[][] {
    if (!this.sorted) return rows;
    const { column, falling } = this.sorted;
    return [...rows].sort((a, b) => {
      const order = compare(keyOf(a[column]), keyOf(b[column]));
      return falling ? -order : order;
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
  if (cell.node) {
    if (place.firstChild !== cell.node) place.replaceChildren(cell.node);
    return;
  }
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

function keyOf(cell: Cell | undefined): number | string | null {
  return cell?.key === undefined ? (cell?.text ?? null) : cell.key;
}

/** Numbers before texts, what is not known last. */
function compare(a: number | string | null, b: number | string | null): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string")
    return a.localeCompare(b, undefined, { numeric: true });
  const rank = (value: number | string | null) =>
    typeof value === "number" ? 0 : typeof value === "string" ? 1 : 2;
  return rank(a) - rank(b);
}
