// The rows of all axes. Where there are many, those that are merely summed fold into one line.

import { type AxisRow, axisRow } from "./axis_row";
import { button, el, setAttribute, setText } from "./dom";
import { same } from "./resolve";
import { settled } from "./roles";
import type { Axis, Step, View } from "./view";

const MANY = 6; // axes that are shown whatever is done with them

export class AxisRows {
  readonly node = el("div", { class: "hepnb-axes", role: "group", "aria-label": "Axes" });
  private readonly list = el("div", { class: "hepnb-axislist" });
  private readonly more = button("", {
    class: "hepnb-button hepnb-more",
    "aria-expanded": "false",
  });
  private axes: Axis[] = [];
  private view: View = {};
  private rows = new Map<string, AxisRow>();
  private resting = new Set<string>(); // folded away while the rest is

  /** `changed` gets the view a person made of it, with what follows for the other axes. */
  constructor(private readonly changed: (view: View) => void) {
    this.node.append(this.list, this.more);
    this.more.addEventListener("click", () => {
      const open = this.more.getAttribute("aria-expanded") !== "true";
      this.more.setAttribute("aria-expanded", String(open));
      if (!open) this.rest();
      this.fold();
    });
  }

  /** Show a view; rows of axes that are as before stay, with all that is half done in them. */
  show(axes: Axis[], view: View): void {
    const before = this.rows;
    const first = this.axes.length === 0 || !axes.some(({ key }) => before.has(key));
    this.axes = axes;
    this.view = view;
    this.rows = new Map(
      axes.map((axis) => {
        const step = view[axis.key] ?? { as: "sum" };
        const kept = before.get(axis.key);
        if (!kept?.grow(axis))
          return [axis.key, axisRow(axis, step, (now) => this.step(axis, now))];
        kept.set(step);
        return [axis.key, kept];
      }),
    );
    const nodes: Element[] = [...this.rows.values()].map((row) => row.node);
    if (!same(nodes, [...this.list.children])) this.list.replaceChildren(...nodes);
    if (first) this.rest();
    this.fold();
  }

  private step({ key }: Axis, step: Step): void {
    const view = settled(this.axes, this.view, key, step);
    this.view = view;
    for (const [other, row] of this.rows) {
      const now = view[other];
      if (now && (other !== key || now !== step)) row.set(now);
    }
    this.fold();
    this.changed(view);
  }

  private rest(): void {
    const idle = this.axes.filter(({ key }) => summed(this.view[key]));
    this.resting = new Set(this.axes.length > MANY ? idle.map(({ key }) => key) : []);
  }

  /** What a person uses stays in sight, also once it is summed again. */
  private fold(): void {
    for (const key of this.resting) if (!summed(this.view[key])) this.resting.delete(key);
    const open = this.more.getAttribute("aria-expanded") === "true";
    for (const [key, row] of this.rows) row.node.hidden = !open && this.resting.has(key);
    const names = this.axes.filter(({ key }) => this.resting.has(key)).map(({ name }) => name);
    this.more.hidden = names.length === 0;
    const what = names.length === 1 ? "axis" : "axes";
    setText(
      this.more,
      open
        ? `fold ${names.length} summed ${what}`
        : `${names.length} more ${what}, summed: ${names.join(", ")}`,
    );
    setAttribute(this.more, "title", open ? null : names.join("\n"));
  }
}

function summed(step: Step | undefined): boolean {
  return !step || (step.as === "sum" && step.flow !== false);
}
