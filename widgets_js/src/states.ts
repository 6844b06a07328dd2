// The states of a run as a sign and a word, and the pill that shows them.

import { el, setAttribute, setText } from "./dom";

const SIGNS: Record<string, string> = {
  waiting: "○",
  starting: "◌",
  running: "▶",
  paused: "‖",
  done: "✓",
  failed: "✗",
  cancelled: "■",
  lost: "?",
};

export function sign(state: string): string {
  return SIGNS[state] ?? "?";
}

export function statePill(): { node: HTMLElement; show: (state: string) => void } {
  const icon = el("span", { class: "hepnb-icon", "aria-hidden": "true" });
  const word = el("span");
  const node = el("span", { class: "hepnb-state", role: "status" }, icon, word);
  const show = (state: string) => {
    setText(icon, sign(state));
    setText(word, state);
    setAttribute(node, "data-state", state);
  };
  return { node, show };
}
