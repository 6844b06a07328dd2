// The browser's half of PathView (hepnb/widgets/path_view.py): the steps of a path, what was set,
// and which column comes from which. It asks the kernel for nothing.

import type { RenderProps } from "@anywidget/types";
import { el, root, setText } from "./dom";
import { flow, type Graph } from "./flow";
import { type Cell, Table } from "./table";

export interface Parameter {
  name: string;
  value: string | null;
  default: string | null;
  changed: boolean;
  unit: string;
  help: string;
}

export interface Step {
  kind: string;
  name: string;
  formula: string;
  help: string;
  above: string;
  makes: string[];
  reads: Record<string, string[]>;
  varies: string[];
  used: boolean;
  parameters: Parameter[];
}

export interface Described {
  name: string;
  problem: string;
  inputs: Record<string, string[]>;
  steps: Step[];
}

interface State {
  path: Described;
  graph: Graph;
}

function render({ model, el: place }: RenderProps<State>): () => void {
  const box = root("path");
  box.setAttribute("role", "region");
  const draw = () => {
    const path = model.get("path");
    box.setAttribute("aria-label", `Path ${path.name}`);
    box.replaceChildren(...content(path, model.get("graph")));
  };
  model.on("change:path", draw);
  draw();
  place.append(box);
  return () => model.off("change:path", draw);
}

function content(path: Described, graph: Graph): HTMLElement[] {
  const unused = path.steps.filter(({ used }) => !used).length;
  const counts = path.steps.length === 1 ? "1 step" : `${path.steps.length} steps`;
  const out: HTMLElement[] = [
    el(
      "div",
      { class: "hepnb-row" },
      el("strong", {}, path.name),
      el("span", { class: "hepnb-faint" }, unused ? `${counts}, ${unused} not needed` : counts),
    ),
  ];
  if (path.problem) {
    const wrong = el("div", { class: "hepnb-notice hepnb-error", role: "alert" });
    setText(wrong, path.problem);
    out.push(wrong);
  }
  const varying = path.steps.some(({ varies }) => varies.length > 0);
  const steps = new Table("Steps", stepColumns(varying), "An empty path.", true);
  steps.fill(path.steps.map((step, at) => stepRow(step, at, varying)));
  out.push(steps.node);
  const rows = path.steps.flatMap((step) => step.parameters.map((one) => parameterRow(step, one)));
  if (rows.length > 0) {
    const parameters = new Table("Parameters", PARAMETERS, "", true);
    parameters.fill(rows);
    out.push(el("h4", { class: "hepnb-h" }, "Parameters"), parameters.node);
  }
  if (graph.nodes.length > 0)
    out.push(el("h4", { class: "hepnb-h" }, "Columns"), legend(path), flow(graph));
  return out;
}

function legend(path: Described): HTMLElement {
  const kinds = [...new Set(path.steps.map(({ kind }) => kind))].join(", ");
  return el(
    "p",
    { class: "hepnb-faint" },
    `From left to right: what is read (dashed), then ${kinds}; results have a thick frame.`,
  );
}

function stepColumns(varying: boolean) {
  const columns = [
    { head: "#", numeric: true, sorts: true },
    { head: "step", sorts: true },
    { head: "name", sorts: true },
    { head: "how", wrap: true },
    { head: "reads", wrap: true },
    { head: "below select", sorts: true, title: "the last select that stands above it" },
  ];
  if (varying) columns.push({ head: "varies with", sorts: true, title: "through any column, too" });
  return columns;
}

export function stepRow(step: Step, at: number, varying: boolean): Cell[] {
  const made = step.kind === "module" ? ` → ${step.makes.join(", ")}` : "";
  const row: Cell[] = [
    { text: String(at + 1), key: at + 1 },
    { text: step.used ? step.kind : `${step.kind}, not needed`, tone: step.used ? "" : "faint" },
    { text: step.name },
    { text: `${step.formula}${made}`, title: step.help },
    { text: columnsOf(step.reads) },
    { text: step.above },
  ];
  if (varying) row.push({ text: step.varies.join(", ") });
  return row;
}

/** Columns as they are written in a path; a collection without fields is read whole. */
export function columnsOf(reads: Record<string, string[]>): string {
  return Object.entries(reads)
    .flatMap(([name, fields]) => (fields.length ? fields.map((f) => `${name}.${f}`) : [name]))
    .join(", ");
}

const PARAMETERS = [
  { head: "step", sorts: true },
  { head: "parameter", sorts: true },
  { head: "value" },
  { head: "changed", sorts: true },
  { head: "unit", sorts: true },
  { head: "default" },
  { head: "meaning", wrap: true },
];

export function parameterRow(step: Step, one: Parameter): Cell[] {
  return [
    { text: step.name },
    { text: one.name },
    { text: one.value ?? "?", tone: one.changed ? "warn" : "" },
    { text: one.changed ? "● changed" : "", tone: "warn", key: one.changed ? "changed" : "" },
    { text: one.unit },
    { text: one.default ?? "none: must be given", tone: "faint" },
    { text: one.help },
  ];
}

export default { render };
