import axe from "axe-core";
import { afterEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { root } from "../src/dom";
import { DEFAULT_LOOK } from "../src/look";
import { LookBar } from "../src/look_bar";
import { menuButton } from "../src/menu";
import { axis, slice } from "./slices";
import "../src/hist_explorer.css";

const two = [{ label: "tt" }, { label: `a very long name ${"of a process ".repeat(20)}` }];
const slices = [
  slice(),
  slice({ series: two }),
  slice({ series: two, stacked: true }),
  slice({ axes: [axis(), axis()] }),
];

function show(scheme = "light"): HTMLElement {
  const box = root("explorer");
  box.style.colorScheme = scheme;
  for (const given of slices) {
    const menu = menuButton("Download", [{ text: "PNG", act: () => {} }]);
    const bar = new LookBar(() => {}, menu);
    bar.show({ ...DEFAULT_LOOK, below: "ratio", reference: "tt" }, given);
    box.append(bar.node);
  }
  document.body.replaceChildren(box);
  return box;
}

afterEach(() => document.body.replaceChildren());

test.each(["light", "dark"])("axe finds nothing, %s", async (scheme) => {
  await page.viewport(1000, 800);
  const box = show(scheme);
  await userEvent.click(box.querySelector("[aria-haspopup]") as HTMLElement);
  const { violations } = await axe.run(box);
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
});

test("it wraps on a phone, and nothing stands over anything else", async () => {
  await page.viewport(320, 800);
  const box = show();
  expect(document.documentElement.scrollWidth).toBe(320);
  const seen = [...box.querySelectorAll<HTMLElement>("select, button")]
    .filter((node) => node.checkVisibility())
    .map((node) => node.getBoundingClientRect());
  for (const [i, one] of seen.entries()) {
    for (const other of seen.slice(i + 1)) {
      const apart =
        one.right <= other.left ||
        other.right <= one.left ||
        one.bottom <= other.top ||
        other.bottom <= one.top;
      expect(apart).toBe(true);
    }
  }
});
