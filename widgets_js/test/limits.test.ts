import { expect, test } from "vitest";
import { binTyped, divisors, edgeTyped, rebinTyped } from "../src/limits";
import { dense, regular } from "./axes";

const pt = dense("pt", [0, 10, 20, 40, 80]);

test("a limit is a coordinate, an edge by number, or an open end", () => {
  expect(edgeTyped("20", pt, "low")).toEqual({ value: 2 });
  expect(edgeTyped(" 20 GeV ", pt, "high")).toEqual({ value: 2 });
  expect(edgeTyped("20j", pt, "high")).toEqual({ value: 2 });
  expect(edgeTyped("2e1", pt, "high")).toEqual({ value: 2 });
  expect(edgeTyped("#3", pt, "low")).toEqual({ value: 3 });
  expect(edgeTyped("bin 3", pt, "low")).toEqual({ value: 3 });
  expect(edgeTyped("", pt, "low")).toEqual({ value: 0 });
  expect(edgeTyped("", pt, "high")).toEqual({ value: 4 });
  expect(edgeTyped("-5", pt, "low")).toEqual({ value: 0 });
  expect(edgeTyped("500", pt, "high")).toEqual({ value: 4 });
});

test("between edges the next one outwards is taken", () => {
  expect(edgeTyped("25", pt, "low")).toEqual({ value: 2 });
  expect(edgeTyped("25", pt, "high")).toEqual({ value: 3 });
});

test("an edge typed as it is shown is that edge, whatever its last digits", () => {
  const thirds = regular("x", 30, 0, 10);
  for (const side of ["low", "high"] as const) {
    expect(edgeTyped("3.33333", thirds, side)).toEqual({ value: 10 });
    expect(edgeTyped("0.333333", thirds, side)).toEqual({ value: 1 });
  }
});

test("what is wrong with a limit is said", () => {
  expect(edgeTyped("1,5", pt, "low")).toEqual({ problem: "“1,5” is not a number" });
  expect(edgeTyped("80", pt, "low")).toEqual({ problem: "the axis ends at 80" });
  expect(edgeTyped("0", pt, "high")).toEqual({ problem: "the axis starts at 0" });
  expect(edgeTyped("#9", pt, "high")).toEqual({ problem: "the last edge is #4" });
  for (const text of ["nan", "Infinity", "0x10", "1e", "--1", "1 2"]) {
    expect(edgeTyped(text, pt, "low")).toHaveProperty("problem");
  }
});

test("a bin is a coordinate in it or its number", () => {
  expect(binTyped("10", pt)).toEqual({ value: 1 });
  expect(binTyped("9.99", pt)).toEqual({ value: 0 });
  expect(binTyped("80", pt)).toEqual({ value: 3 });
  expect(binTyped("#3", pt)).toEqual({ value: 3 });
  expect(binTyped("#4", pt)).toEqual({ problem: "the last bin is #3" });
  expect(binTyped("81", pt)).toEqual({ problem: "the axis goes from 0 to 80" });
});

test("bins are merged by a factor or by edges that are there", () => {
  expect(rebinTyped("2", pt, 4)).toEqual({ value: 2 });
  expect(rebinTyped("5", pt, 4)).toEqual({ problem: "a factor is a whole number from 1 to 4" });
  expect(rebinTyped("2.5", pt, 4)).toHaveProperty("problem");
  expect(rebinTyped("0, 20 40", pt, 4)).toEqual({ value: [null, 20, 40] });
  expect(rebinTyped("10;80", pt, 4)).toEqual({ value: [10, null] });
  expect(rebinTyped("0, 15", pt, 4)).toEqual({ problem: "15 is no edge: there is 10 and 20" });
  expect(rebinTyped("20, 10", pt, 4)).toEqual({ problem: "edges must rise" });
  expect(rebinTyped("", pt, 4)).toEqual({ value: 1 });
});

test("divisors", () => {
  expect(divisors(12)).toEqual([1, 2, 3, 4, 6, 12]);
  expect(divisors(97)).toEqual([1, 97]);
  expect(divisors(1)).toEqual([1]);
});
