import { expect, test } from "vitest";
import { bytes, duration, number, percent, remaining, scaled } from "../src/format";

test.each([
  [0, "0"],
  [1234, "1234"],
  [1234567, "1\u2009234\u2009567"],
  [-12345, "−12\u2009345"],
  [0.12345678, "0.1235"],
  [2.5, "2.5"],
  [1e21, "1.000e21"],
  [Number.NaN, "–"],
  [null, "–"],
  [Number.POSITIVE_INFINITY, "∞"],
])("number %s is %s", (value, text) => expect(number(value)).toBe(text));

test.each([
  [0.4, "0.4 s"],
  [8, "8.0 s"],
  [59.4, "59 s"],
  [125, "2 min 05 s"],
  [3599.7, "1 h 00 min"],
  [11220, "3 h 07 min"],
])("duration %s is %s", (value, text) => expect(duration(value)).toBe(text));

test("remaining time carries its uncertainty in one unit", () => {
  expect(remaining(3.2, 0.5)).toBe("3.2 ± 0.5 s left");
  expect(remaining(42, 6)).toBe("42 ± 6 s left");
  expect(remaining(261, 24)).toBe("4.3 ± 0.4 min left");
  expect(remaining(12, null)).toBe("about 12 s left");
  expect(remaining(null, null)).toBe("");
});

test("shares never round up to done", () => {
  expect(percent(999_999, 1_000_000)).toBe("99.9 %");
  expect(percent(1, 1)).toBe("100 %");
  expect(percent(1, 3000)).toBe("0.033 %");
  expect(percent(0, 0)).toBe("–");
});

test("sizes and rates", () => {
  expect(bytes(412_000_000)).toBe("412\u2009MB");
  expect(bytes(999)).toBe("999\u2009B");
  expect(scaled(14511.2)).toBe("14.5\u2009k");
  expect(scaled(2_500_000)).toBe("2.50\u2009M");
});
