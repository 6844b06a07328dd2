import { expect, test } from "vitest";
import { menuButton } from "../src/menu";
import { newCellButton } from "../src/new_cell";

test("no button where there is no notebook behind the widget", () => {
  for (const manager of [undefined, null, {}, { context: { model: {} } }]) {
    expect(newCellButton(manager, () => "")).toBeUndefined();
  }
});

test("the text goes into a cell below the widget's own", () => {
  const put: [number, string][] = [];
  const sharedModel = {
    cells: [1, 2, 3],
    insertCell: (at: number, { source }: { source: string }) => put.push([at, source]),
  };
  const made = newCellButton({ context: { model: { sharedModel } } }, () => "h[:]");
  const page = document.createElement("div");
  page.className = "jp-Notebook";
  page.innerHTML =
    '<div class="jp-Cell"></div><div class="jp-Cell"></div><div class="jp-Cell"></div>';
  page.children[1]?.append(made ?? "");
  document.body.replaceChildren(page);
  made?.querySelector("button")?.click();
  (page.children[1] as HTMLElement).dataset.windowedListIndex = "0";
  made?.querySelector("button")?.click();
  document.body.replaceChildren(made ?? "");
  made?.querySelector("button")?.click();
  expect(put).toEqual([
    [2, "h[:]"],
    [1, "h[:]"],
    [3, "h[:]"],
  ]);
});

test("a menu by keyboard", () => {
  const done: string[] = [];
  const entries = ["PNG", "SVG", "CSV"].map((text) => ({ text, act: () => void done.push(text) }));
  const box = menuButton("Download", entries);
  document.body.replaceChildren(box);
  const press = box.querySelector("button") as HTMLButtonElement;
  const key = (name: string) =>
    document.activeElement?.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  const at = () => document.activeElement?.textContent;
  press.focus();
  key("ArrowDown");
  expect(at()).toBe("PNG");
  expect(press.getAttribute("aria-expanded")).toBe("true");
  key("ArrowUp");
  expect(at()).toBe("CSV");
  key("ArrowDown");
  expect(at()).toBe("PNG");
  key("End");
  expect(at()).toBe("CSV");
  key("Escape");
  expect(document.activeElement).toBe(press);
  expect(press.getAttribute("aria-expanded")).toBe("false");
  key("ArrowUp");
  (document.activeElement as HTMLElement).click();
  expect(done).toEqual(["CSV"]);
  expect(document.activeElement).toBe(press);
  press.click();
  document.dispatchEvent(new Event("pointerdown"));
  expect(press.getAttribute("aria-expanded")).toBe("false");
});
