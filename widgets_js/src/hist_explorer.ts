// The browser's half of HistExplorer (hepnb/widgets/hist_explorer.py).

import type { AnyModel, RenderProps } from "@anywidget/types";
import { AxisRows } from "./axis_rows";
import { type Answer, Channel } from "./channel";
import { copyButton } from "./copy";
import { cut } from "./cut";
import { button, el, root, setText } from "./dom";
import { number } from "./format";
import { goneNotice } from "./gone";
import { DEFAULT_LOOK, type Look } from "./look";
import { LookBar } from "./look_bar";
import { Mover } from "./mover";
import { newCellButton } from "./new_cell";
import { Plot } from "./plot";
import { readSlice, type Slice, type SliceWire } from "./slice";
import { type Axis, type AxisWire, readAxis, type View } from "./view";
import { readWhole, type Whole, type WholeWire } from "./whole";

interface Frame {
  seq: number;
  shown: string;
  title: string;
  names: string[];
  base: string;
  axes: AxisWire[];
}

interface Shown {
  seq: number;
  shown: string;
  view: View;
  code: string;
  /** The version of the whole histogram that this is about; 0: `slice` has the numbers. */
  whole: number;
  slice: SliceWire | null;
  live: "" | "filling" | "complete";
  committed?: number;
  folded?: number;
}

interface State {
  frame: Frame;
  whole: WholeWire;
  state: Shown;
  look: Look;
  problem: string;
}

class Explorer {
  readonly node = root("explorer");
  private readonly channel: Channel;
  private readonly mover: Mover;
  private readonly plot: Plot;
  private readonly title = el("strong", { class: "hepnb-name" });
  private readonly chooser = el("select", { class: "hepnb-select", "aria-label": "Histogram" });
  private readonly live = el("span", { class: "hepnb-live", role: "status" });
  private readonly note = el("div", { class: "hepnb-faint" });
  private readonly rows: AxisRows;
  private readonly code = el("code", { class: "hepnb-code" });
  private readonly problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert" });
  private readonly gone = goneNotice();
  private readonly bar: LookBar;
  private axes: Axis[] = [];
  private whole: Whole | null = null;
  private slice: Slice | undefined;
  private view: View = {};
  private look: Look;
  private frameSeq = -1;
  private pending = 0;

  constructor(private readonly model: AnyModel<State>) {
    this.channel = new Channel(model as unknown as AnyModel);
    this.channel.onGone = () => {
      const moves = this.local ? "what is shown can still be turned, but is not kept" : "";
      const stays = "what is shown stays, but no longer moves";
      this.gone.show(`${moves || stays}. Run again:`, this.code.textContent ?? "");
    };
    this.mover = new Mover(this.channel, (answer) => this.answered(answer));
    this.plot = new Plot({
      zoom: (axis, low, high) => this.zoom(axis, [low, high]),
      reset: () => this.reset(),
    });
    this.rows = new AxisRows((view) => this.move(view));
    this.look = { ...DEFAULT_LOOK, ...model.get("look") };
    const all = button("whole range", { title: "Show the whole range (double click, Escape)" });
    all.addEventListener("click", () => this.reset());
    this.bar = new LookBar(
      (look) => {
        this.look = look;
        void this.channel.request("look", { look }); // kept for the next page
        this.draw();
      },
      all,
      this.plot.files,
    );
    this.node.setAttribute("role", "region");
    this.build();
    model.on("change:state", this.changed);
    model.on("change:look", this.relook);
    model.on("change:problem", this.told);
    this.changed();
    this.told();
  }

  close(): void {
    this.model.off("change:state", this.changed);
    this.model.off("change:look", this.relook);
    this.model.off("change:problem", this.told);
    cancelAnimationFrame(this.pending);
    this.channel.close();
    this.plot.close();
  }

  private build(): void {
    this.chooser.addEventListener("change", () => {
      this.mover.want({ shown: this.chooser.value, view: null });
    });
    const text = () => this.code.textContent ?? "";
    const cell = newCellButton(this.model.widget_manager, text);
    this.node.append(
      el("div", { class: "hepnb-row hepnb-head" }, this.title, this.chooser, this.live),
      this.gone.node,
      this.problem,
      this.plot.node,
      this.note,
      this.bar.node,
      this.rows.node,
      el(
        "div",
        { class: "hepnb-codebox", role: "group", "aria-label": "Python expression" },
        this.code,
        copyButton("Copy the expression", text),
        ...(cell ? [cell] : []),
      ),
    );
  }

  /** Whether the histogram is here, and is sliced here. */
  private get local(): boolean {
    return this.whole !== null && this.whole.version === this.model.get("state").whole;
  }

  /** News from the kernel. Controls that a person is moving stay as they are. */
  private readonly changed = (): void => {
    const state = this.model.get("state");
    if (typeof state?.seq !== "number") return;
    this.frame(this.model.get("frame"));
    const wire = this.model.get("whole");
    const same = wire?.version === this.whole?.version;
    if (!same) this.whole = readWhole(wire);
    this.badge(state);
    const moving = !this.mover.idle || this.pending !== 0;
    if (!moving || Object.keys(this.view).length === 0) this.adopt(same);
    else if (!this.local) {
      if (state.slice) this.show(readSlice(state.slice), state.code);
    } else if (!same || !this.slice) this.recut(); // else it is drawn, or will be
  };

  /** Show the kernel's view; `drawn` where these contents are on the screen. */
  private adopt(drawn = false): void {
    const state = this.model.get("state");
    const here = this.local
      ? JSON.stringify(this.view) === JSON.stringify(state.view)
      : this.node.dataset.seq === String(state.seq);
    this.view = structuredClone(state.view);
    this.chooser.value = state.shown;
    this.rows.show(this.axes, this.view);
    if (drawn && this.slice && here) this.say(state.code);
    else if (this.local) this.recut();
    else if (state.slice) this.show(readSlice(state.slice), state.code);
  }

  private readonly relook = (): void => {
    this.look = { ...DEFAULT_LOOK, ...this.model.get("look") };
    this.draw();
  };

  private readonly told = (): void => this.complain(this.model.get("problem") ?? "");

  private complain(text: string): void {
    this.problem.hidden = text === "";
    setText(this.problem, text);
  }

  private frame(frame: Frame): void {
    if (frame.seq === this.frameSeq && frame.shown === this.chooser.dataset.of) return;
    if (frame.shown !== this.chooser.dataset.of) this.view = {}; // not one whose axis grew
    this.frameSeq = frame.seq;
    this.chooser.dataset.of = frame.shown;
    this.axes = frame.axes.map(readAxis);
    setText(this.title, frame.title);
    this.plot.name = frame.title;
    this.node.setAttribute("aria-label", `Histogram ${frame.title}`);
    this.chooser.hidden = frame.names.length < 2;
    this.chooser.replaceChildren(...frame.names.map((name) => el("option", { value: name }, name)));
    this.chooser.value = frame.shown;
    this.slice = undefined;
  }

  /** The kernel has answered: what it shows is the truth, unless it is gone. */
  private answered({ ok, result }: Answer): void {
    this.busy();
    if (!this.mover.idle || this.pending) return;
    if (!this.local || (ok && result === "drawn")) this.adopt(true);
  }

  private busy(): void {
    this.plot.node.setAttribute("aria-busy", String(!this.local && !this.mover.idle));
  }

  /** A control was moved. */
  private move(view: View): void {
    this.view = view;
    if (!this.local) {
      this.mover.want({ shown: this.chooser.value, view });
      this.busy();
    } else
      this.pending ||= requestAnimationFrame(() => {
        this.pending = 0;
        if (this.recut()) this.mover.want({ shown: this.chooser.value, view: this.view });
      });
  }

  /** Slice here; false where a step does not fit, which is said and undone. */
  private recut(): boolean {
    if (!this.whole) return false;
    try {
      const made = cut(this.model.get("frame").base, this.axes, this.whole, this.view);
      this.view = made.view;
      this.rows.show(this.axes, this.view);
      this.complain("");
      this.show(made.slice, made.code);
      return true;
    } catch (error) {
      this.complain(error instanceof Error ? error.message : String(error));
      this.view = structuredClone(this.model.get("state").view);
      this.rows.show(this.axes, this.view);
      return false;
    }
  }

  private zoom(role: "x" | "y", range: [number, number] | null): void {
    const axis = this.axes.find(({ key }) => this.view[key]?.as === role);
    const before = axis && this.view[axis.key];
    if (!axis?.dense || axis.circular || !before) return;
    if (range === null && !before.range) return;
    const rebin = range === null && typeof before.rebin === "number" ? before.rebin : 1;
    this.move({ ...this.view, [axis.key]: { as: role, range, rebin } });
    this.rows.show(this.axes, this.view);
  }

  private reset(): void {
    this.zoom("x", null);
    this.zoom("y", null);
  }

  private show(slice: Slice, code: string): void {
    this.slice = slice;
    this.say(code);
    this.draw();
  }

  private say(code: string): void {
    setText(this.code, code);
    this.node.dataset.seq = String(this.model.get("state").seq);
  }

  private badge(state: Shown): void {
    setText(this.live, liveText(state));
    this.live.dataset.live = state.live;
    this.live.hidden = state.live === "";
  }

  private draw(): void {
    const { slice, look } = this;
    if (!slice) return;
    this.plot.show(slice, look);
    setText(this.note, this.plot.note);
    this.note.hidden = this.plot.note === "";
    this.bar.show(look, slice);
  }
}

function liveText({ live, committed, folded }: Shown): string {
  if (live === "complete") return "✓ complete";
  if (committed === undefined) return "▶ filling";
  const on = folded === undefined ? "" : `, ${number(folded)} folded`;
  return `▶ filling: ${number(committed)} chunks${on}`;
}

function render({ model, el: place }: RenderProps<State>): () => void {
  const explorer = new Explorer(model as AnyModel<State>);
  place.append(explorer.node);
  return () => explorer.close();
}

/** Slicing alone, as the explorer does it: for tests and measurements. */
export function sliced(frame: Frame, whole: WholeWire, views: View[]): ReturnType<typeof cut>[] {
  const axes = frame.axes.map(readAxis);
  const here = readWhole(whole);
  return views.map((view) => cut(frame.base, axes, here as Whole, view));
}

export default { render };
