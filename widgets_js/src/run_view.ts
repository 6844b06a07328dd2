// The browser's half of RunView and of its parts alone (hepnb/widgets/run_view.py).

import type { AnyModel, RenderProps } from "@anywidget/types";
import { Channel } from "./channel";
import { collectionsPart } from "./collections";
import { el, root, setText } from "./dom";
import { failurePart } from "./failure";
import { filesPart } from "./files";
import { number } from "./format";
import { goneNotice } from "./gone";
import { headerPart } from "./header";
import { logPart } from "./log";
import { lossPart } from "./loss";
import { progressPart } from "./progress";
import type { Part, Schema, Snapshot } from "./snapshot";
import { statisticsPart } from "./statistics";
import { setBadge, type Tab, tab, tabs } from "./tabs";

interface State {
  state: Snapshot;
  schema: Schema;
  parts: string[];
  problem: string;
}

const MAKERS: Record<string, [string, (channel: Channel) => Part]> = {
  collections: ["Collections", collectionsPart],
  log: ["Log", logPart],
  statistics: ["Statistics", statisticsPart],
  files: ["Files", filesPart],
};

function render({ model, el: place }: RenderProps<State>): () => void {
  const channel = new Channel(model as unknown as AnyModel);
  const wanted = model.get("parts");
  const box = root("run");
  box.setAttribute("role", "region");
  const problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert", hidden: true });
  const gone = goneNotice();
  const header = headerPart(channel);
  const failure = failurePart();
  const loss = lossPart();
  const parts: Part[] = [header, failure, loss];
  box.append(header.node, gone.node, problem, failure.node, loss.node);
  if (wanted.includes("progress")) {
    const progress = progressPart();
    parts.push(progress);
    box.append(progress.node);
  }
  const entries = new Map<string, Tab>();
  for (const name of wanted) {
    const maker = MAKERS[name];
    if (!maker) continue;
    const part = maker[1](channel);
    parts.push(part);
    entries.set(name, tab(maker[0], part.node));
  }
  if (entries.size > 1) box.append(tabs("Views of the run", [...entries.values()]));
  else for (const { panel } of entries.values()) box.append(panel);
  place.append(box);

  let asked = 0;
  const draw = () => {
    asked = 0;
    const state = model.get("state");
    if (typeof state?.seq !== "number") return;
    const snapshot = { ...state, schema: model.get("schema") };
    box.setAttribute("aria-label", `Run ${snapshot.name}`);
    box.dataset.seq = String(snapshot.seq);
    box.dataset.state = snapshot.state;
    for (const part of parts) part.update(snapshot);
    badges(entries, snapshot);
  };
  const changed = () => {
    // no frames come to a hidden tab; the timer is for it
    if (!asked) asked = window.setTimeout(draw, 16);
  };
  const told = () => {
    problem.hidden = !model.get("problem");
    setText(problem, model.get("problem") ?? "");
  };
  channel.onGone = () => {
    const id = model.get("state")?.id ?? "";
    gone.show("the run does not need it. In a new cell:", `hn.attach(${JSON.stringify(id)})`);
  };
  model.on("change:state", changed);
  model.on("change:schema", changed);
  model.on("change:problem", told);
  told();
  draw();
  return () => {
    window.clearTimeout(asked);
    model.off("change:state", changed);
    model.off("change:schema", changed);
    model.off("change:problem", told);
    channel.close();
    for (const part of parts) part.close?.();
  };
}

function badges(entries: Map<string, Tab>, { log, files, progress }: Snapshot): void {
  const loud = ["WARNING", "ERROR", "CRITICAL"].reduce(
    (n, level) => n + (log.counts[level] ?? 0),
    0,
  );
  const logs = entries.get("log");
  if (logs) setBadge(logs.badge, loud > 0 ? `⚠ ${number(loud)}` : "", "warn");
  const ledger = entries.get("files");
  if (!ledger) return;
  const failed = Math.max(progress.files_failed, files.filter((f) => f.status === "failed").length);
  setBadge(ledger.badge, failed > 0 ? `✗ ${number(failed)}` : "", "bad");
}

export default { render };
