import { expect, test } from "vitest";
import { nearest, plain, spans } from "../src/ansi";

const E = "\x1b[";

test("a text without escapes is one piece", () => {
  expect(spans("<script>alert(1)</script>\tä")).toEqual([
    { text: "<script>alert(1)</script>\tä", style: "" },
  ]);
  expect(spans("")).toEqual([]);
});

test("the sixteen colours and the styles", () => {
  expect(spans(`a${E}1;31mb${E}0mc${E}92;44md${E}39me${E}mf`)).toEqual([
    { text: "a", style: "" },
    { text: "b", style: "hepnb-ansi-bold hepnb-fg-1" },
    { text: "c", style: "" },
    { text: "d", style: "hepnb-fg-10 hepnb-bg-4" },
    { text: "e", style: "hepnb-bg-4" },
    { text: "f", style: "" },
  ]);
  expect(spans(`${E}2;3;4;7;9mx${E}22;23;24;27;29my`).map((p) => p.style)).toEqual([
    "hepnb-ansi-dim hepnb-ansi-italic hepnb-ansi-underline hepnb-ansi-inverse hepnb-ansi-strike",
    "",
  ]);
});

test("256 and true colours become the nearest of the sixteen", () => {
  const style = (codes: string) => spans(`${E}${codes}mx`)[0]?.style;
  expect(style("38;5;9")).toBe("hepnb-fg-9");
  expect(style("38;5;196")).toBe("hepnb-fg-1");
  expect(style("38;5;46")).toBe("hepnb-fg-2");
  expect(style("48;5;21")).toBe("hepnb-bg-4");
  expect(style("38;5;240")).toBe("hepnb-fg-8");
  expect(style("38;2;255;120;120")).toBe("hepnb-fg-9");
  expect(style("38;2;10;10;12")).toBe("hepnb-fg-0");
  expect(style("38:2::0:160:0")).toBe("hepnb-fg-2");
  expect(style("38:2:0:0:200")).toBe("hepnb-fg-4");
  expect(style("38;2;0;0;200;1")).toBe("hepnb-ansi-bold hepnb-fg-4");
  for (let i = 0; i < 300; i += 1)
    expect(nearest((i * 37) % 256, (i * 91) % 256, (i * 53) % 256)).toBeLessThan(16);
});

test("only known class names come of it, whatever the numbers", () => {
  for (const codes of ["38;5;999", "38;5", "38;2", "48;9;1", "999", ";;;", "38;2;9999;1;1", "38"]) {
    for (const { style } of spans(`${E}${codes}mx`))
      expect(style).toMatch(/^(hepnb-(ansi-[a-z]+|[fb]g-(\d|1[0-5]))( |$))*$/);
  }
});

test("all else is taken out, and no text with it", () => {
  expect(plain(`${E}2J${E}10;3Hat home${E}?25l`)).toBe("at home");
  expect(plain("\x1b]0;title\x07text")).toBe("text");
  expect(plain("\x1b]8;;http://x.test\x1b\\link\x1b]8;;\x1b\\")).toBe("link");
  expect(plain("a\x00b\x08c\x7fd\x85e\n\tf\r")).toBe("abcde\n\tf");
  expect(plain(`end${E}3`)).toBe("end");
  expect(plain("end\x1b")).toBe("end");
  expect(plain("\u202e1\u2066x")).toBe("1x");
  expect(plain("\x1b]no end\nnext line")).toContain("next line");
  expect(plain(`${E}31mred${E}0m`)).toBe("red");
  expect(spans(`${E}8mhidden`).map((p) => p.text)).toEqual(["hidden"]);
});

test("a long hostile text takes no long time", () => {
  const long = "\x1b]".repeat(10_000) + "\x1b[".repeat(10_000) + ";".repeat(10_000);
  const began = performance.now();
  spans(long);
  expect(performance.now() - began).toBeLessThan(1000);
});
