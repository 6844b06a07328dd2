// Progress: how far, how fast, how long still, what was lost, and what each worker does.

import { el, setAttribute, setText } from "./dom";
import { baseName } from "./files";
import { bytes, number, percent, remaining, scaled } from "./format";
import { ended, type Part, type Progress, type Snapshot, type Worker } from "./snapshot";
import { type Cell, Table } from "./table";

export function progressPart(): Part {
  const fill = el("div", { class: "hepnb-fill" });
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
  );
  const facts = el("div", { class: "hepnb-facts" });
  const lost = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const workers = workersTable();
  const details = el(
    "details",
    { class: "hepnb-details" },
    el("summary", {}, "Workers"),
    workers.node,
  );
  details.open = true;
  const node = el("div", {}, bar, facts, lost, details);
  const update = (snapshot: Snapshot) => {
    const { progress, state } = snapshot;
    const share = fraction(progress, state);
    bar.dataset.state = state;
    bar.classList.toggle("hepnb-unknown", share === null && !ended(state));
    fill.style.width = `${((share ?? (ended(state) ? 1 : 0)) * 100).toFixed(2)}%`;
    setAttribute(bar, "aria-valuenow", share === null ? null : String(Math.floor(share * 100)));
    setAttribute(bar, "aria-valuetext", sentence(progress));
    fillFacts(facts, factsOf(snapshot));
    const loss = lossOf(progress);
    lost.hidden = loss === "";
    if (loss) setText(lost, `⚠ ${loss}`);
    const busy = snapshot.workers.filter((worker) => worker.state === "busy").length;
    const summary = details.firstElementChild;
    const count = snapshot.workers.length;
    if (summary) setText(summary, `Workers: ${count}${ended(state) ? "" : `, ${busy} busy`}`);
    details.hidden = count === 0;
    workers.fill(snapshot.workers.map(workerRow));
  };
  return { node, update };
}

/** Share of events done, null where the total is not known. */
export function fraction(progress: Progress, state: string): number | null {
  const total = expectedOf(progress);
  if (total === null) return null;
  if (total <= 0) return state === "done" ? 1 : 0;
  return Math.min(1, progress.events / total);
}

/** All events: counted once every file is open, before that what the opened files let expect. */
function expectedOf({ events_total, events_expected }: Progress): number | null {
  return events_total ?? events_expected ?? null;
}

export function sentence(progress: Progress): string {
  const { events, events_total } = progress;
  const total = expectedOf(progress);
  if (total === null) return `${number(events)} events, total not known yet`;
  const about = events_total === null ? "about " : "";
  return `${number(events)} of ${about}${number(Math.round(total))} events, ${percent(events, total)}`;
}

export function lossOf({ files_failed, events_lost }: Progress): string {
  const parts: string[] = [];
  if (files_failed > 0)
    parts.push(`${number(files_failed)} ${files_failed === 1 ? "file" : "files"} failed`);
  if (events_lost > 0) parts.push(`${number(events_lost)} events lost`);
  if (parts.length === 0) return "";
  return `${parts.join(", ")}: not in any histogram or total. See Files for the reasons.`;
}

export function factsOf({ progress, state, started, ended: end }: Snapshot): [string, string][] {
  const { events, events_total, chunks, chunks_total, files, files_total, rate } = progress;
  const of = (part: number, whole: number | null) =>
    whole === null ? number(part) : `${number(part)} / ${number(whole)}`;
  const total = expectedOf(progress);
  const about = events_total === null ? "≈ " : "";
  const all = total === null ? "" : ` / ${about}${number(Math.round(total))}`;
  const out: [string, string][] = [["events", `${number(events)}${all}`]];
  if (total !== null) out.push(["done", `${about}${percent(events, total)}`]);
  if (!ended(state)) {
    if (rate !== null) out.push(["speed", `${scaled(rate)} events/s`]);
    out.push(["time left", timeLeft(progress)]);
  } else if (end !== null && end > started) {
    out.push(["mean speed", `${scaled(events / (end - started))} events/s`]);
  }
  out.push(["chunks", of(chunks, chunks_total)], ["files", of(files, files_total)]);
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
      { head: "worker" },
      { head: "state" },
      { head: "file" },
      { head: "entries", numeric: true },
      { head: "CPU", numeric: true },
      { head: "memory", numeric: true },
      { head: "events", numeric: true },
    ],
    "No worker yet.",
  );
}

export function workerRow(worker: Worker): Cell[] {
  const file = worker.file ? baseName(worker.file) : "";
  const entries = `${number(worker.start)}–${number(worker.stop)}`;
  const tones: Record<string, string> = { busy: "good", lost: "bad", dead: "bad" };
  return [
    { text: String(worker.id) },
    { text: worker.state, tone: tones[worker.state] ?? "faint" },
    { text: file, title: worker.file },
    { text: file ? entries : "" },
    { text: worker.cpu === null ? "–" : `${Math.round(worker.cpu * 100)} %` },
    { text: !worker.rss ? "–" : bytes(worker.rss) },
    { text: number(worker.events) },
  ];
}
