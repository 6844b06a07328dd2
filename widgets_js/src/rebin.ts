// How bins are merged: a factor from a list of those that leave no rest, or what is typed.

import { el } from "./dom";
import { divisors, type Rebin, rebinTyped } from "./limits";
import { short } from "./ticks";
import { typedField } from "./typed";
import type { Axis } from "./view";

export interface RebinControl {
  node: HTMLElement;
  set(rebin: Rebin, bins: number): void;
}

const TYPED = "typed";

export function rebinControl(axis: Axis, changed: (rebin: Rebin) => void): RebinControl {
  let bins = axis.size;
  let now: Rebin = 1;
  const select = el("select", {
    class: "hepnb-select",
    "aria-label": `${axis.name}: bins merged into one`,
  });
  const field = typedField(
    `${axis.name}: how bins are merged, typed`,
    "a factor, e.g. 3, or edges, e.g. 0, 10, 25, 60",
    "hepnb-edges",
    (text) => {
      const rebin = rebinTyped(text, axis, bins);
      if ("problem" in rebin) return rebin.problem;
      now = rebin.value;
      field.show(words(now, axis));
      changed(now);
      return "";
    },
  );
  field.input.placeholder = "3  or  0, 10, 25, 60";
  const typing = el("span", { class: "hepnb-typing", hidden: true }, field.input, field.told);
  let offered = "";
  const offer = () => {
    const factors = divisors(bins);
    const key = factors.join();
    if (key === offered) return;
    offered = key;
    const kept = select.value;
    select.replaceChildren(
      ...factors.map((d) => el("option", { value: d }, d === 1 ? "no" : `× ${d}`)),
      el("option", { value: TYPED }, "typed …"),
    );
    select.value = kept;
  };
  select.addEventListener("change", () => {
    typing.hidden = select.value !== TYPED;
    if (select.value === TYPED) {
      field.show(words(now, axis), true);
      field.input.focus();
      field.input.select();
      return;
    }
    now = Number(select.value);
    field.show(words(now, axis), true);
    changed(now);
  });
  const set = (rebin: Rebin, of: number) => {
    bins = of;
    offer();
    const same = words(rebin, axis) === words(now, axis) && select.selectedIndex >= 0;
    now = rebin;
    field.show(words(rebin, axis));
    if (same) return; // a field that was opened for typing stays open
    const listed = typeof rebin === "number" && bins % rebin === 0;
    select.value = listed ? String(rebin) : TYPED;
    typing.hidden = listed;
  };
  set(1, axis.size);
  const node = el(
    "span",
    { class: "hepnb-rebinbox" },
    el("label", { class: "hepnb-check" }, "merge", select),
    typing,
  );
  return { node, set };
}

function words(rebin: Rebin, { edges, size }: Axis): string {
  if (typeof rebin === "number") return String(rebin);
  const end = (at: number) => edges[at === 0 ? 0 : size] ?? 0;
  return rebin.map((edge, at) => short(edge ?? end(at))).join(", ");
}
