// The browser's half of HistExplorer (hepnb/widgets/hist_explorer.py).

import type { AnyModel, RenderProps } from "@anywidget/types";
import { AxisRows } from "./axis_rows";
import { Channel } from "./channel";
import { copyButton } from "./copy";
import { button, el, root, setText } from "./dom";
import { number } from "./format";
import { goneNotice } from "./gone";
import { legend } from "./legend";
import { Mover } from "./mover";
import {
  type Axis,
  type Frame,
  type Look,
  type Picture,
  type PictureWire,
  readAxis,
  readPicture,
  type View,
} from "./picture";
import { Plot } from "./plot";

interface State {
  frame: Frame;
  picture: PictureWire;
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
  private readonly legend = el("div", { class: "hepnb-legends" });
  private readonly note = el("div", { class: "hepnb-faint" });
  private readonly rows: AxisRows;
  private readonly code = el("code", { class: "hepnb-code" });
  private readonly problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert" });
  private readonly gone = goneNotice();
  private readonly toggles: Record<"logx" | "logy" | "errors", HTMLButtonElement>;
  private axes: Axis[] = [];
  private picture: Picture | undefined;
  private view: View = {};
  private look: Look;
  private frameSeq = -1;

  constructor(private readonly model: AnyModel<State>) {
    this.channel = new Channel(model as unknown as AnyModel);
    this.channel.onGone = () =>
      this.gone.show(
        "what is shown stays, but no longer moves. Run again:",
        this.code.textContent ?? "",
      );
    this.mover = new Mover(this.channel, () => this.adopt());
    this.plot = new Plot({
      zoom: (low, high) => this.zoom([low, high]),
      reset: () => this.zoom(null),
    });
    this.rows = new AxisRows((view) => {
      this.view = view;
      this.mover.want({ shown: this.chooser.value, view });
    });
    this.look = { ...model.get("look") };
    this.toggles = {
      logx: this.toggle("log x", "logx"),
      logy: this.toggle("log y", "logy"),
      errors: this.toggle("errors", "errors"),
    };
    this.node.setAttribute("role", "region");
    this.build();
    model.on("change:picture", this.changed);
    model.on("change:look", this.relook);
    model.on("change:problem", this.told);
    this.changed();
    this.told();
  }

  close(): void {
    this.model.off("change:picture", this.changed);
    this.model.off("change:look", this.relook);
    this.model.off("change:problem", this.told);
    this.channel.close();
    this.plot.close();
  }

  private build(): void {
    this.chooser.addEventListener("change", () => {
      this.mover.want({ shown: this.chooser.value, view: null });
    });
    const whole = button("whole range", { title: "Show the whole x axis (double click, Escape)" });
    whole.addEventListener("click", () => this.zoom(null));
    this.node.append(
      el("div", { class: "hepnb-row hepnb-head" }, this.title, this.chooser, this.live),
      this.gone.node,
      this.problem,
      this.plot.node,
      this.legend,
      this.note,
      el(
        "div",
        { class: "hepnb-row hepnb-tools", role: "group", "aria-label": "Picture" },
        this.toggles.logx,
        this.toggles.logy,
        this.toggles.errors,
        whole,
      ),
      this.rows.node,
      el(
        "div",
        { class: "hepnb-codebox", role: "group", "aria-label": "Python expression" },
        this.code,
        copyButton("Copy the expression", () => this.code.textContent ?? ""),
      ),
    );
  }

  private toggle(text: string, key: "logx" | "logy" | "errors"): HTMLButtonElement {
    const press = button(text, { class: "hepnb-toggle", "aria-pressed": "false" });
    press.addEventListener("click", () => {
      this.look = { ...this.look, [key]: press.getAttribute("aria-pressed") !== "true" };
      void this.channel.request("look", { look: this.look }); // kept for the next page
      this.draw();
    });
    return press;
  }

  /** A new picture. Controls a person is moving stay as they are. */
  private readonly changed = (): void => {
    const wire = this.model.get("picture");
    if (typeof wire?.seq !== "number") return;
    this.frame(this.model.get("frame"));
    this.picture = readPicture(wire);
    if (this.mover.idle) this.adopt();
    this.draw();
  };

  private readonly relook = (): void => {
    this.look = { ...this.model.get("look") };
    this.draw();
  };

  private readonly told = (): void => {
    const text = this.model.get("problem") ?? "";
    this.problem.hidden = text === "";
    setText(this.problem, text);
  };

  private frame(frame: Frame): void {
    if (frame.seq === this.frameSeq) return;
    this.frameSeq = frame.seq;
    this.axes = frame.axes.map(readAxis);
    setText(this.title, frame.title);
    this.node.setAttribute("aria-label", `Histogram ${frame.title}`);
    this.chooser.hidden = frame.names.length < 2;
    this.chooser.replaceChildren(...frame.names.map((name) => el("option", { value: name }, name)));
    this.chooser.value = frame.shown;
    this.view = {};
  }

  /** Take over the view the kernel shows. */
  private adopt(): void {
    if (!this.picture || !this.mover.idle) return;
    this.view = structuredClone(this.picture.view);
    this.chooser.value = this.picture.shown;
    this.rows.show(this.axes, this.view);
  }

  private zoom(range: [number, number] | null): void {
    const x = this.axes.find((axis) => this.view[axis.key]?.as === "x");
    const before = x && this.view[x.key];
    if (!x?.dense || x.circular || !before) return;
    if (range === null && !before.range) return;
    const rebin = range === null ? (before.rebin ?? 1) : 1;
    this.view = { ...this.view, [x.key]: { as: "x", range, rebin } };
    this.rows.show(this.axes, this.view);
    this.mover.want({ shown: this.chooser.value, view: this.view });
  }

  private draw(): void {
    const { picture, look } = this;
    if (!picture) return;
    const axis = this.axes.find(({ key }) => key === picture.x);
    this.plot.show(picture, axis, look);
    this.legend.replaceChildren(...legend(picture));
    setText(this.note, picture.note);
    this.note.hidden = picture.note === "";
    setText(this.code, picture.code);
    this.node.dataset.seq = String(picture.seq);
    setText(this.live, liveText(picture));
    this.live.dataset.live = picture.live;
    this.live.hidden = picture.live === "";
    const positive = picture.items.length === 0 && (picture.edges[0] ?? 0) > 0;
    this.toggles.logx.disabled = !positive;
    this.toggles.logx.title = positive ? "" : "the x axis has values at or below zero";
    this.toggles.logx.setAttribute("aria-pressed", String(this.plot.logx));
    this.toggles.logy.setAttribute("aria-pressed", String(look.logy));
    this.toggles.errors.setAttribute("aria-pressed", String(look.errors));
  }
}

function liveText({ live, committed, folded }: Picture): string {
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

export default { render };
