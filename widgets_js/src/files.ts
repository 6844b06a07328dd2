// The ledger of files: what was read, what was not and why. Failed files come first.

import { number, percent } from "./format";
import type { DataFile, Part, Snapshot } from "./snapshot";
import { type Cell, Table } from "./table";

const WORDS: Record<string, [string, string]> = {
  ok: ["✓ read", "good"],
  failed: ["✗ failed", "bad"],
  skipped: ["– skipped", "warn"],
  running: ["▶ reading", ""],
  waiting: ["○ waiting", "faint"],
};

export function filesPart(): Part {
  const table = new Table(
    "Files",
    [
      { head: "file" },
      { head: "status" },
      { head: "events", numeric: true },
      { head: "read", numeric: true },
      { head: "dataset" },
      { head: "reason", wrap: true },
    ],
    "No file is known yet.",
  );
  const more = document.createElement("p");
  more.className = "hepnb-faint";
  table.node.append(more);
  return {
    node: table.node,
    update: ({ files, files_omitted }: Snapshot) => {
      table.fill(files.map(fileRow));
      more.textContent = files_omitted ? `and ${number(files_omitted)} more files: run.files` : "";
    },
  };
}

export function fileRow(file: DataFile): Cell[] {
  const [word, tone] = WORDS[file.status] ?? [file.status, ""];
  const known = file.events > 0;
  return [
    { text: baseName(file.file), title: file.file },
    { text: word, tone },
    { text: known ? number(file.events) : "–" },
    { text: known ? percent(file.events_done, file.events) : "–" },
    { text: file.dataset },
    { text: file.reason, title: file.reason, tone: file.reason ? "bad" : "" },
  ];
}

export function baseName(path: string): string {
  return path.split("/").pop() || path;
}
