// How the slice is drawn: only what fits the present slice is offered, the rest keeps its value.

import { button, el, setAttribute } from "./dom";
import { isLog } from "./drawn_axis";
import type { Look } from "./look";
import type { Slice } from "./slice";

type Value = string | null;
type Flag = "errors" | "logx" | "logy" | "logz" | "flow" | "profile" | "stats";
type Choice = "kind" | "normalise" | "cumulative" | "below" | "reference";

const KINDS: [Value, string][] = [
  ["step", "steps"],
  ["errorbar", "error bars"],
  ["filled", "filled"],
  ["points", "data points"],
];
const NORMS: [Value, string][] = [
  [null, "as filled"],
  ["area", "unit area"],
  ["density", "density"],
  ["width", "per bin width"],
];
const SUMS: [Value, string][] = [
  [null, "no"],
  ["up", "from below"],
  ["down", "from above"],
];
const BELOW: [Value, string][] = [
  [null, "nothing"],
  ["ratio", "ratio"],
  ["pull", "pulls"],
];

/** What of a look means something for a slice. */
export function fitting(look: Look, slice: Slice): Set<Flag | Choice> {
  const [x, second] = slice.axes;
  const counted = slice.kind === "count";
  const averaged = counted && second?.items.length === 0; // it has a mean
  const flat = averaged && look.profile;
  const y = flat ? undefined : second;
  const out = new Set<Flag | Choice>(["logy", "stats"]);
  if (x && isLog(x, true)) out.add("logx");
  if (averaged) out.add("profile");
  if (slice.axes.some(({ under, over }) => under || over)) out.add("flow");
  if (counted && !flat) out.add("normalise");
  if (y) {
    out.add("logz");
    if (!isLog(y, true)) out.delete("logy");
    return out;
  }
  out.add("kind");
  const spread = slice.variances !== null || slice.counts;
  if (spread && (look.kind === "step" || look.kind === "filled")) out.add("errors");
  if (counted && !flat && x?.items.length === 0) out.add("cumulative");
  if (slice.series.length < 2) return out;
  // the reference of a stack is the data, drawn beside it and compared with its sum
  const named = slice.stacked && compared(look, slice) !== "";
  if (slice.stacked || look.below) out.add("reference");
  if (!slice.stacked || named) out.add("below");
  return out;
}

export class LookBar {
  readonly node = el("div", { class: "hepnb-lookbar", role: "group", "aria-label": "Picture" });
  private look: Look | undefined;
  private slice: Slice | undefined;
  private readonly flags = new Map<Flag, HTMLButtonElement>();
  private readonly fields = new Map<Choice, { node: HTMLElement; select: HTMLSelectElement }>();
  private readonly groups: HTMLElement[];
  private labels = "";

  /** `changed` gets the look a person chose; `more` is placed at the end. */
  constructor(
    private readonly changed: (look: Look) => void,
    ...more: HTMLElement[]
  ) {
    this.groups = [
      this.group(this.field("kind", "draw", KINDS), this.flag("errors", "errors")),
      this.group(
        this.flag("logx", "log x"),
        this.flag("logy", "log y"),
        this.flag("logz", "log z"),
      ),
      this.group(this.field("normalise", "scale", NORMS), this.flag("profile", "profile")),
      this.group(this.field("cumulative", "cumulative", SUMS)),
      this.group(this.field("below", "below", BELOW), this.field("reference", "to", [])),
      this.group(this.flag("flow", "flow bins"), this.flag("stats", "statistics")),
    ];
    const end = el("div", { class: "hepnb-group hepnb-end" }, ...more);
    this.node.append(...this.groups, ...(more.length > 0 ? [end] : []));
  }

  show(look: Look, slice: Slice): void {
    this.look = look;
    this.slice = slice;
    const fits = fitting(look, slice);
    this.name(slice);
    for (const [key, press] of this.flags) {
      press.hidden = !fits.has(key);
      const on = key === "logx" ? slice.axes[0] && isLog(slice.axes[0], look.logx) : look[key];
      setAttribute(press, "aria-pressed", String(on));
    }
    for (const [key, { node, select }] of this.fields) {
      node.hidden = !fits.has(key);
      const value = key === "reference" ? compared(look, slice) : look[key];
      if (select.value !== (value ?? "")) select.value = value ?? "";
    }
    for (const group of this.groups) {
      group.hidden = [...group.children].every((child) => (child as HTMLElement).hidden);
    }
  }

  /** The series there are to compare with. */
  private name({ series, stacked }: Slice): void {
    const labels = series.map(({ label }) => label);
    const key = JSON.stringify([stacked, labels]);
    const field = this.fields.get("reference");
    if (key === this.labels || !field) return;
    this.labels = key;
    const none = stacked ? [el("option", { value: "" }, "none")] : [];
    field.select.replaceChildren(
      ...none,
      ...labels.map((label) => el("option", { value: label }, label)),
    );
    if (field.node.firstChild) field.node.firstChild.textContent = stacked ? "data" : "to";
    field.node.parentElement?.[stacked ? "prepend" : "append"](field.node);
  }

  private tell(part: Partial<Look>): void {
    if (!this.look || !this.slice) return;
    const look = { ...this.look, ...part };
    this.show(look, this.slice);
    this.changed(look);
  }

  private group(...children: HTMLElement[]): HTMLElement {
    return el("div", { class: "hepnb-group" }, ...children);
  }

  private flag(key: Flag, text: string): HTMLElement {
    const press = button(text, { class: "hepnb-toggle", "aria-pressed": "false" });
    press.addEventListener("click", () =>
      this.tell({ [key]: press.getAttribute("aria-pressed") !== "true" }),
    );
    this.flags.set(key, press);
    return press;
  }

  private field(key: Choice, label: string, options: [Value, string][]): HTMLElement {
    const select = el(
      "select",
      { class: "hepnb-select" },
      ...options.map(([value, text]) => el("option", { value: value ?? "" }, text)),
    );
    select.addEventListener("change", () => {
      this.tell({ [key]: select.value || null });
    });
    const node = el("label", { class: "hepnb-field" }, label, select);
    this.fields.set(key, { node, select });
    return node;
  }
}

/** The series compared with; of an overlay, the first unless one that is there was named. */
function compared({ reference }: Look, { series, stacked }: Slice): string {
  const named = series.find(({ label }) => label === reference)?.label;
  return named ?? (stacked ? "" : (series[0]?.label ?? ""));
}
