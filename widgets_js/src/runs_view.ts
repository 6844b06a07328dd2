// The browser's half of RunsView (hepnb/widgets/runs_view.py): many runs in one table.
// It asks for news while it is seen; a table that nobody looks at costs the kernel nothing.

import type { AnyModel, RenderProps } from "@anywidget/types";
import { type Cancel, cancelButton } from "./cancel";
import { Channel } from "./channel";
import { copyButton } from "./copy";
import { el, root, setText } from "./dom";
import { bytes, duration, number, percent } from "./format";
import { goneNotice } from "./gone";
import { lossOf } from "./loss";
import { ended } from "./snapshot";
import { sign } from "./states";
import { type Cell, type Column, Table } from "./table";

export interface Row {
  id: string;
  name: string;
  state: string;
  events: number;
  events_total: number | null;
  events_lost?: number;
  files_failed?: number;
  started: number | null;
  ended: number | null;
  size: number;
  parameters: Record<string, unknown>;
}

interface State {
  rows: Row[];
  now: number;
  title: string;
  attach: string;
  problem: string;
}

const LIVELY = 1000;
const QUIET = 5000;
const TONES: Record<string, string> = {
  done: "good",
  failed: "bad",
  lost: "bad",
  cancelled: "warn",
  paused: "warn",
};

function render({ model, el: place }: RenderProps<State>): () => void {
  const channel = new Channel(model as unknown as AnyModel);
  const box = root("runs");
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", model.get("title"));
  const summary = el("span", { class: "hepnb-faint", role: "status" });
  const head = el("div", { class: "hepnb-head" }, el("strong", {}, model.get("title")), summary);
  const problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert", hidden: true });
  const gone = goneNotice();
  const names = parameterNames(model.get("rows"));
  const table = new Table(model.get("title"), columns(names), "No runs yet.", true);
  box.append(head, gone.node, problem, table.node);
  place.append(box);

  const actions = new Map<string, Actions>();
  const draw = () => {
    const rows = model.get("rows");
    setText(summary, summaryOf(rows));
    table.fill(
      rows.map((row) => {
        const act = actions.get(row.id) ?? new Actions(row.id, channel);
        actions.set(row.id, act);
        act.cancel.allow(!ended(row.state) && row.state !== "unreadable");
        const id = { text: row.id };
        return [...cells(row, names, model.get("now")), { text: "", node: act.node }, id];
      }),
    );
  };
  const told = () => {
    problem.hidden = !model.get("problem");
    setText(problem, model.get("problem") ?? "");
  };
  let timer = 0;
  let stopped = false;
  const ask = async () => {
    if (!document.hidden && box.isConnected) await channel.request("rows");
    if (stopped) return;
    const alive = model.get("rows").some(({ state }) => !ended(state));
    timer = window.setTimeout(ask, alive ? LIVELY : QUIET);
  };
  timer = window.setTimeout(ask, LIVELY);
  channel.onGone = () => {
    stopped = true;
    window.clearTimeout(timer);
    gone.show("the runs do not need it. In a new cell:", model.get("attach"));
  };
  model.on("change:rows", draw);
  model.on("change:problem", told);
  told();
  draw();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
    model.off("change:rows", draw);
    model.off("change:problem", told);
    channel.close();
  };
}

class Actions {
  readonly cancel: Cancel;
  readonly node: HTMLElement;

  constructor(id: string, channel: Channel) {
    this.cancel = cancelButton("Cancel", () => channel.request("cancel", { run: id }));
    const line = `hn.attach(${JSON.stringify(id)})`;
    this.node = el("span", { class: "hepnb-actions" }, this.cancel.node);
    this.node.prepend(copyButton(`Copy ${line}`, () => line));
  }
}

/** The parameters of a scan, in the order in which they were given. */
export function parameterNames(rows: Row[]): string[] {
  return [...new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)))];
}

function columns(names: string[]): Column[] {
  return [
    { head: "state", sorts: true },
    { head: "name", sorts: true },
    ...names.map((head) => ({ head, sorts: true, numeric: true })),
    { head: "done", sorts: true, numeric: true, csv: "share done" },
    { head: "events", sorts: true, numeric: true },
    { head: "lost", sorts: true, csv: "events lost", title: "in no histogram or total" },
    { head: "started", sorts: true, csv: "started [unix s]" },
    { head: "took", sorts: true, numeric: true, csv: "took [s]" },
    { head: "size", sorts: true, numeric: true, csv: "size [bytes]", title: "on disk" },
    { head: "actions", csv: null },
    { head: "id" },
  ];
}

export function cells(row: Row, names: string[], now: number): Cell[] {
  const share = row.events_total ? row.events / row.events_total : row.state === "done" ? 1 : 0;
  const done = row.events_total ? percent(row.events, row.events_total) : "–";
  const took = row.started === null ? null : (row.ended ?? now) - row.started;
  const waits = row.state === "waiting";
  const { events_lost = 0, files_failed = 0 } = row;
  const loss = lossOf({ events_lost, files_failed });
  return [
    { text: `${sign(row.state)} ${row.state}`, tone: TONES[row.state] ?? "", key: row.state },
    { text: row.name },
    ...names.map((name) => parameter(row.parameters[name])),
    { text: done, bar: share, key: share },
    { text: number(row.events), key: row.events },
    { text: loss ? `⚠ ${loss}` : "", tone: loss ? "bad" : "", key: events_lost || files_failed },
    { text: row.started === null || waits ? "–" : moment(row.started), key: row.started },
    { text: took === null || waits ? "–" : duration(took), key: took },
    { text: bytes(row.size), key: row.size },
  ];
}

function parameter(value: unknown): Cell {
  if (typeof value === "number") return { text: number(value), key: value };
  return { text: value === undefined || value === null ? "–" : String(value) };
}

function moment(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** How many in which state, the living first. */
export function summaryOf(rows: Row[]): string {
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const order = [...counts].sort(([a], [b]) => Number(ended(a)) - Number(ended(b)));
  return order.map(([state, n]) => `${number(n)} ${state}`).join(", ");
}

export default { render };
