// Progress: how far, how fast, how long still, and what each worker does.

import { el, setAttribute, setText } from "./dom";
import { baseName } from "./files";
import { bytes, duration, number, percent, remaining, scaled } from "./format";
import { ended, type Part, type Progress, type Snapshot, type Worker } from "./snapshot";
import { type Cell, Table } from "./table";

export function progressPart(): Part {
  const fill = el("div", { class: "hepnb-fill" });
  const gone = el("div", { class: "hepnb-gone" });
  const bar = el(
    "div",
    {
      class: "hepnb-progress",
      role: "progressbar",
      "aria-label": "Events processed",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    },
    fill,
    gone,
  );
  const facts = el("div", { class: "hepnb-facts" });
  const stalled = el("div", { class: "hepnb-notice hepnb-warning", role: "status", hidden: true });
  const workers = workersTable();
  const details = el(
    "details",
    { class: "hepnb-details" },
    el("summary", {}, "Workers"),
    workers.node,
  );
  details.open = true;
  const node = el("div", {}, bar, facts, stalled, details);
  const update = (snapshot: Snapshot) => {
    const { progress, state } = snapshot;
    const share = fraction(progress, state);
    bar.dataset.state = state;
    bar.classList.toggle("hepnb-unknown", share === null && !ended(state));
    const lost = lostShare(progress);
    fill.style.width = `${((share ?? (ended(state) ? 1 : 0)) * 100 - lost * 100).toFixed(2)}%`;
    gone.style.width = `${(lost * 100).toFixed(2)}%`;
    setAttribute(bar, "aria-valuenow", share === null ? null : String(Math.floor(share * 100)));
    setAttribute(bar, "aria-valuetext", sentence(progress));
    fillFacts(facts, factsOf(snapshot));
    const stuck = stalledOf(snapshot.workers);
    stalled.hidden = stuck === "";
    setText(stalled, stuck);
    const busy = snapshot.workers.filter((worker) => worker.state === "busy").length;
    const summary = details.firstElementChild;
    const count = snapshot.workers.length;
    if (summary) setText(summary, `Workers: ${count}${ended(state) ? "" : `, ${busy} busy`}`);
    details.hidden = count === 0;
    workers.fill(snapshot.workers.map(workerRow));
  };
  return { node, update };
}

/** Share of events that are dealt with, null where the total is not known. What is lost counts. */
export function fraction(progress: Progress, state: string): number | null {
  const total = expectedOf(progress);
  if (total === null) return null;
  if (total <= 0) return state === "done" ? 1 : 0;
  return Math.min(1, doneOf(progress) / total);
}

/** Share of events that are lost: the end of the bar, in another colour. */
export function lostShare(progress: Progress): number {
  const total = expectedOf(progress);
  return total ? Math.min(1, progress.events_lost / total) : 0;
}

/** Events that are committed, lost, or under way in chunks that are neither. */
function doneOf({ events, events_lost, events_under_way }: Progress): number {
  return events + events_lost + (events_under_way ?? 0);
}

/** All events: counted once every file is open, before that what the opened files let expect. */
function expectedOf({ events_total, events_expected }: Progress): number | null {
  return events_total ?? events_expected ?? null;
}

export function sentence(progress: Progress): string {
  const { events, events_total, events_lost } = progress;
  const total = expectedOf(progress);
  const lost = events_lost > 0 ? `, ${number(events_lost)} lost` : "";
  if (total === null) return `${number(events)} events${lost}, total not known yet`;
  const about = events_total === null ? "about " : "";
  return `${number(events)} of ${about}${number(Math.round(total))} events${lost}, ${percent(doneOf(progress), total)}`;
}

/** In steps that a screen reader has time to say: ten seconds, a minute. */
function coarse(seconds: number): string {
  const step = seconds < 60 ? 10 : 60;
  return duration(Math.max(step, Math.floor(seconds / step) * step)).replace(" 00 s", "");
}

/** Which workers have made no progress for much longer than their chunks take. */
export function stalledOf(workers: Worker[]): string {
  const stuck = workers.filter((worker) => worker.stalled);
  if (stuck.length === 0) return "";
  const one = ({ id, file, start, stop, spent }: Worker) =>
    `worker ${id}: over ${coarse(spent ?? 0)} on ${baseName(file)}, entries ${number(start)}–${number(stop)}`;
  const rest = stuck.length > 3 ? `; and ${stuck.length - 3} more` : "";
  const list = stuck.slice(0, 3).map(one).join("; ");
  return `⚠ Stalled, much slower than other chunks: ${list}${rest}`;
}

export function factsOf({ progress, state, started, ended: end }: Snapshot): [string, string][] {
  const { events, events_total, chunks, chunks_total, files, files_total, rate } = progress;
  const of = (part: number, whole: number | null) =>
    whole === null ? number(part) : `${number(part)} / ${number(whole)}`;
  const total = expectedOf(progress);
  const about = events_total === null ? "≈ " : "";
  const all = total === null ? "" : ` / ${about}${number(Math.round(total))}`;
  const out: [string, string][] = [["events", `${number(events)}${all}`]];
  if (progress.events_lost > 0) out.push(["lost", number(progress.events_lost)]);
  const underWay = Math.floor(progress.events_under_way ?? 0);
  if (underWay > 0) out.push(["under way", number(underWay)]);
  if (total !== null) out.push(["done", `${about}${percent(doneOf(progress), total)}`]);
  if (!ended(state)) {
    if (rate !== null) out.push(["speed", `${scaled(rate)} events/s`]);
    out.push(["time left", timeLeft(progress)]);
  } else if (end !== null && end > started) {
    out.push(["mean speed", `${scaled(events / (end - started))} events/s`]);
  }
  out.push(["chunks", of(chunks, chunks_total)], ["files", of(files, files_total)]);
  if (progress.bytes) out.push(["data", bytes(progress.bytes)]);
  return out;
}

function timeLeft({ eta, eta_error }: Progress): string {
  return eta === null ? "not known yet" : remaining(eta, eta_error).replace(" left", "");
}

function fillFacts(list: HTMLElement, facts: [string, string][]): void {
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  facts.forEach(([name, value], at) => {
    let place = list.children[at];
    if (!place) {
      place = el("div", {}, el("div", { class: "hepnb-term" }), el("div"));
      list.append(place);
    }
    const [term, description] = place.children;
    if (term) setText(term, name);
    if (description) setText(description, value);
  });
}

function workersTable(): Table {
  return new Table(
    "Workers",
    [
      { head: "worker", sorts: true },
      { head: "state", sorts: true },
      { head: "for", numeric: true, sorts: true, title: "time on what it does now" },
      { head: "CPU", numeric: true, sorts: true },
      { head: "memory", numeric: true, sorts: true },
      { head: "file", sorts: true },
      { head: "entries", numeric: true },
      { head: "events", numeric: true, sorts: true, title: "that it has done so far" },
    ],
    "No worker yet.",
  );
}

const TONES: Record<string, string> = { busy: "good", lost: "bad", dead: "bad" };

export function workerRow(worker: Worker): Cell[] {
  const { id, state, cpu, rss, spent, stalled } = worker;
  const file = worker.file ? baseName(worker.file) : "";
  const entries = `${number(worker.start)}–${number(worker.stop)}`;
  return [
    { text: String(id), key: id },
    stalled ? { text: "⚠ stalled", tone: "bad" } : { text: state, tone: TONES[state] ?? "faint" },
    { text: spent === null || spent === undefined ? "" : duration(spent), key: spent ?? null },
    { text: cpu === null || state === "ended" ? "–" : `${Math.round(cpu * 100)} %`, key: cpu },
    { text: !rss ? "–" : bytes(rss), key: rss },
    { text: file, title: worker.file },
    { text: file ? entries : "" },
    { text: number(worker.events), key: worker.events },
  ];
}
