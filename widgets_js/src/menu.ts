// A button that opens a menu: arrow keys walk, Escape and a press elsewhere close it.

import { button, el, uniqueId } from "./dom";

export function menuButton(
  label: string,
  entries: { text: string; act: () => void | Promise<void> }[],
): HTMLElement {
  const menu = el("div", {
    class: "hepnb-menu",
    role: "menu",
    id: uniqueId("menu"),
    "aria-label": label,
    hidden: true,
  });
  const press = button(`${label} ▾`, {
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    "aria-controls": menu.id,
    "aria-label": label,
  });
  const box = el("div", { class: "hepnb-menubox" }, press, menu);
  const elsewhere = (event: Event) => {
    if (!event.composedPath().includes(box)) close(false);
  };
  const open = (at: number) => {
    menu.hidden = false;
    press.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", elsewhere);
    rows.at(at)?.focus();
  };
  const close = (back: boolean) => {
    menu.hidden = true;
    press.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", elsewhere);
    if (back) press.focus();
  };
  const rows = entries.map(({ text, act }) => {
    const row = el(
      "button",
      { type: "button", role: "menuitem", class: "hepnb-menuitem", tabindex: -1 },
      text,
    );
    row.addEventListener("click", () => {
      close(true);
      void act();
    });
    return row;
  });
  menu.append(...rows);
  press.addEventListener("click", () => (menu.hidden ? open(0) : close(true)));
  press.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
  menu.addEventListener("keydown", (event) => {
    const here = rows.indexOf(event.target as HTMLButtonElement); // a shadow hides the active one
    const next: Record<string, number> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      Home: 0,
      End: -1,
    };
    const to = next[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") close(false);
    else if (to !== undefined) rows.at(to % rows.length)?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("focusout", (event) => {
    const to = event.relatedTarget;
    if (!menu.hidden && to instanceof Node && !box.contains(to)) close(false);
  });
  return box;
}
