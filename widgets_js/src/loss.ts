// What no total contains, said wherever totals are shown.

import { el, setText } from "./dom";
import { number } from "./format";
import type { Part, Progress, Snapshot } from "./snapshot";

export function lossPart(): Part {
  const node = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const update = ({ progress }: Snapshot) => {
    const loss = lossOf(progress);
    node.hidden = loss === "";
    if (loss)
      setText(
        node,
        `⚠ ${loss}: not in any histogram or total. The ledger of files (run.files) has the reasons.`,
      );
  };
  return { node, update };
}

/** What is missing, in a few words; empty if nothing is. */
export function lossOf({
  files_failed,
  events_lost,
}: Pick<Progress, "files_failed" | "events_lost">): string {
  const parts: string[] = [];
  if (files_failed > 0)
    parts.push(`${number(files_failed)} ${files_failed === 1 ? "file" : "files"} failed`);
  if (events_lost > 0) parts.push(`${number(events_lost)} events lost`);
  return parts.join(", ");
}
