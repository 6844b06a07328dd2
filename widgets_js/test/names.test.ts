import { expect, test } from "vitest";
import { matcher, Names } from "../src/names";
import { thousands } from "./axes";

test("a search is a part of the name or a pattern for all of it", () => {
  const hits = (pattern: string) => ["QCD_HT100", "qcd", "my QCD", "t[t]"].filter(matcher(pattern));
  expect(hits("qcd")).toEqual(["QCD_HT100", "qcd", "my QCD"]);
  expect(hits("QCD_*")).toEqual(["QCD_HT100"]);
  expect(hits("*qcd*")).toEqual(["QCD_HT100", "qcd", "my QCD"]);
  expect(hits("?cd")).toEqual(["qcd"]);
  expect(hits("t[t]")).toEqual(["t[t]"]);
  expect(hits("(.*)+")).toEqual([]);
});

test("a pattern made to be slow is not", () => {
  const long = "a".repeat(5000);
  expect(matcher(`${"*a".repeat(200)}*b`)(long)).toBe(false);
});

test("all, none and invert mean what is found", () => {
  const names = new Names(thousands());
  names.choose([0, 1, 2]);
  names.search("QCD_*", false);
  expect(names.shown).toHaveLength(1000);
  names.mark("all");
  expect(names.chosen.size).toBe(1002);
  names.mark("invert");
  expect(names.picked).toEqual([1, 2]);
  names.mark("all");
  names.mark("none");
  expect(names.picked).toEqual([1, 2]);
  names.search("", true);
  expect(names.shown).toEqual([1, 2]);
});

test("the order of the list is the order of what is chosen", () => {
  const names = new Names(["a", "b", "c", "d"]);
  names.choose([0, 1, 3]);
  names.move(3, 0);
  expect(names.shown).toEqual([3, 0, 1, 2]);
  expect(names.picked).toEqual([3, 0, 1]);
  names.move(0, 2);
  expect(names.shown).toEqual([0, 1, 3, 2]);
  names.choose([2, 0]);
  expect(names.shown).toEqual([2, 0, 1, 3]);
  names.choose([0, 2]);
  expect(names.shown).toEqual([0, 1, 2, 3]);
});

test("moving within what is found keeps the others where they are", () => {
  const names = new Names(["a1", "b", "a2", "c", "a3"]);
  names.search("a", false);
  names.move(2, 0);
  names.search("", false);
  expect(names.shown.map((at) => names.name(at))).toEqual(["a3", "a1", "b", "a2", "c"]);
});

test("new names come at the end and are not chosen", () => {
  const names = new Names(["a", "b"]);
  names.choose([1, 0]);
  names.grow(["a", "b", "c"]);
  expect(names.shown).toEqual([1, 0, 2]);
  expect(names.picked).toEqual([1, 0]);
});
