// The log: the tail as it comes, and any other page on request. At most a screenful of rows
// exists at a time, and what a worker printed is shown as text.

import type { Channel } from "./channel";
import { el, setAttribute, setText } from "./dom";
import { clock, number } from "./format";
import { LogSource } from "./log_source";
import { height, visible } from "./log_window";
import type { LogRecord, Part, Snapshot } from "./snapshot";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

export function logPart(channel: Channel): Part {
  const source = new LogSource(channel, () => draw());
  const levels = el("div", { class: "hepnb-row", role: "group", "aria-label": "Levels" });
  const search = el("input", {
    type: "search",
    class: "hepnb-input",
    placeholder: "search",
    "aria-label": "Search the log",
  });
  const follow = el("input", { type: "checkbox", checked: true });
  const found = el("span", { class: "hepnb-faint", role: "status" });
  const bar = el(
    "div",
    { class: "hepnb-row hepnb-logbar" },
    levels,
    search,
    el("label", { class: "hepnb-check" }, follow, "follow"),
    found,
  );
  const rows = el("div", { class: "hepnb-logrows", role: "rowgroup" });
  const spacer = el("div", { class: "hepnb-logspace", role: "presentation" }, rows);
  const table = el("div", { role: "table", "aria-label": "Log lines" }, spacer);
  const scroller = el(
    "div",
    { class: "hepnb-log", tabindex: "0", role: "group", "aria-label": "Log" },
    table,
  );
  const full = el("pre", {
    class: "hepnb-pre hepnb-logfull",
    tabindex: "0",
    "aria-label": "Whole message",
    hidden: true,
  });
  const empty = el("p", { class: "hepnb-faint" }, "Nothing was logged.");
  const node = el("div", {}, bar, scroller, full, empty);
  let selected = -1;

  const draw = () => {
    empty.hidden = source.total > 0 || source.filtered;
    scroller.hidden = !empty.hidden;
    setText(found, describe(source));
    spacer.style.height = `${height(source.total)}px`;
    if (follow.checked) scroller.scrollTop = scroller.scrollHeight;
    const seen = visible(scroller.scrollTop, scroller.clientHeight || 240, source.total);
    const records = source.lines(seen.first, seen.count);
    rows.style.transform = `translateY(${seen.offset}px)`;
    setAttribute(table, "aria-rowcount", String(source.total));
    while (rows.children.length > records.length) rows.lastElementChild?.remove();
    records.forEach((record, at) => {
      const row = (rows.children[at] as HTMLElement | undefined) ?? addRow(rows);
      fillRow(row, record, seen.first + at, selected);
    });
  };

  rows.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>(".hepnb-logrow");
    const record = row ? source.at(Number(row.dataset.line)) : undefined;
    if (!record) return;
    selected = selected === record.n ? -1 : record.n;
    full.hidden = selected < 0;
    setText(full, whole(record));
    draw();
  });
  scroller.addEventListener("scroll", () => {
    const end = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    if (end > 30 && follow.checked && scroller.matches(":hover, :focus-within"))
      follow.checked = false;
    draw();
  });
  follow.addEventListener("change", draw);
  let typing = 0;
  search.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(() => source.filter({ search: search.value }), 200);
  });
  node.addEventListener("hepnb-shown", draw);

  const update = ({ log }: Snapshot) => {
    fillLevels(levels, log.counts, source);
    source.update(log);
    draw();
  };
  return { node, update };
}

function describe(source: LogSource): string {
  if (source.problem) return source.problem;
  if (!source.filtered) return `${number(source.total)} lines`;
  return source.known ? `${number(source.total)} lines found` : "searching …";
}

function fillLevels(box: HTMLElement, counts: Record<string, number>, source: LogSource): void {
  const names = [
    ...LEVELS.filter((l) => l in counts),
    ...Object.keys(counts).filter((l) => !LEVELS.includes(l)),
  ];
  for (const level of names) {
    let toggle = box.querySelector<HTMLButtonElement>(`[data-level="${CSS.escape(level)}"]`);
    if (!toggle) {
      toggle = el(
        "button",
        { type: "button", class: "hepnb-toggle", "aria-pressed": "true", "data-level": level },
        el("span", {}, level),
        " ",
        el("span", { class: "hepnb-count" }),
      );
      const made = toggle;
      made.addEventListener("click", () => {
        const on = made.getAttribute("aria-pressed") !== "true";
        made.setAttribute("aria-pressed", String(on));
        const off = [...box.children].filter((b) => b.getAttribute("aria-pressed") === "false");
        const shown = [...box.children].filter((b) => b.getAttribute("aria-pressed") === "true");
        const level = (b: Element) => (b as HTMLElement).dataset.level ?? "";
        source.filter({ levels: off.length > 0 ? shown.map(level) : null });
      });
      box.append(made);
    }
    const count = toggle.querySelector(".hepnb-count");
    if (count) setText(count, number(counts[level] ?? 0));
  }
}

function addRow(rows: HTMLElement): HTMLElement {
  const cells = ["time", "level", "where", "text"].map((name) =>
    el("span", { role: "cell", class: `hepnb-log-${name}` }),
  );
  const row = el("div", { class: "hepnb-logrow", role: "row" }, ...cells);
  rows.append(row);
  return row;
}

function fillRow(
  row: HTMLElement,
  record: LogRecord | undefined,
  line: number,
  selected: number,
): void {
  row.dataset.line = String(line);
  row.dataset.level = record?.level ?? "";
  row.classList.toggle("hepnb-selected", record !== undefined && record.n === selected);
  setAttribute(row, "aria-rowindex", String(line + 1));
  const [time, level, where, text] = row.children;
  if (!time || !level || !where || !text) return;
  setText(time, record ? clock(record.time) : "");
  setText(level, record?.level ?? "");
  setText(where, record ? place(record) : "");
  setAttribute(where, "title", record ? place(record) : null);
  setText(text, record ? firstLine(record) : "…");
  setAttribute(text, "title", record ? "click for the whole message" : null);
}

export function place({ worker, chunk }: LogRecord): string {
  const who = worker === null || worker === undefined || worker === "" ? "" : `w${worker}`;
  return [who, chunk].filter((part) => part).join(" ");
}

export function firstLine({ text, repeat }: LogRecord): string {
  const times = repeat > 1 ? `× ${number(repeat)}  ` : "";
  const end = text.indexOf("\n");
  return times + (end < 0 ? text : `${text.slice(0, end)} ⏎`);
}

function whole(record: LogRecord): string {
  const head = [clock(record.time), record.level, record.logger, place(record)]
    .filter((p) => p)
    .join("  ");
  const times = record.repeat > 1 ? `  (${number(record.repeat)} times)` : "";
  return `${head}${times}\n${record.text}`;
}
