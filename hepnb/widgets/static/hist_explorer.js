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
var serial = 0;
function uniqueId(stem) {
  serial += 1;
  return `hepnb-${stem}-${Math.random().toString(36).slice(2, 8)}-${serial}`;
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

// src/name_list.ts
var ROW = 26;
var SIGHT = 8;
var SPARE = 4;
function nameList(names, options, changed) {
  const { flows: flows2, single, orders } = options;
  const stem = uniqueId("name");
  const help = el(
    "span",
    { class: "hepnb-offscreen", id: uniqueId("help") },
    orders ? "Space chooses, Alt with an arrow key moves." : ""
  );
  const said = el("span", { class: "hepnb-offscreen", role: "status" });
  const body = el("div", { class: "hepnb-names", role: "presentation" });
  const box = el(
    "div",
    {
      class: flows2 ? "hepnb-list hepnb-flows" : "hepnb-list",
      role: "listbox",
      tabindex: 0,
      "aria-label": options.label,
      "aria-multiselectable": single ? void 0 : "true",
      "aria-orientation": flows2 ? "horizontal" : "vertical",
      "aria-describedby": orders ? help.id : void 0
    },
    body
  );
  const rows = /* @__PURE__ */ new Map();
  let active = 0;
  const make = (at2) => {
    const name = el("bdi", { class: "hepnb-nametext" }, names.name(at2));
    const row = el("div", { class: "hepnb-option", role: "option", id: `${stem}-${at2}` }, name);
    row.title = names.name(at2);
    if (orders) {
      const grip = el("span", { class: "hepnb-grip", "aria-hidden": "true" }, "⠿");
      grip.addEventListener("pointerdown", (event) => drag(event, at2));
      row.append(grip);
    }
    row.addEventListener("click", () => {
      if (dragged) {
        dragged = false;
        return;
      }
      active = names.shown.indexOf(at2);
      choose(at2);
    });
    return row;
  };
  const draw = () => {
    const shown = names.shown;
    active = Math.min(Math.max(0, active), Math.max(0, shown.length - 1));
    if (!flows2) {
      box.style.height = `${Math.min(SIGHT, Math.max(1, shown.length)) * ROW + 2}px`;
      body.style.height = `${shown.length * ROW}px`;
    }
    const first = flows2 ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
    const last = flows2 ? shown.length : Math.min(shown.length, first + SIGHT + 2 * SPARE + 1);
    const wanted = /* @__PURE__ */ new Set();
    for (let place = first; place < last; place += 1) wanted.add(place);
    if (active < shown.length) wanted.add(active);
    const kept = /* @__PURE__ */ new Set();
    let before = null;
    for (const place of [...wanted].sort((a, b) => a - b)) {
      const at2 = shown[place];
      if (at2 === void 0) continue;
      kept.add(at2);
      const row = rows.get(at2) ?? make(at2);
      rows.set(at2, row);
      setAttribute(row, "aria-selected", String(names.chosen.has(at2)));
      setAttribute(row, "aria-setsize", String(shown.length));
      setAttribute(row, "aria-posinset", String(place + 1));
      row.classList.toggle("hepnb-active", place === active);
      if (!flows2) row.style.top = `${place * ROW}px`;
      const next = before ? before.nextElementSibling : body.firstElementChild;
      if (next !== row) body.insertBefore(row, next);
      before = row;
    }
    for (const [at2, row] of rows) {
      if (kept.has(at2)) continue;
      row.remove();
      rows.delete(at2);
    }
    const here = shown[active];
    setAttribute(box, "aria-activedescendant", here === void 0 ? null : `${stem}-${here}`);
  };
  const reveal = () => {
    if (flows2) return;
    const top = active * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight)
      box.scrollTop = top + ROW - box.clientHeight;
  };
  const choose = (at2) => {
    if (single) {
      if (names.chosen.has(at2)) return draw();
      names.chosen.clear();
      names.chosen.add(at2);
    } else names.toggle(at2);
    draw();
    changed();
  };
  const walk = (to) => {
    active = Math.min(Math.max(0, to), names.shown.length - 1);
    reveal();
    const at2 = names.shown[active];
    if (single && at2 !== void 0) choose(at2);
    else draw();
  };
  const moveTo = (to) => {
    if (!orders || to < 0 || to >= names.shown.length || to === active) return;
    names.move(active, to);
    active = to;
    reveal();
    draw();
    const at2 = names.shown[active] ?? 0;
    setText(said, `${names.name(at2)}: place ${active + 1} of ${names.shown.length}`);
    if (names.chosen.has(at2)) changed();
  };
  box.addEventListener("keydown", (event) => {
    const step = steps(event.key, flows2);
    const at2 = names.shown[active];
    if (step !== void 0 && event.altKey) moveTo(active + step);
    else if (event.altKey) return;
    else if (step !== void 0) walk(active + step);
    else if (event.key === "Home") walk(0);
    else if (event.key === "End") walk(names.shown.length - 1);
    else if ((event.key === " " || event.key === "Enter") && at2 !== void 0) choose(at2);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && !single) {
      names.mark("all");
      draw();
      changed();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("scroll", draw, { passive: true });
  let dragged = false;
  const drag = (event, at2) => {
    if (event.button !== 0) return;
    event.preventDefault();
    active = names.shown.indexOf(at2);
    dragged = false;
    const over = (now) => {
      const place = flows2 ? placeInLines(now, rows.entries(), names.shown, active) : placeInList(now, box, body, names.shown.length);
      if (place === void 0 || place === active) return;
      names.move(active, place);
      active = place;
      dragged = true;
      reveal();
      draw();
      rows.get(at2)?.classList.add("hepnb-dragged");
    };
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, end);
      document.removeEventListener("pointermove", over);
      rows.get(at2)?.classList.remove("hepnb-dragged");
      if (dragged && names.chosen.has(at2)) changed();
    };
    document.addEventListener("pointermove", over);
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end);
  };
  return { node: el("div", { class: "hepnb-listbox" }, box, help, said), draw };
}
function steps(key, flows2) {
  if (key === "ArrowDown" || flows2 && key === "ArrowRight") return 1;
  if (key === "ArrowUp" || flows2 && key === "ArrowLeft") return -1;
  if (key === "PageDown") return SIGHT;
  if (key === "PageUp") return -SIGHT;
  return void 0;
}
function placeInList({ clientY }, box, body, length) {
  const edge = box.getBoundingClientRect();
  const y = Math.min(Math.max(clientY, edge.top - ROW / 2), edge.bottom + ROW / 2);
  const place = Math.floor((y - body.getBoundingClientRect().top) / ROW);
  return Math.min(Math.max(0, place), length - 1);
}
function placeInLines({ clientX, clientY }, rows, shown, active) {
  const boxes = [...rows].map(([at2, row]) => ({ at: at2, box: row.getBoundingClientRect() }));
  const own = boxes.find(({ at: at2 }) => at2 === shown[active])?.box;
  const hit = boxes.find(
    ({ box }) => clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom
  );
  if (!hit || !own) return void 0;
  const place = shown.indexOf(hit.at);
  const middle = (hit.box.left + hit.box.right) / 2;
  const passed = place > active ? clientX > middle : clientX < middle;
  return passed || Math.abs(hit.box.top - own.top) > 4 ? place : void 0;
}

// src/names.ts
function matcher(pattern) {
  const wanted = pattern.trim().toLowerCase();
  if (/[*?]/.test(wanted)) return (name) => glob(wanted, name.toLowerCase());
  return (name) => name.toLowerCase().includes(wanted);
}
function glob(pattern, name) {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p;
      mark = n;
      p += 1;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      n = mark;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
var Names = class {
  constructor(names) {
    this.names = names;
    this.order = names.map((_, at2) => at2);
    this.shown = this.order;
  }
  names;
  /** Numbers of the names in the order of the list, and of those that match the search. */
  order;
  shown;
  chosen = /* @__PURE__ */ new Set();
  pattern = "";
  only = false;
  name(at2) {
    return this.names[at2] ?? "";
  }
  get size() {
    return this.names.length;
  }
  /** The chosen ones, in the order of the list. */
  get picked() {
    return this.order.filter((at2) => this.chosen.has(at2));
  }
  /** Chosen from outside: they keep their order, first in the list unless it is the names' own. */
  choose(picked) {
    this.chosen.clear();
    for (const at2 of picked) this.chosen.add(at2);
    const rises = picked.every((at2, i) => i === 0 || at2 > (picked[i - 1] ?? -1));
    const rest = this.names.map((_, at2) => at2);
    this.order = rises ? rest : [...picked, ...rest.filter((at2) => !this.chosen.has(at2))];
    this.sift();
  }
  /** More names came at the end. */
  grow(names) {
    for (let at2 = this.names.length; at2 < names.length; at2 += 1) this.order.push(at2);
    this.names = names;
    this.sift();
  }
  search(pattern, only) {
    this.pattern = pattern;
    this.only = only;
    this.sift();
  }
  sift() {
    const fits = this.pattern.trim() ? matcher(this.pattern) : () => true;
    this.shown = this.order.filter(
      (at2) => (!this.only || this.chosen.has(at2)) && fits(this.name(at2))
    );
  }
  toggle(at2) {
    if (!this.chosen.delete(at2)) this.chosen.add(at2);
  }
  /** All, none or the others of those that are shown; what is not shown stays as it is. */
  mark(how) {
    for (const at2 of this.shown) {
      if (how === "all" || how === "invert" && !this.chosen.has(at2)) this.chosen.add(at2);
      else this.chosen.delete(at2);
    }
  }
  /** Move what is shown at `from` to where `to` is shown. */
  move(from, to) {
    const [moved, target] = [this.shown[from], this.shown[to]];
    if (moved === void 0 || target === void 0 || from === to) return;
    this.order = this.order.filter((at2) => at2 !== moved);
    this.order.splice(this.order.indexOf(target) + (to > from ? 1 : 0), 0, moved);
    this.sift();
  }
};

// src/view.ts
var MANY = 8;
var COUNTABLE = 64;
function floats(view) {
  return new Float64Array(
    view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)
  );
}
function readAxis(axis) {
  return { ...axis, edges: axis.edges ? floats(axis.edges) : new Float64Array() };
}
function choices(axis) {
  if (!axis.dense) return axis.items;
  const few = axis.discrete && !axis.circular && axis.size <= COUNTABLE;
  return few ? Array.from(axis.edges.subarray(0, axis.size)) : [];
}
function roles(axis) {
  const curves = choices(axis).length > 0 ? ["overlay", "stack"] : [];
  if (!axis.dense) return ["x", "y", "overlay", "stack", "pick", "sum"];
  const summed2 = axis.circular ? ["bin", "sum"] : ["range", "bin", "sum"];
  return ["x", "y", ...curves, ...summed2];
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

// src/items.ts
var FLOWS = 8;
function flows(axis) {
  return choices(axis).length <= FLOWS;
}
function items(axis, options, changed) {
  const { single } = options;
  let all = choices(axis);
  let places = new Map(all.map((item, at2) => [item, at2]));
  let known = "";
  const names = new Names(all.map(itemName));
  const told = el("span", { class: "hepnb-told", role: "status" });
  const tell = () => {
    paint();
    const { picked } = names;
    const wrong = problem(picked.length, options.most);
    setText(told, wrong);
    if (wrong) return;
    known = picked.join();
    const whole = picked.length === all.length && picked.every((at2, i) => at2 === i);
    if (whole && options.first === Number.POSITIVE_INFINITY) changed(null);
    else changed(picked.map((at2) => all[at2]));
  };
  const few = flows(axis);
  const list = nameList(names, { label: `${axis.name}: categories`, flows: few, ...options }, tell);
  const folded = few ? void 0 : fold(axis.name, names, single, list, tell);
  const paint = () => (folded ?? list).draw();
  const set = ({ items: items2 }) => {
    const wanted = items2 ? items2.flatMap((item) => places.get(item) ?? []) : all.slice(0, options.first).map((_, at2) => at2);
    if (wanted.join() === known) return;
    known = wanted.join();
    names.choose(wanted);
    setText(told, "");
    paint();
  };
  const grow = (wider) => {
    all = choices(wider);
    places = new Map(all.map((item, at2) => [item, at2]));
    names.grow(all.map(itemName));
    paint();
  };
  paint();
  const node = el("div", { class: "hepnb-items" }, folded?.node ?? list.node, told);
  return { node, set, grow, open: () => folded?.open() };
}
function itemName(item) {
  if (typeof item === "boolean") return item ? "True" : "False";
  return item === "" ? '""' : String(item);
}
function problem(chosen, most) {
  if (chosen === 0) return "choose at least one";
  if (chosen > most) return `at most ${most} can be drawn, ${number(chosen)} are chosen`;
  return "";
}
function fold(axis, names, single, list, changed) {
  const panel = el("div", { class: "hepnb-panel", id: uniqueId("panel"), hidden: true });
  const said = el("span", { class: "hepnb-nametext" });
  const line = button("", {
    class: "hepnb-button hepnb-foldline",
    "aria-expanded": "false",
    "aria-controls": panel.id
  });
  const count = el("span", { class: "hepnb-count" });
  const of = el("span", { class: "hepnb-offscreen" }, `${axis}:`);
  line.append(of, said, count, el("span", { class: "hepnb-caret", "aria-hidden": "true" }));
  const search = el("input", {
    type: "search",
    class: "hepnb-input hepnb-search",
    placeholder: "search, e.g. QCD_*",
    autocomplete: "off",
    spellcheck: "false",
    title: "a part of the name, or a pattern with * and ? for the whole name",
    "aria-label": `${axis}: search`
  });
  const found = el("span", { class: "hepnb-faint hepnb-found", role: "status" });
  const only = button("chosen", {
    class: "hepnb-toggle",
    "aria-pressed": "false",
    "aria-label": `${axis}: list only the chosen`,
    title: "list only the chosen"
  });
  const sift = () => {
    names.search(search.value, only.getAttribute("aria-pressed") === "true");
    draw();
    const hits = names.shown.length;
    setText(found, search.value.trim() === "" ? "" : `${number(hits)} found`);
  };
  search.addEventListener("input", sift);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      list.node.querySelector("[role=listbox]")?.focus();
    } else if (event.key === "Escape" && search.value !== "") {
      search.value = "";
      sift();
    }
  });
  only.addEventListener("click", () => {
    setAttribute(only, "aria-pressed", String(only.getAttribute("aria-pressed") !== "true"));
    sift();
  });
  const marks = ["all", "none", "invert"].map((how) => {
    const press = button(how, {
      "aria-label": `${axis}: ${how} of the listed`,
      title: how === "invert" ? "swap chosen and not chosen" : `choose ${how} of the listed`
    });
    press.addEventListener("click", () => {
      names.mark(how);
      changed();
    });
    return press;
  });
  panel.append(
    el(
      "div",
      { class: "hepnb-row hepnb-finder" },
      search,
      ...single ? [] : [...marks, only],
      found
    ),
    list.node
  );
  const show = (open) => {
    panel.hidden = !open;
    line.setAttribute("aria-expanded", String(open));
    if (open) list.draw();
  };
  line.addEventListener("click", () => show(panel.hidden !== false));
  const draw = () => {
    const { picked } = names;
    const text = picked.slice(0, 3).map((at2) => el("bdi", {}, names.name(at2)));
    said.replaceChildren(...text.flatMap((name, at2) => at2 > 0 ? [", ", name] : [name]));
    if (text.length === 0) setText(said, "none");
    line.title = picked.slice(0, 20).map((at2) => names.name(at2)).join("\n");
    setText(count, single ? "" : `${number(picked.length)} of ${number(names.size)}`);
    if (!panel.hidden) list.draw();
  };
  const node = el("div", { class: "hepnb-fold" }, line, panel);
  return { node, draw, open: () => show(true) };
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

// src/limits.ts
function coordinate(text, axis) {
  let bare = text.trim();
  if (axis.unit && bare.endsWith(axis.unit)) bare = bare.slice(0, -axis.unit.length).trim();
  if (/^[-+.\d].*j$/i.test(bare)) bare = bare.slice(0, -1);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(bare) ? Number(bare) : Number.NaN;
}
function index(text) {
  const found = /^(?:#|bin\s)\s*(\d+)$/i.exec(text.trim());
  return found ? Number(found[1]) : void 0;
}
var NOT = (text) => `“${text.trim()}” is not a number`;
function edgeTyped(text, axis, side) {
  if (text.trim() === "") return { value: side === "low" ? 0 : axis.size };
  const edge = index(text);
  if (edge !== void 0) {
    if (edge <= axis.size) return { value: edge };
    return { problem: `the last edge is #${axis.size}` };
  }
  const value = coordinate(text, axis);
  if (Number.isNaN(value)) return { problem: NOT(text) };
  const [first, last] = [axis.edges[0] ?? 0, axis.edges[axis.size] ?? 0];
  if (side === "low" && value >= last) return { problem: `the axis ends at ${short(last)}` };
  if (side === "high" && value <= first) return { problem: `the axis starts at ${short(first)}` };
  return { value: outward(axis.edges, value, side) };
}
function outward(edges, value, side) {
  const bin = binOf(edges, value);
  for (const edge of [bin, bin + 1]) {
    const at2 = edges[edge] ?? Number.NaN;
    const below = at2 - (edges[edge - 1] ?? Number.NEGATIVE_INFINITY);
    const above = (edges[edge + 1] ?? Number.POSITIVE_INFINITY) - at2;
    if (Math.abs(value - at2) <= 1e-9 * Math.min(below, above)) return edge;
  }
  for (const edge of [bin, bin + 1]) {
    if (short(edges[edge] ?? Number.NaN) === short(value)) return edge;
  }
  return Math.min(edges.length - 1, Math.max(0, side === "low" ? bin : bin + 1));
}
function binOf(edges, value) {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = low + high >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
function binTyped(text, axis) {
  const bin = index(text);
  if (bin !== void 0) {
    return bin < axis.size ? { value: bin } : { problem: `the last bin is #${axis.size - 1}` };
  }
  const value = coordinate(text, axis);
  if (Number.isNaN(value)) return { problem: NOT(text) };
  const found = binOf(axis.edges, value);
  if (found >= 0 && found < axis.size) return { value: found };
  if (value === axis.edges[axis.size]) return { value: axis.size - 1 };
  const ends = [axis.edges[0] ?? 0, axis.edges[axis.size] ?? 0].map(short);
  return { problem: `the axis goes from ${ends.join(" to ")}` };
}
function rebinTyped(text, axis, bins) {
  const words2 = text.split(/[\s,;]+/).filter((word) => word !== "");
  const [only] = words2;
  if (only === void 0) return { value: 1 };
  if (words2.length === 1) {
    const factor = coordinate(only, axis);
    if (Number.isInteger(factor) && factor >= 1 && factor <= bins) return { value: factor };
    return { problem: `a factor is a whole number from 1 to ${bins}` };
  }
  const out = [];
  let before = -1;
  for (const word of words2) {
    const value = coordinate(word, axis);
    if (Number.isNaN(value)) return { problem: NOT(word) };
    const edge = outward(axis.edges, value, "low");
    const at2 = axis.edges[edge] ?? 0;
    if (short(at2) !== short(value)) {
      const next = axis.edges[Math.min(edge + 1, axis.size)] ?? 0;
      return { problem: `${short(value)} is no edge: there is ${short(at2)} and ${short(next)}` };
    }
    if (edge <= before) return { problem: "edges must rise" };
    before = edge;
    out.push(edge === 0 || edge === axis.size ? null : at2);
  }
  return { value: out };
}
function divisors(bins) {
  const out = [];
  for (let d = 1; d * d <= bins; d += 1) {
    if (bins % d === 0) out.push(d, bins / d);
  }
  return [...new Set(out)].sort((a, b) => a - b);
}

// src/typed.ts
function typedField(label2, hint, kind, enter) {
  const told = el("span", { class: "hepnb-told", role: "status", id: uniqueId("told") });
  const input = el("input", {
    type: "text",
    class: `hepnb-input ${kind}`,
    autocomplete: "off",
    spellcheck: "false",
    title: hint,
    "aria-label": label2,
    "aria-describedby": told.id
  });
  let shown = "";
  let half = false;
  const tell = (problem2) => {
    setText(told, problem2);
    setAttribute(input, "aria-invalid", problem2 ? "true" : null);
  };
  const show = (text, over = false) => {
    shown = text;
    if (half && !over) return;
    half = false;
    tell("");
    if (input.value !== text) input.value = text;
  };
  const take = () => {
    if (!half) return;
    if (input.value.trim() === shown) return show(shown, true);
    const problem2 = enter(input.value);
    if (problem2) tell(problem2);
    else show(shown, true);
  };
  input.addEventListener("input", () => {
    half = true;
    tell("");
  });
  input.addEventListener("change", take);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") take();
    if (event.key === "Escape" && half) show(shown, true);
  });
  return { input, told, show };
}

// src/range.ts
function rangeControl(axis, moved) {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const text = (edge) => short(axis.edges[edge] ?? 0);
  const handle = (side) => el("input", {
    type: "range",
    min: 0,
    max: axis.size,
    step: 1,
    class: "hepnb-handle",
    "aria-label": `${axis.name}, ${side} limit`
  });
  const [low, high] = [handle("lower"), handle("upper")];
  const entry = (side) => typedField(
    `${axis.name}, ${side === "low" ? "lower" : "upper"} limit, typed`,
    "a coordinate, or #12 for the edge with that number; empty for the end of the axis",
    "hepnb-limit",
    (typed) => {
      const edge = edgeTyped(typed, axis, side);
      if ("problem" in edge) return edge.problem;
      const start = side === "low" ? edge.value : Number(low.value);
      const stop = side === "high" ? edge.value : Number(high.value);
      if (start >= stop)
        return side === "low" ? "not below the upper limit" : "not above the lower limit";
      place(start, stop);
      moved(start, stop);
      return "";
    }
  );
  const [from, to] = [entry("low"), entry("high")];
  const track = el("div", { class: "hepnb-track" });
  const slider = el("div", { class: "hepnb-slider" }, track, low, high);
  const paint = (over) => {
    const [start, stop] = [Number(low.value), Number(high.value)];
    track.style.setProperty("--hepnb-from", `${100 * start / axis.size}%`);
    track.style.setProperty("--hepnb-to", `${100 * stop / axis.size}%`);
    low.style.zIndex = start > axis.size / 2 ? "2" : "1";
    setAttribute(low, "aria-valuetext", `${text(start)}${unit}`);
    setAttribute(high, "aria-valuetext", `${text(stop)}${unit}`);
    from.show(text(start), over);
    to.show(text(stop), over);
  };
  const place = (start, stop) => {
    if (low.value !== String(start)) low.value = String(start);
    if (high.value !== String(stop)) high.value = String(stop);
    paint(false);
  };
  low.addEventListener("input", () => {
    if (Number(low.value) >= Number(high.value)) low.value = String(Number(high.value) - 1);
    paint(true);
    moved(Number(low.value), Number(high.value));
  });
  high.addEventListener("input", () => {
    if (Number(high.value) <= Number(low.value)) high.value = String(Number(low.value) + 1);
    paint(true);
    moved(Number(low.value), Number(high.value));
  });
  slider.addEventListener("pointerdown", (event) => {
    if (event.target !== slider && event.target !== track) return;
    const { left, width } = track.getBoundingClientRect();
    const edge = Math.round(axis.size * (event.clientX - left) / width);
    const [start, stop] = [Number(low.value), Number(high.value)];
    const called = Math.abs(edge - start) < Math.abs(edge - stop) ? low : high;
    called.value = String(edge);
    called.dispatchEvent(new Event("input"));
    event.preventDefault();
    called.focus();
  });
  place(0, axis.size);
  const node = el(
    "div",
    { class: "hepnb-range", role: "group", "aria-label": `Range of ${axis.name}` },
    from.input,
    slider,
    to.input,
    el("span", { class: "hepnb-faint hepnb-unit" }, axis.unit),
    from.told,
    to.told
  );
  return { node, set: place };
}

// src/rebin.ts
var TYPED = "typed";
function rebinControl(axis, changed) {
  let bins = axis.size;
  let now = 1;
  const select = el("select", {
    class: "hepnb-select hepnb-rebin",
    "aria-label": `${axis.name}: bins merged into one`
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
    }
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
      el("option", { value: TYPED }, "typed …")
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
  const set = (rebin, of) => {
    bins = of;
    offer();
    const same = words(rebin, axis) === words(now, axis) && select.selectedIndex >= 0;
    now = rebin;
    field.show(words(rebin, axis));
    if (same) return;
    const listed = typeof rebin === "number" && bins % rebin === 0;
    select.value = listed ? String(rebin) : TYPED;
    typing.hidden = listed;
  };
  set(1, axis.size);
  const node = el(
    "span",
    { class: "hepnb-rebinbox" },
    el("label", { class: "hepnb-check" }, "merge", select),
    typing
  );
  return { node, set };
}
function words(rebin, { edges, size }) {
  if (typeof rebin === "number") return String(rebin);
  const end = (at2) => edges[at2 === 0 ? 0 : size] ?? 0;
  return rebin.map((edge, at2) => short(edge ?? end(at2))).join(", ");
}

// src/roles.ts
var WORDS = {
  x: "x axis",
  y: "y axis",
  overlay: "overlay",
  stack: "stack",
  range: "range, summed",
  bin: "one bin",
  one: "one",
  pick: "several, summed",
  sum: "sum of all",
  net: "sum without flow"
};
function offers(axis) {
  const flow = axis.flow[0] || axis.flow[1];
  const kinds = (role) => {
    if (role === "pick") return boolean(axis) ? ["one"] : ["one", "pick"];
    return role === "sum" && flow ? ["sum", "net"] : [role];
  };
  return roles(axis).flatMap(kinds).map((choice) => [choice, WORDS[choice]]);
}
function boolean(axis) {
  return axis.items.length > 0 && axis.items.every((item) => typeof item === "boolean");
}
function choiceOf(step, before) {
  if (step.as === "sum") return step.flow === false ? "net" : "sum";
  if (step.as !== "pick") return step.as;
  return (step.items?.length ?? 0) === 1 && before !== "pick" ? "one" : "pick";
}
function begun(axis, choice, before) {
  const range = before.range ?? null;
  const items2 = before.items?.length ? before.items : null;
  if (choice === "sum") return { as: "sum" };
  if (choice === "net") return { as: "sum", flow: false };
  if (choice === "one") return { as: "pick", items: (items2 ?? axis.items).slice(0, 1) };
  if (choice === "pick") return { as: "pick", items: items2 ?? axis.items.slice(0, 2) };
  if (choice === "bin") return { as: "bin", bin: 0 };
  if (choice === "range") return { as: "range", range };
  if (choice === "overlay" || choice === "stack") {
    const kept = before.as === "overlay" || before.as === "stack" || before.as === "pick";
    return { as: choice, items: kept && (items2?.length ?? 0) > 1 ? items2 : null };
  }
  if (!axis.dense) return { as: choice, items: before.as === "pick" ? null : items2 };
  return { as: choice, range, rebin: before.rebin ?? 1 };
}
function settled(axes, view, key, step) {
  const out = { ...view, [key]: step };
  const was = view[key]?.as;
  const others = axes.filter((axis) => axis.key !== key);
  for (const { key: other } of others) {
    const now = out[other];
    if (!now || !clash(now.as, step.as)) continue;
    const swapped = (was === "x" || was === "y") && (now.as === "x" || now.as === "y");
    out[other] = swapped ? { ...now, as: was } : { as: "sum" };
  }
  if (axes.some((axis) => out[axis.key]?.as === "x")) return out;
  const second = others.find((axis) => out[axis.key]?.as === "y");
  const y = second && out[second.key];
  if (y) out[second.key] = { ...y, as: "x" };
  else {
    const free = others.filter((axis) => out[axis.key]?.as === "sum");
    const next = best(free.length > 0 ? free : others);
    if (!next) return view;
    out[next.key] = begun(next, "x", { as: "sum" });
  }
  return out;
}
function clash(one, other) {
  const curves = (as) => as === "overlay" || as === "stack";
  if (curves(one)) return curves(other) || other === "y";
  return (one === "x" || one === "y") && (one === other || one === "y" && curves(other));
}
function best(axes) {
  return [...axes].sort((a, b) => Number(b.dense) - Number(a.dense) || b.size - a.size)[0];
}

// src/single_bin.ts
function binName(axis, bin) {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const [low, high] = [axis.edges[bin] ?? 0, axis.edges[bin + 1] ?? 0];
  if (axis.discrete && high - low === 1) return `${short(low)}${unit}`;
  return `[${short(low)}, ${short(high)})${unit}`;
}
function binControl(axis, changed) {
  const slider = el("input", {
    type: "range",
    class: "hepnb-handle",
    min: 0,
    max: Math.max(0, axis.size - 1),
    step: 1,
    "aria-label": `${axis.name}: bin`
  });
  const said = el("span", { class: "hepnb-binname" });
  const field = typedField(
    `${axis.name}: bin, typed`,
    "a coordinate in the bin, or #12 for the bin with that number",
    "hepnb-limit",
    (text) => {
      const bin = binTyped(text, axis);
      if ("problem" in bin) return bin.problem;
      place(bin.value);
      changed(bin.value);
      return "";
    }
  );
  const paint = (over) => {
    const text = binName(axis, Number(slider.value));
    setText(said, text);
    slider.setAttribute("aria-valuetext", text);
    field.show(`#${slider.value}`, over);
  };
  const place = (bin) => {
    slider.value = String(bin);
    paint(false);
  };
  slider.addEventListener("input", () => {
    paint(true);
    changed(Number(slider.value));
  });
  const set = (step) => place(step.bin ?? 0);
  const track = el(
    "div",
    { class: "hepnb-slider hepnb-single" },
    el("div", { class: "hepnb-track" }),
    slider
  );
  const node = el("div", { class: "hepnb-range" }, field.input, track, said, field.told);
  return { node, set };
}

// src/axis_row.ts
var MOST = 64;
function axisRow(axis, step, changed) {
  let now = axis;
  let last = step;
  const select = el(
    "select",
    { class: "hepnb-select hepnb-role", "aria-label": `${axis.name}: what to do` },
    ...offers(axis).map(([choice2, text]) => el("option", { value: choice2 }, text))
  );
  const place = el("div", { class: "hepnb-control" });
  const node = el(
    "div",
    { class: "hepnb-axisrow", role: "group", "aria-label": axis.name, "data-axis": axis.key },
    el("bdi", { class: "hepnb-axisname", title: axis.name }, ...labelNodes(axis)),
    select,
    place
  );
  let choice;
  let control;
  const tell = (chosen) => {
    last = chosen;
    changed(chosen);
  };
  const build = (wanted) => {
    if (choice === wanted) return;
    choice = wanted;
    control = controlFor(now, wanted, tell);
    place.replaceChildren(...control ? [control.node] : []);
    node.dataset.role = wanted;
  };
  select.addEventListener("change", () => {
    const wanted = select.value;
    const begins = begun(now, wanted, last);
    build(wanted);
    control?.set(begins);
    control?.open?.();
    tell(begins);
  });
  const set = (wanted) => {
    const kind = choiceOf(wanted, choice);
    last = wanted;
    if (select.value !== kind) select.value = kind;
    build(kind);
    control?.set(wanted);
  };
  const grow = (wider) => {
    if (!grown(now, wider)) return false;
    if (wider.size === now.size) return true;
    const fits = flows(now) === flows(wider) && control?.grow;
    now = wider;
    if (fits) control?.grow?.(wider);
    else {
      choice = void 0;
      set(last);
    }
    return true;
  };
  set(step);
  return { node, set, grow };
}
function grown(before, now) {
  if (before === now) return true;
  const same = ["key", "name", "unit", "dense", "circular", "discrete"].every(
    (word) => before[word] === now[word]
  );
  if (!same || before.edges.length !== now.edges.length || now.size < before.size) return false;
  if (String(before.flow) !== String(now.flow)) return false;
  return before.edges.every((edge, at2) => edge === now.edges[at2]) && before.items.every((item, at2) => item === now.items[at2]);
}
function labelNodes(axis) {
  return axis.label.map(
    ([text, level]) => level === 0 ? text : el(level < 0 ? "sub" : "sup", {}, text)
  );
}
function controlFor(axis, choice, changed) {
  if (choice === "sum") return note(sumWords(axis));
  if (choice === "net") return note("");
  if (choice === "bin") return binControl(axis, (bin) => changed({ as: "bin", bin }));
  if (choice === "range") return rangeOnly(axis, changed);
  const as = choice === "one" ? "pick" : choice;
  const curves = as === "overlay" || as === "stack";
  if (!axis.dense || curves) {
    const options = {
      single: choice === "one",
      orders: as !== "pick",
      first: as === "x" || as === "y" ? Number.POSITIVE_INFINITY : MANY,
      most: curves ? MOST : Number.POSITIVE_INFINITY
    };
    return items(axis, options, (chosen) => changed({ as, items: chosen }));
  }
  return drawn(axis, as === "y" ? "y" : "x", changed);
}
function note(text) {
  return { node: el("span", { class: "hepnb-faint" }, text), set: () => {
  } };
}
function sumWords({ dense, flow: [under, over] }) {
  if (!under && !over) return "";
  if (!dense) return "with what is in no category";
  return under && over ? "with under- and overflow" : under ? "with underflow" : "with overflow";
}
function rangeOnly(axis, changed) {
  const range = rangeControl(
    axis,
    (start, stop) => changed({ as: "range", range: rangeOf(axis, start, stop) ?? null })
  );
  return { node: range.node, set: (step) => range.set(...binsOf(step, axis)) };
}
function drawn(axis, as, changed) {
  let now = { as, range: null, rebin: 1 };
  const change = (part) => {
    now = { ...now, ...part, as };
    set(now);
    changed(now);
  };
  const rebin = rebinControl(
    axis,
    (wanted) => change(typeof wanted === "number" ? { rebin: wanted } : { rebin: wanted, range: null })
  );
  const range = rangeControl(
    axis,
    (start, stop) => change({ range: rangeOf(axis, start, stop) ?? null, rebin: fitting(stop - start) })
  );
  const fitting = (bins) => typeof now.rebin === "number" && now.rebin > bins ? 1 : now.rebin ?? 1;
  const set = (step) => {
    now = step;
    const [start, stop] = binsOf(step, axis);
    range.set(start, stop);
    rebin.set(step.rebin ?? 1, stop - start);
  };
  if (axis.circular) return { node: el("span", { class: "hepnb-faint" }, "the whole circle"), set };
  const parts = axis.discrete ? [range.node] : [range.node, rebin.node];
  return { node: el("div", { class: "hepnb-drawn" }, ...parts), set };
}

// src/axis_rows.ts
var MANY2 = 6;
var AxisRows = class {
  // folded away while the rest is
  /** `changed` gets the view a person made of it, with what follows for the other axes. */
  constructor(changed) {
    this.changed = changed;
    this.node.append(this.list, this.more);
    this.more.addEventListener("click", () => {
      const open = this.more.getAttribute("aria-expanded") !== "true";
      this.more.setAttribute("aria-expanded", String(open));
      if (!open) this.rest();
      this.fold();
    });
  }
  changed;
  node = el("div", { class: "hepnb-axes", role: "group", "aria-label": "Axes" });
  list = el("div", { class: "hepnb-axislist" });
  more = button("", {
    class: "hepnb-button hepnb-more",
    "aria-expanded": "false"
  });
  axes = [];
  view = {};
  rows = /* @__PURE__ */ new Map();
  resting = /* @__PURE__ */ new Set();
  /** Show a view; rows of axes that are as before stay, with all that is half done in them. */
  show(axes, view) {
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
      })
    );
    const nodes = [...this.rows.values()].map((row) => row.node);
    if (nodes.length !== this.list.children.length || nodes.some((n, i) => n !== this.list.children[i]))
      this.list.replaceChildren(...nodes);
    if (first) this.rest();
    this.fold();
  }
  step({ key }, step) {
    const view = settled(this.axes, this.view, key, step);
    this.view = view;
    for (const [other, row] of this.rows) {
      const now = view[other];
      if (now && (other !== key || now !== step)) row.set(now);
    }
    this.fold();
    this.changed(view);
  }
  rest() {
    const idle = this.axes.filter(({ key }) => summed(this.view[key]));
    this.resting = new Set(this.axes.length > MANY2 ? idle.map(({ key }) => key) : []);
  }
  /** What a person uses stays in sight, also once it is summed again. */
  fold() {
    for (const key of this.resting) if (!summed(this.view[key])) this.resting.delete(key);
    const open = this.more.getAttribute("aria-expanded") === "true";
    for (const [key, row] of this.rows) row.node.hidden = !open && this.resting.has(key);
    const names = this.axes.filter(({ key }) => this.resting.has(key)).map(({ name }) => name);
    this.more.hidden = names.length === 0;
    const what = names.length === 1 ? "axis" : "axes";
    setText(
      this.more,
      open ? `fold ${names.length} summed ${what}` : `${names.length} more ${what}, summed: ${names.join(", ")}`
    );
    setAttribute(this.more, "title", open ? null : names.join("\n"));
  }
};
function summed(step) {
  return !step || step.as === "sum" && step.flow !== false;
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
function copyButton(label2, text, face = "copy") {
  const press = button(face, { "aria-label": label2, title: label2 });
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

// src/gone.ts
function goneNotice() {
  const node = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const show = (words2, code) => {
    node.replaceChildren(
      el("span", { class: "hepnb-icon", "aria-hidden": "true" }, "⚠"),
      el("span", {}, `Kernel gone: ${words2} `),
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
    this.rows = new AxisRows((view) => {
      this.view = view;
      this.mover.want({ shown: this.chooser.value, view });
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
  rows;
  code = el("code", { class: "hepnb-code" });
  problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert" });
  gone = goneNotice();
  toggles;
  axes = [];
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
      this.rows.node,
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
    this.view = {};
  }
  /** Take over the view the kernel shows. */
  adopt() {
    if (!this.picture || !this.mover.idle) return;
    this.view = structuredClone(this.picture.view);
    this.chooser.value = this.picture.shown;
    this.rows.show(this.axes, this.view);
  }
  zoom(range) {
    const x = this.axes.find((axis) => this.view[axis.key]?.as === "x");
    const before = x && this.view[x.key];
    if (!x?.dense || x.circular || !before) return;
    if (range === null && !before.range) return;
    const rebin = range === null ? before.rebin ?? 1 : 1;
    this.view = { ...this.view, [x.key]: { as: "x", range, rebin } };
    this.rows.show(this.axes, this.view);
    this.mover.want({ shown: this.chooser.value, view: this.view });
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
