import { expect, test } from "vitest";
import { linearTicks, logTicks, makeScale, short, yDomain } from "../src/ticks";

const texts = (ticks: { major: { text: string }[] }) => ticks.major.map(({ text }) => text);

test("linear ticks", () => {
  expect(texts(linearTicks([0, 120], 6, false))).toEqual([
    "0",
    "20",
    "40",
    "60",
    "80",
    "100",
    "120",
  ]);
  expect(linearTicks([0, 120], 6, false).minor).toContain(5);
});

test("large counts share a power of ten", () => {
  const ticks = linearTicks([0, 3_200_000], 4, true);
  expect(ticks.factor).toBe("×10⁶");
  expect(texts(ticks)).toEqual(["0", "1", "2", "3"]);
});

test("few decades are numbers, many are powers", () => {
  expect(texts(logTicks([0.3, 300], 9))).toEqual(["1", "10", "100"]);
  expect(texts(logTicks([2, 120], 9))).toEqual(["2", "5", "10", "20", "50", "100"]);
  expect(texts(logTicks([1, 1e6], 9))).toEqual(["1", "10", "10²", "10³", "10⁴", "10⁵", "10⁶"]);
  expect(texts(logTicks([1e-12, 1e12], 5)).length).toBeLessThan(7);
});

test("a scale and its inverse", () => {
  for (const log of [false, true]) {
    const scale = makeScale([0.5, 500], [60, 600], log);
    expect(scale(0.5)).toBeCloseTo(60);
    expect(scale(500)).toBeCloseTo(600);
    expect(scale.invert(scale(42))).toBeCloseTo(42);
  }
});

test("a y axis holds contents and errors", () => {
  expect(yDomain([90, 0], [110, 4], false)[1]).toBeGreaterThan(110);
  expect(yDomain([-3], [5], false)[0]).toBeLessThan(-3);
  expect(yDomain([0, 1], [0, 100], true)).toEqual([0.5, 200]);
  expect(yDomain([], [], true)).toEqual([0.5, 2]);
  expect(yDomain([Number.NaN], [Number.POSITIVE_INFINITY], false)).toEqual([0, 1]);
});

test("short numbers", () => {
  expect([0.1 + 0.2, 2, 1e7, -0.00001].map(short)).toEqual(["0.3", "2", "1e7", "-1e-5"]);
});
