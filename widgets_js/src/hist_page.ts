// Starts an explorer that was saved as a page (hepnb/widgets/hist_page.py): a model that stands for
// the kernel, with the histograms that were saved.

import type { AnyModel } from "@anywidget/types";

type Values = Record<string, unknown>;
type Handler = (...args: unknown[]) => void;

interface Saved {
  shown: string;
  models: Record<string, Values>;
  look: Values;
  esm: string;
  css: string;
}

/** Bytes travel as {"$bytes": base64}. */
function revive(_key: string, value: unknown): unknown {
  const text = (value as { $bytes?: unknown } | null)?.$bytes;
  if (typeof text !== "string") return value;
  return new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}

function model(saved: Saved): AnyModel {
  const values: Values = { look: saved.look, problem: "", ...saved.models[saved.shown] };
  const handlers = new Map<string, Handler[]>();
  const tell = (name: string, ...args: unknown[]) => {
    for (const handler of handlers.get(name) ?? []) handler(...args);
  };
  const answer = ({ kind, shown }: Values): Values => {
    const other = typeof shown === "string" ? saved.models[shown] : undefined;
    if (kind !== "view" || !other) return { ok: true, result: "kept" };
    const now = (values.state as Values).shown;
    if (shown === now) {
      values.problem =
        (values.state as Values).whole === 0
          ? "too large to be turned in this page: it holds only what was shown"
          : "";
      tell("change:problem");
      return { ok: true, result: values.problem === "" ? "kept" : "drawn" };
    }
    Object.assign(values, other, { problem: "" });
    tell("change:problem");
    tell("change:state");
    return { ok: true, result: "drawn" };
  };
  return {
    get: (key: string) => values[key],
    set: () => {},
    save_changes: () => {},
    on: (name: string, handler: Handler) => {
      handlers.set(name, [...(handlers.get(name) ?? []), handler]);
    },
    off: (name: string, handler: Handler) => {
      handlers.set(
        name,
        (handlers.get(name) ?? []).filter((other) => other !== handler),
      );
    },
    send: (content: Values) => {
      queueMicrotask(() => tell("msg:custom", { id: content.id, ...answer(content) }));
    },
  } as unknown as AnyModel;
}

const text = document.getElementById("hepnb-saved")?.textContent ?? "{}";
const saved = JSON.parse(text, revive) as Saved;
document.head.append(Object.assign(document.createElement("style"), { textContent: saved.css }));
const url = URL.createObjectURL(new Blob([saved.esm], { type: "text/javascript" }));
const widget = (await import(url)).default;
URL.revokeObjectURL(url);
await widget.render({ model: model(saved), el: document.querySelector("main") });
