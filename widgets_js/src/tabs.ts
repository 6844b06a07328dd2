// Tabs as the ARIA practices have them: arrow keys move, one tab stop for the row.

import { el, setText, uniqueId } from "./dom";

export interface Tab {
  name: string;
  panel: HTMLElement;
  badge: HTMLElement;
}

export function tab(name: string, panel: HTMLElement): Tab {
  return { name, panel, badge: el("span", { class: "hepnb-badge", hidden: true }) };
}

export function setBadge(badge: HTMLElement, text: string, tone = ""): void {
  badge.hidden = text === "";
  badge.dataset.tone = tone;
  setText(badge, text);
}

export function tabs(label: string, entries: Tab[]): HTMLElement {
  const list = el("div", { class: "hepnb-tablist", role: "tablist", "aria-label": label });
  const heads = entries.map(({ name, panel, badge }) => {
    const id = uniqueId("tab");
    panel.id = uniqueId("panel");
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", id);
    const head = el(
      "button",
      { type: "button", role: "tab", id, "aria-controls": panel.id, class: "hepnb-tab" },
      name,
      badge,
    );
    list.append(head);
    return head;
  });
  const show = (chosen: number, focus: boolean) => {
    heads.forEach((head, at) => {
      head.setAttribute("aria-selected", String(at === chosen));
      head.tabIndex = at === chosen ? 0 : -1;
      const panel = entries[at]?.panel;
      if (panel) panel.hidden = at !== chosen;
    });
    if (focus) heads[chosen]?.focus();
    entries[chosen]?.panel.dispatchEvent(new CustomEvent("hepnb-shown"));
  };
  heads.forEach((head, at) => {
    head.addEventListener("click", () => show(at, false));
    head.addEventListener("keydown", (event) => {
      const target = nextTab(event.key, at, heads.length);
      if (target === null) return;
      event.preventDefault();
      show(target, true);
    });
  });
  show(0, false);
  return el("div", { class: "hepnb-tabs" }, list, ...entries.map(({ panel }) => panel));
}

/** Which tab a key moves to, or null if the key means nothing here. */
export function nextTab(key: string, at: number, count: number): number | null {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at + count - 1) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}
