import { expect, test } from "vitest";
import { nearestBin } from "../src/cursor";
import { columnPath, errorPath, stepPath } from "../src/steps";
import { makeScale } from "../src/ticks";
import { type Axis, binsOf, floats, nearestEdge, rangeOf } from "../src/view";

test("steps go up, along and down again", () => {
  expect(stepPath([0, 10, 20], [5, 2], 9)).toBe("M0 9V5H10V2H20V9");
  expect(stepPath([0], [], 9)).toBe("");
});

test("error bars stand in the middle and only where there is an error", () => {
  expect(errorPath([0, 10, 20], [3, 4], [7, 4])).toBe("M5 7V3");
});

test("many bins become one span a pixel that holds every peak", () => {
  const bins = 100_000;
  const xs = Float64Array.from({ length: bins + 1 }, (_, i) => (500 * i) / bins);
  const ys = new Float64Array(bins).fill(200);
  ys[77_777] = 3;
  const path = columnPath(xs, ys, ys);
  expect(path.split("M")).toHaveLength(501);
  expect(path).toContain("V3");
});

test("numbers arrive whole from a view that is not aligned", () => {
  const raw = new Uint8Array(3 + 16);
  raw.set(new Uint8Array(new Float64Array([2 ** 53 - 1, -0.1]).buffer), 3);
  expect([...floats(new DataView(raw.buffer, 3, 16))]).toEqual([2 ** 53 - 1, -0.1]);
});

const axis = { edges: Float64Array.of(0, 1, 10, 100), size: 3 } as Axis;

test("ranges and edges", () => {
  expect(nearestEdge(axis.edges, 10)).toBe(2);
  expect(nearestEdge(axis.edges, 4)).toBe(1);
  expect(nearestEdge(axis.edges, 1e9)).toBe(3);
  expect(binsOf({ as: "x", range: [1, null] }, axis)).toEqual([1, 3]);
  expect(rangeOf(axis, 0, 3)).toBeNull();
  expect(rangeOf(axis, 0, 2)).toEqual([null, 10]);
});

test("the cursor finds its bin on a log axis and none beside it", () => {
  const edges = Float64Array.of(1, 10, 100);
  const x = makeScale([1, 100], [0, 200], true);
  expect([-1, 0, 99, 101, 200, 201].map((pixel) => nearestBin(edges, x, pixel))).toEqual([
    -1, 0, 0, 1, 1, -1,
  ]);
});
