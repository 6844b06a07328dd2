// Where the time went, per module, and the cutflow with its efficiencies.

import { el } from "./dom";
import { bytes, number, percent, scaled } from "./format";
import type { Cut, ModuleTimes, Part, Snapshot } from "./snapshot";
import { type Cell, Table } from "./table";

export function statisticsPart(): Part {
  const modules = new Table(
    "Time per module",
    [
      { head: "module", sorts: true },
      { head: "phase", sorts: true },
      { head: "calls", numeric: true, sorts: true },
      { head: "events", numeric: true, sorts: true },
      { head: "CPU time", numeric: true, sorts: true },
      { head: "wall time", numeric: true, sorts: true },
      { head: "share of CPU", numeric: true, sorts: true },
      { head: "peak", numeric: true, sorts: true, title: "resident memory of a worker after it" },
      { head: "events/s", numeric: true, title: "events per second of CPU time" },
    ],
    "No module has run yet.",
  );
  const cuts = new Table(
    "Cutflow",
    [
      { head: "cut" },
      { head: "events", numeric: true },
      { head: "weighted", numeric: true },
      { head: "of previous", numeric: true, title: "efficiency with respect to the cut before" },
      { head: "of all", numeric: true, title: "efficiency with respect to all events" },
    ],
    "No cut was applied yet.",
  );
  const node = el(
    "div",
    {},
    el("h4", { class: "hepnb-h" }, "Cutflow"),
    cuts.node,
    el("h4", { class: "hepnb-h" }, "Modules"),
    modules.node,
  );
  return {
    node,
    update: ({ statistics, cutflow }: Snapshot) => {
      modules.fill(moduleRows(statistics));
      cuts.fill(cutRows(cutflow));
    },
  };
}

export function moduleRows(modules: ModuleTimes[]): Cell[][] {
  const all = modules.reduce((sum, { cpu }) => sum + cpu, 0);
  return modules.map(({ module, phase, calls, events, cpu, wall, peak }) => [
    { text: module },
    { text: phase ?? "" },
    { text: number(calls), key: calls },
    { text: number(events), key: events },
    { text: seconds(cpu), key: cpu },
    { text: seconds(wall), key: wall },
    { text: percent(cpu, all), bar: all > 0 ? cpu / all : 0, key: cpu },
    { text: peak ? bytes(peak) : "–", key: peak ?? null },
    { text: cpu > 0 ? scaled(events / cpu) : "–" },
  ]);
}

/** Efficiencies are those of the weighted counts when weights differ from one. */
export function cutRows(cutflow: Cut[]): Cell[][] {
  const first = cutflow[0];
  return cutflow.map(({ cut, raw, weighted }, at) => {
    const before = cutflow[at - 1];
    return [
      { text: cut },
      { text: number(raw) },
      { text: number(weighted, 6) },
      { text: before ? percent(weighted, before.weighted) : "" },
      {
        text: first ? percent(weighted, first.weighted) : "",
        bar: first ? weighted / first.weighted : 0,
      },
    ];
  });
}

function seconds(value: number): string {
  if (value >= 100) return `${number(Math.round(value))} s`;
  return value >= 1 ? `${value.toPrecision(3)} s` : `${number(value * 1000, 3)} ms`;
}
