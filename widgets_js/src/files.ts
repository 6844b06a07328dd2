// The ledger of files: what was read, what was not and why. Failed files come first.

import { duration, number, percent, scaled } from "./format";
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
      { head: "file", sorts: true },
      { head: "status", sorts: true },
      { head: "events", numeric: true, sorts: true },
      { head: "read", numeric: true, sorts: true, csv: "events read" },
      { head: "lost", numeric: true, sorts: true, csv: "events lost" },
      { head: "time", numeric: true, sorts: true, csv: "time [s]", title: "of workers" },
      { head: "events/s", numeric: true, sorts: true, title: "of one worker" },
      { head: "dataset", sorts: true },
      { head: "reason", wrap: true },
    ],
    "No file is known yet.",
    true,
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
  const lost = file.events_lost ?? 0;
  return [
    { text: baseName(file.file), title: file.file, key: file.file },
    { text: word, tone, key: file.status },
    { text: known ? number(file.events) : "–", key: known ? file.events : null },
    { text: known ? percent(file.events_done, file.events) : "–", key: file.events_done },
    { text: lost ? number(lost) : "", key: lost, tone: lost ? "bad" : "" },
    { text: file.seconds ? duration(file.seconds) : "–", key: file.seconds ?? null },
    { text: file.rate ? scaled(file.rate) : "–", key: file.rate ?? null },
    { text: file.dataset },
    { text: file.reason, title: file.reason, tone: file.reason ? "bad" : "" },
  ];
}

export function baseName(path: string): string {
  return path.split("/").pop() || path;
}
