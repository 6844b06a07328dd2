import { expect, test } from "vitest";
import { Heights, MOST_ROWS, ROW, Track } from "../src/log_window";

test("a screenful of rows, whatever the length", () => {
  const heights = new Heights();
  for (const total of [0, 1, 7, 1000, 10_000_000]) {
    for (const share of [0, 0.3, 1]) {
      const top = Math.max(0, share * (heights.top(total) - 340));
      const { first, count } = heights.window(top, 340, total);
      expect(count).toBeLessThan(40);
      expect(first * ROW).toBeLessThanOrEqual(top);
      expect((first + count) * ROW).toBeGreaterThanOrEqual(Math.min(top + 340, total * ROW));
      expect(first + count).toBeLessThanOrEqual(total);
    }
  }
  expect(heights.window(0, 50_000, 1_000_000).count).toBe(MOST_ROWS);
});

test("opened lines push down those that follow", () => {
  const heights = new Heights();
  heights.open(10, 100);
  heights.open(3, 40);
  expect(heights.open(3, 40)).toBe(false);
  expect([3, 4, 10, 11].map((row) => heights.top(row))).toEqual([60, 120, 240, 360]);
  for (let row = 0; row < 30; row += 1) {
    expect(heights.rowAt(heights.top(row))).toBe(row);
    expect(heights.rowAt(heights.top(row + 1) - 1)).toBe(row);
  }
  expect(heights.top(30)).toBe(30 * ROW + 140);
  heights.shut(3);
  expect(heights.top(4)).toBe(80);
  expect(heights.has(10)).toBe(true);
});

test("a log that is as tall as an element can be is scrolled as any", () => {
  const track = new Track();
  track.resize(100_000, 340);
  expect(track.tall).toBe(100_000);
  expect(track.scrolled(5000)).toBe(5000);
  expect([track.top, track.bar]).toEqual([5000, 5000]);
});

test("ten million lines can be scrolled from end to end, and line by line", () => {
  const full = 10_000_000 * ROW;
  const track = new Track();
  track.resize(full, 340);
  expect(track.tall).toBeLessThan(17_000_000);
  const room = track.tall - 340;
  track.scrolled(room / 2); // the thumb is dragged
  expect(track.top).toBeCloseTo((full - 340) / 2, 0);
  const before = track.top;
  track.scrolled(room / 2 + 100); // the wheel
  expect(track.top - before).toBe(100);
  track.placed(track.bar); // what is put right after it
  expect(track.scrolled(track.bar)).toBe(0);
  track.scrolled(room);
  expect(track.top).toBe(track.end);
  track.scrolled(0);
  expect(track.top).toBe(0);
});

test("with the wheel alone both ends are reached, and nothing is jumped over", () => {
  const track = new Track();
  track.resize(1_000_000 * ROW, 340);
  const room = track.tall - 340;
  track.scrolled(room - 4000);
  track.placed(track.bar);
  let at = track.bar;
  let largest = 0;
  while (at < room) {
    at = Math.min(room, at + 100);
    largest = Math.max(largest, track.scrolled(at));
  }
  expect(track.top).toBe(track.end);
  expect(largest).toBeLessThan(340);
});

test("a log that grows stays where it is looked at", () => {
  const track = new Track();
  track.resize(2_000_000 * ROW, 340);
  track.scrolled(1_000_000);
  const { top } = track;
  track.resize(3_000_000 * ROW, 340);
  expect(track.top).toBe(top);
  expect(track.bar).toBeLessThan(1_000_000);
  track.resize(100, 340);
  expect(track.top).toBe(0);
});
