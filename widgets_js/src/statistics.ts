// Where the time went, per module and phase, and the cutflow with its efficiencies.

import { el, setText, uniqueId } from "./dom";
import { bytes, number, percent, scaled } from "./format";
import { lossOf } from "./loss";
import type { Cut, ModuleTimes, Part, Snapshot } from "./snapshot";
import { type Cell, Table } from "./table";

const ALL = "all datasets";

export function statisticsPart(): Part {
  const modules = new Table(
    "Modules",
    [
      { head: "module", sorts: true },
      { head: "phase", sorts: true },
      { head: "calls", numeric: true, sorts: true },
      { head: "events", numeric: true, sorts: true },
      { head: "CPU time", numeric: true, sorts: true, csv: "CPU time [s]" },
      { head: "share of CPU", numeric: true, sorts: true, csv: null },
      { head: "per call", numeric: true, sorts: true, csv: "CPU per call [s]", title: "CPU time" },
      { head: "wall time", numeric: true, sorts: true, csv: "wall time [s]" },
      {
        head: "peak",
        numeric: true,
        sorts: true,
        csv: "peak [bytes]",
        title: "most memory that a worker ever held after it",
      },
      { head: "events/s", numeric: true, sorts: true, title: "events per second of CPU time" },
    ],
    "No module has run yet.",
    true,
  );
  const cuts = new Table(
    "Cutflow",
    [
      { head: "cut", sorts: true },
      { head: "events", numeric: true, sorts: true },
      {
        head: "of previous",
        numeric: true,
        sorts: true,
        title: "events that pass, of those of the cut before in its own path",
      },
      { head: "weighted", numeric: true, sorts: true },
      {
        head: "of previous",
        numeric: true,
        sorts: true,
        csv: "weighted of previous",
        title: "sum of weights, of that of the cut before in its own path",
      },
      { head: "of all", numeric: true, sorts: true, title: "sum of weights, of all events" },
    ],
    "No cut was applied yet.",
    true,
  );
  const id = uniqueId("dataset");
  const choice = el("select", { class: "hepnb-select", id });
  const chooser = el("div", { class: "hepnb-row", hidden: true }, el("label", { for: id }, "of"));
  chooser.append(choice);
  const missing = el("p", { class: "hepnb-missing" });
  const node = el(
    "div",
    {},
    el("div", { class: "hepnb-row" }, el("h4", { class: "hepnb-h" }, "Cutflow"), chooser),
    cuts.node,
    missing,
    el("h4", { class: "hepnb-h" }, "Modules"),
    modules.node,
  );
  let latest: Snapshot | undefined;
  let names = "";
  const drawCuts = () => {
    if (!latest) return;
    const flows = latest.cutflows ?? {};
    const datasets = Object.keys(flows);
    if (names !== JSON.stringify(datasets)) {
      names = JSON.stringify(datasets);
      const chosen = choice.value;
      choice.replaceChildren(
        ...[ALL, ...datasets].map((name, at) =>
          el("option", { value: at === 0 ? "" : name }, name),
        ),
      );
      choice.value = datasets.includes(chosen) ? chosen : "";
      chooser.hidden = datasets.length === 0;
    }
    const flow = choice.value ? flows[choice.value] : undefined;
    const { cutflow, cutflow_above } = latest;
    cuts.fill(cutRows(flow ? cutsOf(cutflow, flow) : cutflow, cutflow_above));
    const loss = lossOf(latest.progress);
    missing.hidden = loss === "";
    setText(missing, `In no row: ${loss}.`);
  };
  choice.addEventListener("change", drawCuts);
  const update = (snapshot: Snapshot) => {
    latest = snapshot;
    drawCuts();
    modules.fill(moduleRows(snapshot.statistics));
  };
  return { node, update };
}

export function moduleRows(modules: ModuleTimes[]): Cell[][] {
  const all = modules.reduce((sum, { cpu }) => sum + cpu, 0);
  return modules.map(({ module, phase, calls, events, cpu, wall, peak }) => [
    { text: module },
    { text: phase ?? "" },
    { text: number(calls), key: calls },
    { text: number(events), key: events },
    { text: seconds(cpu), key: cpu },
    { text: percent(cpu, all), bar: all > 0 ? cpu / all : 0, key: cpu },
    { text: calls > 0 ? seconds(cpu / calls) : "–", key: calls > 0 ? cpu / calls : null },
    { text: seconds(wall), key: wall },
    { text: peak ? bytes(peak) : "–", key: peak ?? null },
    { text: cpu > 0 ? scaled(events / cpu) : "–", key: cpu > 0 ? events / cpu : null },
  ]);
}

/** The cuts of one dataset. */
export function cutsOf(cutflow: Cut[], flow: [number, number][]): Cut[] {
  return cutflow.map(({ cut }, at) => {
    const [raw, weighted] = flow[at] ?? [0, 0];
    return { cut, raw, weighted };
  });
}

/** `above` has the place of the cut before each in its own path; an older hepnb did not tell. */
export function cutRows(cutflow: Cut[], above?: (number | null)[]): Cell[][] {
  const first = cutflow[0];
  return cutflow.map(({ cut, raw, weighted }, at) => {
    const before = cutflow[(above ? above[at] : at - 1) ?? -1];
    const of = first ? share(weighted, first.weighted) : null;
    return [
      { text: cut },
      { text: number(raw), key: raw },
      ratio(before ? share(raw, before.raw) : undefined),
      { text: number(weighted, 6), key: weighted },
      ratio(before ? share(weighted, before.weighted) : undefined),
      { ...ratio(of), bar: of ?? 0 },
    ];
  });
}

/** A part of a whole; null where there is none. Sums of weights may well be negative. */
function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function ratio(value: number | null | undefined): Cell {
  if (value === undefined) return { text: "", key: null };
  if (value === null) return { text: "–", key: null };
  return { text: value < 0 ? `−${percent(-value, 1)}` : percent(value, 1), key: value };
}

function seconds(value: number): string {
  if (value >= 100) return `${number(Math.round(value))} s`;
  return value >= 1 ? `${value.toPrecision(3)} s` : `${number(value * 1000, 3)} ms`;
}
