// What ended a run: the title, the chunk, and the user's own traceback, as text.

import { copyButton } from "./copy";
import { el, setText } from "./dom";
import type { Part, Snapshot } from "./snapshot";

export function failurePart(): Part {
  const title = el("span");
  const chunk = el("span", { class: "hepnb-faint" });
  const traceback = el("pre", { class: "hepnb-pre", tabindex: "0", "aria-label": "Traceback" });
  const copy = copyButton("Copy the traceback", () => traceback.textContent ?? "");
  const head = el(
    "div",
    { class: "hepnb-row" },
    // One item, so that a long title does not leave the cross alone on a line.
    el("strong", {}, el("span", { "aria-hidden": "true" }, "✗ "), title),
    chunk,
    copy,
  );
  const node = el(
    "div",
    { class: "hepnb-notice hepnb-error", role: "alert", hidden: true },
    head,
    traceback,
  );
  const update = ({ error }: Snapshot) => {
    node.hidden = error === null;
    if (!error) return;
    setText(title, error.title);
    setText(chunk, error.chunk ? `in ${error.chunk}` : "");
    setText(traceback, error.traceback);
    traceback.hidden = error.traceback === "";
  };
  return { node, update };
}
