// src/dom.ts
var SVG = "http://www.w3.org/2000/svg";
var FOCUSABLE = "input, select, button, textarea, summary, [tabindex]";
function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== void 0) node.setAttribute(name, String(value));
  }
  if (node.matches(FOCUSABLE)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children);
  return node;
}
function el(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
function button(label2, attributes = {}) {
  return el("button", { type: "button", class: "hepnb-button", ...attributes }, label2);
}
function root(kind) {
  return el("div", {
    class: `hepnb-root hepnb-${kind}`,
    "data-lm-suppress-shortcuts": "true"
  });
}
function onEntered(input, act) {
  input.addEventListener("change", act);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") act();
  });
}

// src/items.ts
function one(axis, changed) {
  const node = el(
    "select",
    { class: "hepnb-select", "aria-label": `${axis.name}: category` },
    ...axis.items.map((item, at2) => el("option", { value: at2 }, String(item)))
  );
  node.addEventListener(
    "change",
    () => changed(axis.items.slice(node.selectedIndex, node.selectedIndex + 1))
  );
  const set = ({ items: items2 }) => {
    node.selectedIndex = items2?.[0] === void 0 ? -1 : axis.items.indexOf(items2[0]);
  };
  return { node, set };
}
function items(axis, most, changed) {
  const boxes = axis.items.map((item) => {
    const box = el("input", { type: "checkbox" });
    return { item, box, node: el("label", { class: "hepnb-check" }, box, String(item)) };
  });
  const tell = () => changed(boxes.filter(({ box }) => box.checked).map(({ item }) => item));
  const list = el(
    "div",
    { class: "hepnb-items", role: "group", "aria-label": `${axis.name}: categories` },
    ...boxes.map(({ node: node2 }) => node2)
  );
  for (const { box } of boxes) {
    box.addEventListener("change", () => {
      if (!boxes.some((other) => other.box.checked)) box.checked = true;
      tell();
    });
  }
  const all = button("all", { "aria-label": `${axis.name}: all categories` });
  all.addEventListener("click", () => {
    boxes.forEach(({ box }, at2) => {
      box.checked = at2 < most;
    });
    tell();
  });
  const node = el("div", { class: "hepnb-row" }, list);
  if (boxes.length > 2 && most >= boxes.length) node.append(all);
  const set = ({ items: items2 }) => {
    boxes.forEach(({ item, box }, at2) => {
      box.checked = items2 ? items2.includes(item) : at2 < most;
    });
  };
  return { node, set };
}

// src/view.ts
function floats(view) {
  return new Float64Array(
    view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)
  );
}
function readAxis(axis) {
  return { ...axis, edges: axis.edges ? floats(axis.edges) : new Float64Array() };
}
function nearestEdge(edges, value) {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = low + high >> 1;
    if ((edges[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const here = edges[low] ?? 0;
  const before = edges[low - 1];
  return before !== void 0 && value - before < here - value ? low - 1 : low;
}
function binsOf(step, axis) {
  const [low, high] = step.range ?? [null, null];
  return [
    low === null ? 0 : nearestEdge(axis.edges, low),
    high === null ? axis.size : nearestEdge(axis.edges, high)
  ];
}
function rangeOf(axis, start, stop) {
  if (start <= 0 && stop >= axis.size) return null;
  return [
    start <= 0 ? null : axis.edges[start] ?? null,
    stop >= axis.size ? null : axis.edges[stop] ?? null
  ];
}

// src/picture.ts
function readPicture(wire) {
  return {
    ...wire,
    edges: floats(wire.edges),
    curves: wire.curves.map((curve) => ({
      ...curve,
      values: floats(curve.values),
      errors: curve.errors ? floats(curve.errors) : null,
      low: curve.low ? floats(curve.low) : null
    }))
  };
}

// node_modules/d3-array/src/ticks.js
var e10 = Math.sqrt(50);
var e5 = Math.sqrt(10);
var e2 = Math.sqrt(2);
function tickSpec(start, stop, count) {
  const step = (stop - start) / Math.max(0, count), power = Math.floor(Math.log10(step)), error = step / Math.pow(10, power), factor = error >= e10 ? 10 : error >= e5 ? 5 : error >= e2 ? 2 : 1;
  let i1, i2, inc;
  if (power < 0) {
    inc = Math.pow(10, -power) / factor;
    i1 = Math.round(start * inc);
    i2 = Math.round(stop * inc);
    if (i1 / inc < start) ++i1;
    if (i2 / inc > stop) --i2;
    inc = -inc;
  } else {
    inc = Math.pow(10, power) * factor;
    i1 = Math.round(start / inc);
    i2 = Math.round(stop / inc);
    if (i1 * inc < start) ++i1;
    if (i2 * inc > stop) --i2;
  }
  if (i2 < i1 && 0.5 <= count && count < 2) return tickSpec(start, stop, count * 2);
  return [i1, i2, inc];
}
function ticks(start, stop, count) {
  stop = +stop, start = +start, count = +count;
  if (!(count > 0)) return [];
  if (start === stop) return [start];
  const reverse = stop < start, [i1, i2, inc] = reverse ? tickSpec(stop, start, count) : tickSpec(start, stop, count);
  if (!(i2 >= i1)) return [];
  const n = i2 - i1 + 1, ticks2 = new Array(n);
  if (reverse) {
    if (inc < 0) for (let i = 0; i < n; ++i) ticks2[i] = (i2 - i) / -inc;
    else for (let i = 0; i < n; ++i) ticks2[i] = (i2 - i) * inc;
  } else {
    if (inc < 0) for (let i = 0; i < n; ++i) ticks2[i] = (i1 + i) / -inc;
    else for (let i = 0; i < n; ++i) ticks2[i] = (i1 + i) * inc;
  }
  return ticks2;
}

// src/ticks.ts
var SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function makeScale(domain, range, log) {
  const bend = log ? Math.log : (value) => value;
  const unbend = log ? Math.exp : (value) => value;
  const [low, high] = [bend(domain[0]), bend(domain[1])];
  const slope = (range[1] - range[0]) / (high - low || 1);
  const place = (value) => range[0] + (bend(value) - low) * slope;
  const invert = (pixel) => unbend(low + (pixel - range[0]) / slope);
  return Object.assign(place, { invert, domain, range });
}
function superscript(power) {
  return [...String(power)].map((c) => c === "-" ? "⁻" : SUPERSCRIPTS[Number(c)]).join("");
}
function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    return value.toExponential(5).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  return String(Number(value.toPrecision(6)));
}
function linearTicks(domain, about, factored) {
  const values2 = ticks(domain[0], domain[1], about);
  const size = Math.max(...domain.map(Math.abs));
  const power = size > 0 ? Math.floor(Math.log10(size)) : 0;
  const taken = factored && (power >= 5 || power <= -4) ? power : 0;
  const major = values2.map((value) => ({ value, text: short(value / 10 ** taken) }));
  const shown = new Set(values2);
  const step = (values2[1] ?? 1) - (values2[0] ?? 0);
  const parts = Math.round(step / 10 ** Math.floor(Math.log10(step) + 1e-9)) === 2 ? 4 : 5;
  const minor = [];
  const first = values2[0] ?? 0;
  for (let i = -parts; i <= (values2.length + 1) * parts; i += 1) {
    const value = first + i * step / parts;
    if (i % parts !== 0 && value >= domain[0] && value <= domain[1] && !shown.has(value)) {
      minor.push(value);
    }
  }
  return { major, minor, factor: taken ? `×10${superscript(taken)}` : "" };
}
function logTicks(domain, most) {
  const [low, high] = domain;
  const from = Math.floor(Math.log10(low) + 1e-9);
  const to = Math.ceil(Math.log10(high) - 1e-9);
  const decades = Math.log10(high / low);
  const keep = decades > 2.5 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const every = Math.max(1, Math.ceil((to - from + 1) / most));
  const plain = from >= -2 && to <= 4;
  const ticks2 = { major: [], minor: [], factor: "" };
  for (let power = from; power <= to; power += 1) {
    for (let m = 1; m <= 9; m += 1) {
      const value = m * 10 ** power;
      if (value < low * 0.99999 || value > high * 1.00001) continue;
      if (keep.includes(m) && power % every === 0) {
        ticks2.major.push({ value, text: powerText(m, power, !plain) });
      } else if (m === 1 || every === 1) ticks2.minor.push(value);
    }
  }
  return ticks2;
}
function powerText(m, power, powers) {
  if (powers && (power > 1 || power < 0)) {
    return `${m === 1 ? "" : `${m}×`}10${superscript(power)}`;
  }
  return short(Number((m * 10 ** power).toPrecision(12)));
}
function yDomain(lows, highs, log) {
  let low = log ? Number.POSITIVE_INFINITY : 0;
  let high = log ? 0 : 0;
  for (const value of lows) {
    if (Number.isFinite(value) && value < low && (!log || value > 0)) low = value;
  }
  for (const value of highs) {
    if (Number.isFinite(value) && value > high) high = value;
    if (log && value > 0 && value < low) low = value;
  }
  if (log) return high > 0 ? [low * 0.5, high * 2] : [0.5, 2];
  const room = (high - low) * 0.07 || 1;
  return [low < 0 ? low - room : 0, high + room];
}

// src/range.ts
function rangeControl(axis, moved, typed) {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const text = (edge2) => `${short(axis.edges[edge2] ?? 0)}${unit}`;
  const handle = (side) => el("input", {
    type: "range",
    min: 0,
    max: axis.size,
    step: 1,
    class: "hepnb-handle",
    "aria-label": `${axis.name}, ${side} limit`
  });
  const entry = (side) => el("input", {
    type: "number",
    step: "any",
    class: "hepnb-input hepnb-limit",
    "aria-label": `${axis.name}, ${side} limit, typed`
  });
  const [low, high, from, to] = [handle("lower"), handle("upper"), entry("lower"), entry("upper")];
  const track = el("div", { class: "hepnb-track" });
  const slider = el("div", { class: "hepnb-slider" }, track, low, high);
  let typing;
  const paint = () => {
    const [start, stop] = [Number(low.value), Number(high.value)];
    track.style.setProperty("--hepnb-from", `${100 * start / axis.size}%`);
    track.style.setProperty("--hepnb-to", `${100 * stop / axis.size}%`);
    low.style.zIndex = start > axis.size / 2 ? "2" : "1";
    setAttribute(low, "aria-valuetext", text(start));
    setAttribute(high, "aria-valuetext", text(stop));
    if (typing !== from) from.value = short(axis.edges[start] ?? 0);
    if (typing !== to) to.value = short(axis.edges[stop] ?? 0);
  };
  low.addEventListener("input", () => {
    if (Number(low.value) >= Number(high.value)) low.value = String(Number(high.value) - 1);
    paint();
    moved(Number(low.value), Number(high.value));
  });
  high.addEventListener("input", () => {
    if (Number(high.value) <= Number(low.value)) high.value = String(Number(low.value) + 1);
    paint();
    moved(Number(low.value), Number(high.value));
  });
  const edge = (handle2, end) => Number(handle2.value) === end ? null : axis.edges[Number(handle2.value)] ?? null;
  const entered = (input, end) => {
    const value = input.value === "" ? null : Number(input.value);
    return value !== null && short(value) === short(axis.edges[end] ?? 0) ? null : value;
  };
  for (const input of [from, to]) {
    input.addEventListener("input", () => {
      typing = input;
    });
    onEntered(input, () => {
      typing = void 0;
      if (input === from) typed(entered(from, 0), edge(high, axis.size));
      else typed(edge(low, 0), entered(to, axis.size));
    });
  }
  const set = (start, stop) => {
    low.value = String(start);
    high.value = String(stop);
    paint();
  };
  set(0, axis.size);
  const node = el(
    "div",
    { class: "hepnb-range", role: "group", "aria-label": `Range of ${axis.name}` },
    from,
    slider,
    to,
    el("span", { class: "hepnb-faint" }, axis.unit)
  );
  return { node, set };
}

// src/axis_row.ts
var DENSE = [
  ["x", "x axis"],
  ["range", "range, summed"],
  ["bin", "one bin"],
  ["sum", "sum of all"]
];
var CATEGORY = [
  ["x", "x axis"],
  ["overlay", "overlay"],
  ["pick", "one"],
  ["several", "several, summed"],
  ["sum", "sum of all"]
];
var MANY = 8;
function axisRow(axis, changed) {
  const modes = axis.dense ? DENSE.filter(([mode2]) => !axis.circular || mode2 !== "range") : CATEGORY;
  const select = el(
    "select",
    { class: "hepnb-select", "aria-label": `${axis.name}: what to do` },
    ...modes.map(([mode2, text]) => el("option", { value: mode2 }, text))
  );
  const place = el("div", { class: "hepnb-control" });
  const name = el("span", { class: "hepnb-axisname", title: axis.name }, ...labelNodes(axis));
  const node = el(
    "div",
    { class: "hepnb-axisrow", role: "group", "aria-label": axis.name, "data-axis": axis.key },
    name,
    select,
    place
  );
  let mode;
  let control;
  const build = (wanted) => {
    if (mode === wanted) return;
    mode = wanted;
    control = controlFor(axis, wanted, changed);
    place.replaceChildren(control.node);
  };
  select.addEventListener("change", () => {
    const wanted = select.value;
    build(wanted);
    const step = initial(axis, wanted);
    control?.set(step);
    changed(step);
  });
  const set = (step) => {
    const stays = mode === "several" && step.as === "pick";
    const several = step.as === "pick" && (step.items?.length ?? 0) > 1;
    const wanted = stays || several ? "several" : step.as;
    select.value = wanted;
    build(wanted);
    control?.set(step);
  };
  return { node, set };
}
function labelNodes(axis) {
  return axis.label.map(
    ([text, level]) => level === 0 ? text : el(level < 0 ? "sub" : "sup", {}, text)
  );
}
function initial(axis, mode) {
  if (mode === "several") return { as: "pick", items: axis.items.slice(0, 2) };
  if (mode === "pick") return { as: "pick", items: axis.items.slice(0, 1) };
  if (mode === "bin") return { as: "bin", bin: 0 };
  if (mode === "overlay") return { as: "overlay", items: null };
  if (mode === "range") return { as: "range", range: null };
  if (mode === "x")
    return axis.dense ? { as: "x", range: null, rebin: 1 } : { as: "x", items: null };
  return { as: "sum" };
}
function controlFor(axis, mode, changed) {
  if (mode === "sum") return sumControl(axis);
  if (mode === "pick") return one(axis, (items2) => changed({ as: "pick", items: items2 }));
  if (mode === "bin") return binControl(axis, (bin) => changed({ as: "bin", bin }));
  if (!axis.dense) {
    const as = mode === "several" ? "pick" : mode;
    const most = mode === "overlay" ? MANY : axis.items.length;
    return items(axis, most, (chosen) => changed({ as, items: chosen }));
  }
  return mode === "x" ? xControl(axis, changed) : summedControl(axis, changed);
}
function sumControl(axis) {
  const [under, over] = axis.flow;
  const dense = under && over ? "with under- and overflow" : under ? "with underflow" : "with overflow";
  const text = !(under || over) ? "" : axis.dense ? dense : "with what is in no category";
  return { node: el("span", { class: "hepnb-faint" }, text), set: () => {
  } };
}
function summedControl(axis, changed) {
  const range = rangeControl(
    axis,
    (start, stop) => changed({ as: "range", range: rangeOf(axis, start, stop) ?? null }),
    (low, high) => changed({ as: "range", range: [low, high] })
  );
  const set = (step) => range.set(...binsOf(step, axis));
  return { node: range.node, set };
}
function xControl(axis, changed) {
  let now = { as: "x", range: null, rebin: 1 };
  const change = (part) => {
    now = { ...now, ...part };
    changed(now);
  };
  const rebin = el("input", {
    type: "number",
    class: "hepnb-input hepnb-rebin",
    min: 1,
    max: axis.size,
    step: 1,
    "aria-label": `${axis.name}: bins merged into one`
  });
  onEntered(rebin, () => {
    const wanted = Math.round(Number(rebin.value));
    const [start, stop] = binsOf(now, axis);
    change({ rebin: Math.min(Math.max(1, wanted || 1), stop - start) });
  });
  const range = rangeControl(
    axis,
    (start, stop) => change({ range: rangeOf(axis, start, stop) ?? null, rebin: fitting(stop - start) }),
    (low, high) => change({ range: [low, high], rebin: 1 })
  );
  const factor = () => typeof now.rebin === "number" ? now.rebin : 1;
  const fitting = (bins) => Math.min(factor(), bins);
  const set = (step) => {
    now = step;
    range.set(...binsOf(step, axis));
    if (document.activeElement !== rebin) rebin.value = String(factor());
  };
  if (axis.circular) range.node.hidden = true;
  if (axis.circular || axis.discrete) return { node: range.node, set };
  const label2 = el("label", { class: "hepnb-check" }, "rebin", rebin);
  return { node: el("div", { class: "hepnb-row" }, range.node, label2), set };
}
function binControl(axis, changed) {
  const slider = el("input", {
    type: "range",
    class: "hepnb-single",
    min: 0,
    max: Math.max(0, axis.size - 1),
    step: 1,
    "aria-label": `${axis.name}: bin`
  });
  const said = el("span", { class: "hepnb-binname" });
  const paint = () => {
    const bin = Number(slider.value);
    const unit = axis.unit ? ` ${axis.unit}` : "";
    const [low, high] = [axis.edges[bin] ?? 0, axis.edges[bin + 1] ?? 0];
    const text = axis.discrete && high - low === 1 ? short(low) : `[${short(low)}, ${short(high)})${unit}`;
    setText(said, text);
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    paint();
    changed(Number(slider.value));
  });
  const set = (step) => {
    slider.value = String(step.bin ?? 0);
    paint();
  };
  return { node: el("div", { class: "hepnb-row hepnb-grow" }, slider, said), set };
}

// src/channel.ts
var PATIENCE = 2e4;
var Channel = class {
  constructor(model, patience = PATIENCE) {
    this.model = model;
    this.patience = patience;
    this.model.on("msg:custom", this.received);
    this.model.on("comm_live_update", this.check);
    this.model.on("comm:close", this.check);
  }
  model;
  patience;
  tag = Math.random().toString(36).slice(2, 10);
  serial = 0;
  waiting = /* @__PURE__ */ new Map();
  gone = false;
  /** Called once, when the kernel can no longer be reached. */
  onGone = () => {
  };
  /** Ask the kernel. Never rejects: what goes wrong is in the answer. */
  request(kind, body = {}) {
    this.serial += 1;
    const id = `${this.tag}-${this.serial}`;
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => {
        this.settle(id, { ok: false, error: "the kernel does not answer: it is busy or gone" });
      }, this.patience);
      this.waiting.set(id, { resolve, timer });
      this.send({ id, kind, ...body }).then((sent) => {
        if (!sent) this.settle(id, { ok: false, error: "the kernel is gone" });
      });
    });
  }
  close() {
    this.model.off("msg:custom", this.received);
    this.model.off("comm_live_update", this.check);
    this.model.off("comm:close", this.check);
    for (const id of [...this.waiting.keys()]) this.settle(id, { ok: false, error: "closed" });
  }
  async send(message) {
    try {
      await this.model.send(message);
      return true;
    } catch {
      if (!this.gone) {
        this.gone = true;
        this.onGone();
      }
      return false;
    }
  }
  /** The front end says the line changed: a dead line refuses the ping. */
  check = () => {
    void this.request("ping");
  };
  received = (message) => {
    if (typeof message !== "object" || message === null) return;
    const { id, ok, result, error } = message;
    if (typeof id !== "string") return;
    const answer = { ok: ok === true, result };
    if (typeof error === "string") answer.error = error;
    this.settle(id, answer);
  };
  settle(id, answer) {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    window.clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }
};

// src/copy.ts
function copyButton(label2, text) {
  const press = button("copy", { "aria-label": label2, title: label2 });
  const said = el("span", { class: "hepnb-said", role: "status" });
  press.addEventListener("click", async () => {
    const done = await copy(text());
    setText(said, done ? "copied" : "press Ctrl+C");
    window.setTimeout(() => setText(said, ""), 2e3);
  });
  return el("span", { class: "hepnb-copy" }, press, said);
}
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}
function copyBySelection(text) {
  const area = el("textarea", { class: "hepnb-offscreen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

// src/format.ts
var THIN = " ";
function number(value, digits = 4) {
  if (value === null || value === void 0 || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15)
    return grouped(String(Math.abs(value)), value < 0);
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(digits - 1).replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const [whole = "0", part = ""] = size.toFixed(Math.min(decimals, 12)).split(".");
  const tail = part.replace(/0+$/, "");
  return grouped(whole, value < 0) + (tail ? `.${tail}` : "");
}
function grouped(digits, negative) {
  const out = digits.length > 4 ? digits.replace(/\B(?=(\d{3})+$)/g, THIN) : digits;
  return negative ? `−${out}` : out;
}

// src/gone.ts
function goneNotice() {
  const node = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const show = (words, code) => {
    node.replaceChildren(
      el("span", { class: "hepnb-icon", "aria-hidden": "true" }, "⚠"),
      el("span", {}, `Kernel gone: ${words} `),
      el("code", {}, code),
      copyButton("Copy the code", () => code)
    );
    node.hidden = false;
  };
  return { node, show };
}

// src/steps.ts
var MOST_STEPS = 1e3;
function stepPath(xs, ys, base) {
  if (ys.length === 0) return "";
  const out = [`M${at(xs[0])} ${at(base)}`];
  for (let i = 0; i < ys.length; i += 1) out.push(`V${at(ys[i])}H${at(xs[i + 1])}`);
  out.push(`V${at(base)}`);
  return out.join("");
}
function columnPath(xs, lows, highs) {
  const columns = /* @__PURE__ */ new Map();
  for (let i = 0; i < lows.length; i += 1) {
    const from = Math.floor(xs[i] ?? 0);
    const to = Math.max(from, Math.ceil(xs[i + 1] ?? 0) - 1);
    const low = Math.max(lows[i] ?? 0, highs[i] ?? 0);
    const high = Math.min(lows[i] ?? 0, highs[i] ?? 0);
    for (let column = from; column <= to; column += 1) {
      const span = columns.get(column);
      if (span) {
        span[0] = Math.max(span[0], low);
        span[1] = Math.min(span[1], high);
      } else columns.set(column, [low, high]);
    }
  }
  const out = [];
  let before;
  for (const [column, span] of [...columns].sort(([a], [b]) => a - b)) {
    const bottom = before ? Math.max(span[0], before[1]) : span[0];
    const top = before ? Math.min(span[1], before[0]) : span[1];
    out.push(`M${column + 0.5} ${at(bottom)}V${at(Math.min(top, bottom - 1))}`);
    before = span;
  }
  return out.join("");
}
function errorPath(xs, tops, bottoms) {
  const out = [];
  for (let i = 0; i < tops.length; i += 1) {
    if (tops[i] === bottoms[i]) continue;
    const middle = ((xs[i] ?? 0) + (xs[i + 1] ?? 0)) / 2;
    out.push(`M${at(middle)} ${at(bottoms[i])}V${at(tops[i])}`);
  }
  return out.join("");
}
function at(value) {
  return String(Math.round((value ?? 0) * 10) / 10);
}

// src/curves.ts
var DASHES = ["", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "3 2 3 6", "1 3"];
function style(i) {
  const dash = DASHES[i % DASHES.length];
  const name = { class: `hepnb-curve hepnb-c${i % DASHES.length}` };
  return dash ? { ...name, "stroke-dasharray": dash } : name;
}
function drawCurves(picture, x, y, errors) {
  const group = svg("g", { class: "hepnb-curves" });
  const xs = Float64Array.from(picture.edges, (edge) => x(edge));
  const floor = Math.max(...y.range);
  const base = (y.domain[0] ?? 0) < 0 ? y(0) : floor;
  const place = (value) => {
    if (!Number.isFinite(value)) return base;
    const low = y.domain[0] ?? 0;
    return value <= low ? floor : y(value);
  };
  picture.curves.forEach((curve, i) => {
    group.append(...drawCurve(curve, i, xs, base, place, errors));
  });
  return group;
}
function drawCurve(curve, i, xs, base, place, errors) {
  const ys = Float64Array.from(curve.values, place);
  const out = [];
  const many = ys.length > MOST_STEPS;
  if (many || curve.low) {
    const lows = curve.low ? Float64Array.from(curve.low, place) : ys;
    const d = columnPath(xs, lows, ys);
    out.push(svg("path", { class: `hepnb-curve hepnb-c${i % DASHES.length} hepnb-columns`, d }));
    return out;
  }
  if (errors && curve.errors) {
    const spread = curve.errors;
    const tops = Float64Array.from(curve.values, (v, at2) => place(v + (spread[at2] ?? 0)));
    const bottoms = Float64Array.from(curve.values, (v, at2) => place(v - (spread[at2] ?? 0)));
    const d = errorPath(xs, tops, bottoms);
    out.push(svg("path", { class: `hepnb-errors hepnb-c${i % DASHES.length}`, d }));
  }
  out.unshift(svg("path", { ...style(i), d: stepPath(xs, ys, base), "data-curve": curve.label }));
  return out;
}

// src/legend.ts
function legend(picture) {
  return picture.curves.map((curve, i) => {
    const row = el("div", { class: "hepnb-legend" });
    if (curve.label) {
      const line = svg("path", { ...style(i), d: "M1 6h26" });
      row.append(
        svg("svg", { width: 28, height: 12, "aria-hidden": "true" }, line),
        el("span", { class: "hepnb-legendname" }, curve.label)
      );
    }
    row.append(el("span", { class: "hepnb-faint" }, sums(curve)));
    return row;
  });
}
function sums({ total, total_error, under, over }) {
  if (total === null) return "";
  const error = total_error === null ? "" : ` ± ${number(total_error, 3)}`;
  const parts = [`in view ${number(total, 6)}${error}`];
  if (under !== null) parts.push(`below ${number(under)}`);
  if (over !== null) parts.push(`above ${number(over)}`);
  return parts.join(" · ");
}

// src/mover.ts
var Mover = class {
  constructor(channel, arrived) {
    this.channel = channel;
    this.arrived = arrived;
  }
  channel;
  arrived;
  wish = null;
  flying = false;
  frame = 0;
  /** Nothing is on its way nor waiting: what the kernel shows is what was asked for. */
  get idle() {
    return !this.flying && this.wish === null;
  }
  want(wish) {
    this.wish = wish;
    if (!this.flying && !this.frame) this.frame = requestAnimationFrame(() => this.send());
  }
  send() {
    this.frame = 0;
    const { wish } = this;
    if (!wish) return;
    this.wish = null;
    this.flying = true;
    void this.channel.request("view", { ...wish }).then((answer) => {
      this.flying = false;
      if (this.wish) this.send();
      this.arrived(answer);
    });
  }
};

// src/cursor.ts
function nearestBin(edges, x, pixel) {
  const [start = 0, stop = 0] = x.range;
  if (pixel < start || pixel > stop) return -1;
  const value = x.invert(pixel);
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = low + high >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}
function cursorText({ bin, picture, axis }) {
  const contents = picture.curves.map(({ label: label2, values: values2, errors, low }) => {
    const value = low ? `${number(low[bin])} to ${number(values2[bin])}` : number(values2[bin], 5);
    const error = errors ? ` ± ${number(errors[bin], 3)}` : "";
    return `${label2 ? `${label2} ` : ""}${value}${error}`;
  });
  return `${binText(bin, picture, axis)}: ${contents.join(" · ")}`;
}
function binText(bin, picture, axis) {
  const item = picture.items[bin];
  if (item !== void 0) return item;
  const low = picture.edges[bin] ?? 0;
  const high = picture.edges[bin + 1] ?? 0;
  if (axis?.discrete && high - low === 1) return short(low);
  const last = bin === picture.edges.length - 2 && !axis?.flow[1];
  const unit = axis?.unit ? ` ${axis.unit}` : "";
  return `[${short(low)}, ${short(high)}${last ? "]" : ")"}${unit}`;
}

// src/plot.ts
var LEFT = 66;
var RIGHT = 18;
var TOP = 24;
var BOTTOM = 48;
var Plot = class {
  constructor(events) {
    this.events = events;
    const stage = el(
      "div",
      {
        class: "hepnb-plot",
        tabindex: "0",
        role: "group",
        "aria-label": "Histogram: arrow keys move over the bins, Escape shows the whole range"
      },
      this.canvas
    );
    this.node = el("div", {}, stage, this.readout);
    this.listen(stage);
    this.observer = new ResizeObserver(() => {
      const width = stage.clientWidth;
      if (width !== this.width) requestAnimationFrame(() => this.draw());
    });
    this.observer.observe(stage);
  }
  events;
  node;
  canvas = svg("svg", { class: "hepnb-svg", role: "img" });
  readout = el("div", { class: "hepnb-readout" });
  marker = svg("g", { class: "hepnb-marker" });
  brush = svg("rect", { class: "hepnb-brush", visibility: "hidden" });
  picture;
  axis;
  look = { logx: null, logy: false, errors: true };
  x = makeScale([0, 1], [0, 1], false);
  y = makeScale([0, 1], [1, 0], false);
  cursor = -1;
  from = null;
  width = 0;
  observer;
  show(picture, axis, look) {
    this.picture = picture;
    this.axis = axis;
    this.look = look;
    this.draw();
  }
  close() {
    this.observer.disconnect();
  }
  /** Whether x is drawn logarithmically: as asked, or as the bins are. */
  get logx() {
    const { picture, look } = this;
    if (!picture || picture.items.length > 0 || !((picture.edges[0] ?? 0) > 0)) return false;
    return look.logx ?? picture.log;
  }
  draw() {
    const { picture, look } = this;
    if (!picture) return;
    this.width = this.canvas.parentElement?.clientWidth ?? 0;
    const width = Math.max(240, this.width || 640);
    const height = Math.round(Math.min(400, Math.max(240, width * 0.5)));
    const { edges } = picture;
    const domain = [edges[0] ?? 0, edges[edges.length - 1] || 1];
    this.x = makeScale(domain, [LEFT, width - RIGHT], this.logx);
    const range = yDomain(...extremes(picture, look.errors), look.logy);
    this.y = makeScale(range, [height - BOTTOM, TOP], look.logy);
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.canvas.setAttribute("height", String(height));
    this.canvas.setAttribute("aria-label", describe(picture));
    const box = {
      x: LEFT,
      y: TOP,
      width: width - LEFT - RIGHT,
      height: height - TOP - BOTTOM
    };
    this.canvas.replaceChildren(
      drawCurves(picture, this.x, this.y, look.errors),
      svg("rect", { class: "hepnb-frame", ...box }),
      xAxis(picture, this.x, box, this.logx),
      yAxis(this.y, box, look.logy),
      label(picture.xlabel, { x: width - RIGHT, y: height - 8, "text-anchor": "end" }),
      label(picture.ylabel, {
        transform: `translate(14 ${TOP}) rotate(-90)`,
        "text-anchor": "end"
      }),
      this.brush,
      this.marker
    );
    this.brush.setAttribute("y", String(TOP));
    this.brush.setAttribute("height", String(box.height));
    if (this.cursor >= edges.length - 1) this.cursor = -1;
    this.mark(false);
  }
  listen(stage) {
    const place = (event) => event.clientX - this.canvas.getBoundingClientRect().left;
    stage.addEventListener("pointermove", (event) => {
      this.cursor = this.picture ? nearestBin(this.picture.edges, this.x, place(event)) : -1;
      this.mark(false);
      if (this.from !== null) this.drag(this.from, place(event));
    });
    stage.addEventListener("pointerleave", () => {
      this.cursor = -1;
      this.mark(false);
    });
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.picture || this.picture.items.length > 0) return;
      this.from = place(event);
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointerup", (event) => {
      const { from } = this;
      this.from = null;
      this.brush.setAttribute("visibility", "hidden");
      if (from === null || Math.abs(place(event) - from) < 5) return;
      const [low, high] = [from, place(event)].sort((a, b) => a - b);
      this.events.zoom(this.x.invert(low), this.x.invert(high));
    });
    stage.addEventListener("pointercancel", () => {
      this.from = null;
      this.brush.setAttribute("visibility", "hidden");
    });
    stage.addEventListener("dblclick", () => this.events.reset());
    stage.addEventListener("keydown", (event) => this.key(event));
  }
  key(event) {
    const bins = (this.picture?.edges.length ?? 1) - 1;
    const step = event.shiftKey ? Math.max(1, Math.round(bins / 20)) : 1;
    const moves = {
      ArrowRight: this.cursor + step,
      ArrowLeft: this.cursor < 0 ? bins - 1 : this.cursor - step,
      Home: 0,
      End: bins - 1
    };
    const target = moves[event.key];
    if (event.key === "Escape") this.events.reset();
    else if (target === void 0) return;
    else {
      this.cursor = Math.min(bins - 1, Math.max(0, target));
      this.mark(true);
    }
    event.preventDefault();
  }
  drag(from, to) {
    const [low = 0, high = 0] = this.x.range;
    const inside = (value) => Math.min(high, Math.max(low, value));
    const [left, right] = [inside(from), inside(to)].sort((a, b) => a - b);
    this.brush.setAttribute("x", String(left));
    this.brush.setAttribute("width", String(right - left));
    this.brush.setAttribute("visibility", "visible");
  }
  /** Show the cursor; `spoken` when keys moved it, so that a screen reader says the bin. */
  mark(spoken) {
    const { picture, cursor } = this;
    this.readout.setAttribute("aria-live", spoken ? "polite" : "off");
    if (!picture || cursor < 0) {
      this.marker.replaceChildren();
      setText(this.readout, HINT);
      return;
    }
    const at2 = { bin: cursor, picture, axis: this.axis };
    setText(this.readout, cursorText(at2));
    const middle = (this.x(picture.edges[cursor] ?? 0) + this.x(picture.edges[cursor + 1] ?? 0)) / 2;
    const [bottom = 0, top = 0] = this.y.range;
    const dots = picture.curves.map((curve, i) => {
      const value = curve.values[cursor] ?? 0;
      const low = this.y.domain[0] ?? 0;
      const cy = value <= low ? bottom : this.y(value);
      return svg("circle", { class: `hepnb-dot hepnb-c${i % 8}`, cx: middle, cy, r: 3.5 });
    });
    this.marker.replaceChildren(
      svg("line", { class: "hepnb-cross", x1: middle, x2: middle, y1: top, y2: bottom }),
      ...dots
    );
  }
};
var HINT = "Drag to zoom in, double click for the whole range.";
function* values(picture, errors, sign) {
  for (const { values: values2, errors: spread, low } of picture.curves) {
    const source = sign < 0 && low ? low : values2;
    for (let i = 0; i < source.length; i += 1) {
      const value = source[i] ?? 0;
      const reach = value + sign * (errors && spread ? spread[i] ?? 0 : 0);
      yield sign < 0 && value > 0 && reach <= 0 ? value : reach;
    }
  }
}
function extremes(picture, errors) {
  return [values(picture, errors, -1), values(picture, errors, 1)];
}
function describe({ xlabel, ylabel, edges, curves }) {
  const text = (runs) => runs.map(([part]) => part).join("");
  const names = curves.map((curve) => curve.label).filter((name) => name !== "");
  const of = names.length > 0 ? `, curves: ${names.join(", ")}` : "";
  return `${text(ylabel)} against ${text(xlabel)}, ${edges.length - 1} bins${of}`;
}
function xAxis(picture, x, box, log) {
  const bottom = box.y + box.height;
  const group = svg("g", { class: "hepnb-axis" });
  if (picture.items.length > 0) {
    const room = box.width / picture.items.length;
    const every = Math.max(1, Math.ceil(44 / room));
    picture.items.forEach((item, i) => {
      if (i % every !== 0) return;
      const most = Math.max(3, Math.floor(room * every / 7));
      const text = item.length > most ? `${item.slice(0, most - 1)}…` : item;
      const at2 = { x: x(i + 0.5), y: bottom + 17, "text-anchor": "middle" };
      group.append(svg("text", at2, svg("title", {}, item), text));
    });
    return group;
  }
  const domain = x.domain;
  const about = Math.max(3, Math.round(box.width / 80));
  const ticks2 = log ? logTicks(domain, about) : linearTicks(domain, about, false);
  const path = (values2, size) => values2.map((v) => `M${x(v).toFixed(1)} ${bottom}v${-size}`).join("");
  group.append(svg("path", { d: path(ticks2.minor, 4) + path(positions(ticks2), 8) }));
  let free = Number.NEGATIVE_INFINITY;
  for (const { value, text } of ticks2.major) {
    const half = text.length * 3.6;
    if (x(value) - half < free) continue;
    free = x(value) + half + 6;
    group.append(svg("text", { x: x(value), y: bottom + 17, "text-anchor": "middle" }, text));
  }
  return group;
}
function yAxis(y, box, log) {
  const domain = y.domain;
  const about = Math.max(3, Math.round(box.height / 45));
  const ticks2 = log ? logTicks(domain, about) : linearTicks(domain, about, true);
  const group = svg("g", { class: "hepnb-axis" });
  const path = (values2, size) => values2.map((v) => `M${box.x} ${y(v).toFixed(1)}h${size}`).join("");
  group.append(svg("path", { d: path(ticks2.minor, 4) + path(positions(ticks2), 8) }));
  for (const { value, text } of ticks2.major) {
    group.append(svg("text", { x: box.x - 6, y: y(value) + 4, "text-anchor": "end" }, text));
  }
  if (ticks2.factor) group.append(svg("text", { x: box.x, y: box.y - 8 }, ticks2.factor));
  return group;
}
function positions(ticks2) {
  return ticks2.major.map(({ value }) => value);
}
function label(runs, attributes) {
  const text = svg("text", { class: "hepnb-label", ...attributes });
  let level = 0;
  for (const [part, wanted] of runs) {
    const dy = `${((level - wanted) * 0.35).toFixed(2)}em`;
    text.append(svg("tspan", { dy, "font-size": wanted === 0 ? void 0 : "75%" }, part));
    level = wanted;
  }
  return text;
}

// src/hist_explorer.ts
var Explorer = class {
  constructor(model) {
    this.model = model;
    this.channel = new Channel(model);
    this.channel.onGone = () => this.gone.show(
      "what is shown stays, but no longer moves. Run again:",
      this.code.textContent ?? ""
    );
    this.mover = new Mover(this.channel, () => this.adopt());
    this.plot = new Plot({
      zoom: (low, high) => this.zoom([low, high]),
      reset: () => this.zoom(null)
    });
    this.look = { ...model.get("look") };
    this.toggles = {
      logx: this.toggle("log x", "logx"),
      logy: this.toggle("log y", "logy"),
      errors: this.toggle("errors", "errors")
    };
    this.node.setAttribute("role", "region");
    this.build();
    model.on("change:picture", this.changed);
    model.on("change:look", this.relook);
    model.on("change:problem", this.told);
    this.changed();
    this.told();
  }
  model;
  node = root("explorer");
  channel;
  mover;
  plot;
  title = el("strong", { class: "hepnb-name" });
  chooser = el("select", { class: "hepnb-select", "aria-label": "Histogram" });
  live = el("span", { class: "hepnb-live", role: "status" });
  legend = el("div", { class: "hepnb-legends" });
  note = el("div", { class: "hepnb-faint" });
  rows = el("div", { class: "hepnb-axes", role: "group", "aria-label": "Axes" });
  code = el("code", { class: "hepnb-code" });
  problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert" });
  gone = goneNotice();
  toggles;
  axes = [];
  controls = /* @__PURE__ */ new Map();
  picture;
  view = {};
  look;
  frameSeq = -1;
  close() {
    this.model.off("change:picture", this.changed);
    this.model.off("change:look", this.relook);
    this.model.off("change:problem", this.told);
    this.channel.close();
    this.plot.close();
  }
  build() {
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
        whole
      ),
      this.rows,
      el(
        "div",
        { class: "hepnb-codebox", role: "group", "aria-label": "Python expression" },
        this.code,
        copyButton("Copy the expression", () => this.code.textContent ?? "")
      )
    );
  }
  toggle(text, key) {
    const press = button(text, { class: "hepnb-toggle", "aria-pressed": "false" });
    press.addEventListener("click", () => {
      this.look = { ...this.look, [key]: press.getAttribute("aria-pressed") !== "true" };
      void this.channel.request("look", { look: this.look });
      this.draw();
    });
    return press;
  }
  /** A new picture. Controls a person is moving stay as they are. */
  changed = () => {
    const wire = this.model.get("picture");
    if (typeof wire?.seq !== "number") return;
    this.frame(this.model.get("frame"));
    this.picture = readPicture(wire);
    if (this.mover.idle) this.adopt();
    this.draw();
  };
  relook = () => {
    this.look = { ...this.model.get("look") };
    this.draw();
  };
  told = () => {
    const text = this.model.get("problem") ?? "";
    this.problem.hidden = text === "";
    setText(this.problem, text);
  };
  frame(frame) {
    if (frame.seq === this.frameSeq) return;
    this.frameSeq = frame.seq;
    this.axes = frame.axes.map(readAxis);
    setText(this.title, frame.title);
    this.node.setAttribute("aria-label", `Histogram ${frame.title}`);
    this.chooser.hidden = frame.names.length < 2;
    this.chooser.replaceChildren(...frame.names.map((name) => el("option", { value: name }, name)));
    this.chooser.value = frame.shown;
    this.controls = new Map(
      this.axes.map((axis) => [axis.key, axisRow(axis, (step) => this.step(axis.key, step))])
    );
    this.rows.replaceChildren(...[...this.controls.values()].map((row) => row.node));
    this.view = {};
  }
  /** Take over the view the kernel shows. */
  adopt() {
    if (!this.picture || !this.mover.idle) return;
    this.view = structuredClone(this.picture.view);
    this.chooser.value = this.picture.shown;
    for (const [key, row] of this.controls) {
      const step = this.view[key];
      if (step) row.set(step);
    }
  }
  /** A control was moved: one axis is x, at most one is an overlay. */
  step(key, step) {
    const view = { ...this.view, [key]: step };
    for (const [other, before] of Object.entries(this.view)) {
      const taken = (step.as === "x" || step.as === "overlay") && before.as === step.as;
      if (other !== key && taken) view[other] = { as: "sum" };
    }
    if (!Object.values(view).some(({ as }) => as === "x")) {
      const next = this.axes.find((axis) => axis.key !== key && axis.dense) ?? this.axes.find((axis) => axis.key !== key);
      if (!next) {
        this.controls.get(key)?.set(this.view[key] ?? { as: "x" });
        return;
      }
      view[next.key] = { as: "x" };
    }
    this.view = view;
    for (const [other, row] of this.controls) {
      const now = view[other];
      if (other !== key && now && now !== this.picture?.view[other]) row.set(now);
    }
    this.mover.want({ shown: this.chooser.value, view });
  }
  zoom(range) {
    const x = this.axes.find((axis) => this.view[axis.key]?.as === "x");
    const before = x && this.view[x.key];
    if (!x?.dense || x.circular || !before) return;
    if (range === null && !before.range) return;
    this.step(x.key, { as: "x", range, rebin: range === null ? before.rebin ?? 1 : 1 });
  }
  draw() {
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
};
function liveText({ live, committed, folded }) {
  if (live === "complete") return "✓ complete";
  if (committed === void 0) return "▶ filling";
  const on = folded === void 0 ? "" : `, ${number(folded)} folded`;
  return `▶ filling: ${number(committed)} chunks${on}`;
}
function render({ model, el: place }) {
  const explorer = new Explorer(model);
  place.append(explorer.node);
  return () => explorer.close();
}
var hist_explorer_default = { render };
export {
  hist_explorer_default as default
};
