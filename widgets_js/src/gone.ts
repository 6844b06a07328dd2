// What is said when the kernel can no longer be reached, with the way out.

import { copyButton } from "./copy";
import { el } from "./dom";

export function goneNotice(): { node: HTMLElement; show: (words: string, code: string) => void } {
  const node = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const show = (words: string, code: string) => {
    node.replaceChildren(
      el("span", { class: "hepnb-icon", "aria-hidden": "true" }, "⚠"),
      el("span", {}, `Kernel gone: ${words} `),
      el("code", {}, code),
      copyButton("Copy the code", () => code),
    );
    node.hidden = false;
  };
  return { node, show };
}
