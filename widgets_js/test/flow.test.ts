import { expect, test } from "vitest";
import { type Graph, nodeText, related } from "../src/flow";
import { columnsOf, parameterRow, type Step, stepRow } from "../src/path_view";

const node = (kind: string, name: string) => ({
  kind,
  name,
  label: name,
  x: 0,
  y: 0,
  width: 9,
  height: 9,
});
const graph: Graph = {
  width: 0,
  height: 0,
  nodes: [
    node("input", "Muon"),
    node("definition", "pair"),
    node("definition", "mass"),
    node("histogram", "mass"),
    node("input", "Jet"),
    node("histogram", "jets"),
  ],
  edges: [
    { from: 0, to: 1, fields: ["pt"] },
    { from: 1, to: 2, fields: ["mass"] },
    { from: 2, to: 3, fields: [] },
    { from: 4, to: 5, fields: [] },
  ],
};

test("a box is related to all it comes from and all that comes of it", () => {
  expect([...related(graph.edges, 1)].sort()).toEqual([0, 1, 2, 3]);
  expect([...related(graph.edges, 5)].sort()).toEqual([4, 5]);
  const circle = [
    { from: 0, to: 1, fields: [] },
    { from: 1, to: 0, fields: [] },
  ];
  expect([...related(circle, 0)].sort()).toEqual([0, 1]);
});

test("a box in words", () => {
  expect(nodeText(graph, 1)).toBe("definition pair; from Muon (pt); for mass");
  expect(nodeText(graph, 4)).toBe("input Jet; for histogram jets");
  expect(nodeText(graph, 9)).toBe("");
});

const step: Step = {
  kind: "module",
  name: "Jets",
  formula: "Jets",
  help: "Good jets.",
  above: "trigger",
  makes: ["good_jets"],
  reads: { Jet: ["pt", "eta"], run: [], Muon: [] },
  varies: ["rng"],
  used: false,
  parameters: [],
};

test("rows of steps and parameters", () => {
  expect(columnsOf(step.reads)).toBe("Jet.pt, Jet.eta, run, Muon");
  expect(stepRow(step, 2, true).map(({ text }) => text)).toEqual([
    "3",
    "module, not needed",
    "Jets",
    "Jets → good_jets",
    "Jet.pt, Jet.eta, run, Muon",
    "trigger",
    "rng",
  ]);
  expect(stepRow(step, 2, false)).toHaveLength(6);
  const one = { name: "least", value: null, default: null, changed: false, unit: "", help: "" };
  expect(parameterRow(step, one).map(({ text }) => text)[2]).toBe("?");
  const set = { ...one, value: "25", default: "30", changed: true };
  expect(
    parameterRow(step, set)
      .map(({ text }) => text)
      .slice(2, 6),
  ).toEqual(["25", "● changed", "", "30"]);
});
