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
function button(label, attributes = {}) {
  return el("button", { type: "button", class: "hepnb-button", ...attributes }, label);
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

// src/arcs.ts
var ROW = 24;
var LETTER = 7.4;
function joined(links) {
  const found = /* @__PURE__ */ new Map();
  for (const { from, to, label } of links) {
    const key = JSON.stringify([from, to]);
    const link = found.get(key) ?? { from, to, labels: [] };
    link.labels.push(label);
    found.set(key, link);
  }
  return [...found.values()];
}
function linkText({ from, to, labels }) {
  return `${from} → ${to} (${labels.join(", ")})`;
}
function arcs(label, links, strong) {
  const names = [...new Set(links.flatMap(({ from, to }) => [from, to]))].sort(
    (a, b) => Number(strong.has(b)) - Number(strong.has(a)) || a.localeCompare(b)
  );
  const place2 = new Map(names.map((name, at) => [name, at]));
  const left = Math.max(...names.map((name) => name.length), 4) * LETTER + 14;
  const reach = (link) => Math.min(22 + 13 * Math.abs((place2.get(link.from) ?? 0) - (place2.get(link.to) ?? 0)), 150);
  const width = left + Math.max(...links.map(reach), 30) + 12;
  const height2 = names.length * ROW + 8;
  const middle = (name) => (place2.get(name) ?? 0) * ROW + ROW / 2 + 4;
  const said = el("p", { class: "hepnb-faint", role: "status" });
  const paths = links.map((link) => {
    const [a, b, x] = [middle(link.from), middle(link.to), reach(link)];
    const [start, end] = link.from === link.to ? [a - 5, b + 5] : [a - 3, b + 3];
    return svg(
      "g",
      { class: "hepnb-arc", "data-from": link.from, "data-to": link.to },
      svg("title", {}, linkText(link)),
      svg("path", {
        d: `M${left} ${start}C${left + x * 1.3} ${start} ${left + x * 1.3} ${end} ${left + 7} ${end}`
      }),
      svg("path", { class: "hepnb-arrow", d: `M${left + 1} ${end}l8 -4v8z` })
    );
  });
  const show = (name) => {
    const own = links.filter(({ from, to }) => name === null || from === name || to === name);
    paths.forEach((path, at) => {
      const link = links[at];
      path.classList.toggle("hepnb-dim", link !== void 0 && !own.includes(link));
    });
    setText(said, name === null ? "" : own.map(linkText).join("; "));
  };
  const nodes = names.map((name) => {
    const own = links.filter(({ from, to }) => from === name || to === name);
    const node = svg(
      "g",
      {
        class: strong.has(name) ? "hepnb-node" : "hepnb-node hepnb-weak",
        role: "img",
        tabindex: "0",
        "aria-label": `${name}: ${own.map(linkText).join("; ")}`
      },
      svg("rect", { x: 2, y: middle(name) - 10, width: left - 6, height: 20, rx: 4 }),
      svg("text", { x: left - 9, y: middle(name) + 4, "text-anchor": "end" }, name)
    );
    node.addEventListener("focus", () => show(name));
    node.addEventListener("blur", () => show(null));
    node.addEventListener("mouseenter", () => show(name));
    node.addEventListener("mouseleave", () => show(null));
    return node;
  });
  const picture = svg(
    "svg",
    { class: "hepnb-arcs", role: "group", "aria-label": label, width, height: height2 },
    ...paths,
    ...nodes
  );
  const list = el("ul", {}, ...links.map((link) => el("li", {}, linkText(link))));
  return el(
    "div",
    {},
    el(
      "div",
      { class: "hepnb-scroller", tabindex: "0", role: "group", "aria-label": label },
      picture
    ),
    said,
    el("details", { class: "hepnb-details" }, el("summary", {}, "as a list"), list)
  );
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
  const [whole2 = "0", part = ""] = size.toFixed(Math.min(decimals, 12)).split(".");
  const tail = part.replace(/0+$/, "");
  return grouped(whole2, value < 0) + (tail ? `.${tail}` : "");
}
function grouped(digits, negative) {
  const out = digits.length > 4 ? digits.replace(/\B(?=(\d{3})+$)/g, THIN) : digits;
  return negative ? `−${out}` : out;
}
function scaled(value) {
  for (const [limit, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"]
  ]) {
    if (Math.abs(value) >= limit) {
      return `${(value / (letter === "k" ? 1e3 : limit)).toPrecision(3)}${THIN}${letter}`;
    }
  }
  return number(Math.abs(value) >= 100 ? Math.round(value) : value, 3);
}
function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let at = 0;
  while (size >= 1e3 && at < units.length - 1) {
    size /= 1e3;
    at += 1;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toPrecision(3)}${THIN}${units[at]}`;
}
function duration(seconds2) {
  const whole2 = Math.max(0, Math.round(seconds2));
  const two = (n) => String(n).padStart(2, "0");
  if (whole2 < 60) return `${seconds2 < 9.95 && seconds2 > 0 ? seconds2.toFixed(1) : whole2} s`;
  if (whole2 < 3600) return `${Math.floor(whole2 / 60)} min ${two(whole2 % 60)} s`;
  const minutes = Math.round(seconds2 / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
function remaining(eta, error) {
  if (eta === null) return "";
  if (error === null || error <= 0) return `about ${duration(Math.ceil(eta))} left`;
  const unit = eta >= 5400 ? 3600 : eta >= 90 ? 60 : 1;
  const name = unit === 3600 ? "h" : unit === 60 ? "min" : "s";
  const spread = error / unit;
  const decimals = spread < 1 && unit > 1 ? 1 : spread < 0.95 ? 1 : 0;
  return `${(eta / unit).toFixed(decimals)} ± ${Math.max(spread, 0.1).toFixed(decimals)} ${name} left`;
}
function percent(part, whole2) {
  if (whole2 <= 0) return "–";
  const share2 = 100 * part / whole2;
  if (share2 > 99.9 && part < whole2) return "99.9 %";
  return `${share2 >= 10 || share2 === 0 ? share2.toFixed(1).replace(".0", "") : share2.toPrecision(2)} %`;
}
function clock(seconds2) {
  const at = new Date(seconds2 * 1e3);
  const two = (n, width = 2) => String(n).padStart(width, "0");
  const fraction2 = two(at.getMilliseconds(), 3);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${fraction2}`;
}

// src/moments.ts
function momentsOf({ history, collections, progress }) {
  const now = {
    chunks: progress.chunks,
    events: progress.events,
    collections: Object.fromEntries(
      collections.map(({ name, events, total }) => [name, [events, total]])
    )
  };
  const kept = (history ?? []).filter(({ chunks }) => chunks < now.chunks);
  return [...kept, now];
}
function countAt(moments, at, name) {
  const [events, total] = moments[at]?.collections[name] ?? [0, 0];
  const [before, less] = moments[at - 1]?.collections[name] ?? [0, 0];
  const ratio2 = (n, d) => d > 0 ? n / d : null;
  return {
    events,
    total,
    mean: ratio2(total, events),
    since: ratio2(total - less, events - before)
  };
}
function placeOf(moments, chunks) {
  let best = 0;
  moments.forEach((moment, at) => {
    const far = Math.abs((moments[best]?.chunks ?? 0) - chunks);
    if (Math.abs(moment.chunks - chunks) < far) best = at;
  });
  return best;
}

// src/sizes.ts
var MOST = 31;
function sizesText({ name, sizes, max }) {
  const all = (sizes ?? []).reduce((sum, n) => sum + n, 0);
  if (!sizes || all === 0) return `${name}: no events yet`;
  const usual = sizes.indexOf(Math.max(...sizes));
  const more = usual >= MOST ? `${MOST} or more` : String(usual);
  return `${name}: most often ${more} (${percent(sizes[usual] ?? 0, all)} of events), none in ${percent(sizes[0] ?? 0, all)}, at most ${number(max)}`;
}
function spark(collection) {
  const sizes = collection.sizes ?? [];
  const most = Math.max(...sizes, 1);
  const bars = sizes.map((n, at) => {
    const height2 = n > 0 ? Math.max(1, n / most * 20) : 0;
    return svg("rect", { x: at * 4, y: 21 - height2, width: 3, height: height2 });
  });
  const picture = svg(
    "svg",
    {
      class: "hepnb-spark",
      role: "img",
      "aria-label": sizesText(collection),
      width: 128,
      height: 22,
      viewBox: "0 0 128 22"
    },
    svg("title", {}, sizesText(collection)),
    ...bars,
    svg("path", { class: "hepnb-axis", d: "M0 21.5H128" })
  );
  return picture;
}
var WIDTH = 420;
var HEIGHT = 140;
var LEFT = 46;
var BASE = 104;
var TOP = 10;
function sizesPicture(collection) {
  const sizes = collection.sizes ?? [];
  const all = sizes.reduce((sum, n) => sum + n, 0);
  const places = Math.max(6, sizes.length);
  const step = (WIDTH - LEFT) / places;
  const most = Math.max(...sizes, 1);
  const bars = sizes.map((n, at) => {
    const height2 = n / most * (BASE - TOP);
    const what = at >= MOST ? `${MOST} or more` : String(at);
    return svg(
      "rect",
      { x: LEFT + at * step + 1, y: BASE - height2, width: Math.max(1, step - 2), height: height2 },
      svg("title", {}, `${what}: ${number(n)} events, ${percent(n, all)}`)
    );
  });
  const every = places > 16 ? 5 : 1;
  const ticks = Array.from({ length: places }, (_, at) => at).filter((at) => at % every === 0 || at === MOST).map(
    (at) => svg(
      "text",
      { x: LEFT + (at + 0.5) * step, y: BASE + 14, "text-anchor": "middle" },
      at >= MOST ? `≥${MOST}` : String(at)
    )
  );
  const share2 = all > 0 ? percent(most, all) : "";
  return svg(
    "svg",
    {
      class: "hepnb-sizes",
      role: "img",
      "aria-label": sizesText(collection),
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`
    },
    svg("path", { class: "hepnb-axis", d: `M${LEFT} ${TOP}V${BASE}H${WIDTH}` }),
    ...bars,
    ...ticks,
    svg("text", { x: LEFT - 5, y: TOP + 9, "text-anchor": "end" }, share2),
    svg("text", { x: LEFT - 5, y: BASE, "text-anchor": "end" }, "0"),
    svg(
      "text",
      { x: (LEFT + WIDTH) / 2, y: BASE + 30, "text-anchor": "middle" },
      `${collection.name} per event`
    )
  );
}
function trendPicture(moments, name, at) {
  const values = moments.map((_, place2) => countAt(moments, place2, name).since);
  const known = values.filter((value) => value !== null);
  const high = Math.max(...known, Number.MIN_VALUE) * 1.15;
  const last = Math.max(1, moments.at(-1)?.events ?? 1);
  const x = (place2) => LEFT + (moments[place2]?.events ?? 0) / last * (WIDTH - LEFT - 8);
  const y = (value) => BASE - value / high * (BASE - TOP);
  const points = values.flatMap(
    (value, place2) => value === null ? [] : [`${x(place2).toFixed(1)} ${y(value).toFixed(1)}`]
  );
  const here = values[at];
  const range = known.length ? `from ${number(Math.min(...known), 3)} to ${number(Math.max(...known), 3)}` : "not known yet";
  const mark = here === null || here === void 0 ? [] : [svg("circle", { class: "hepnb-mark", cx: x(at), cy: y(here), r: 4 })];
  return svg(
    "svg",
    {
      class: "hepnb-sizes",
      role: "img",
      "aria-label": `${name} per event through the run: ${range}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`
    },
    svg("path", { class: "hepnb-axis", d: `M${LEFT} ${TOP}V${BASE}H${WIDTH}` }),
    svg("path", { class: "hepnb-trend", d: points.length ? `M${points.join("L")}` : "M0 0" }),
    ...mark,
    svg("text", { x: LEFT - 5, y: TOP + 9, "text-anchor": "end" }, number(high, 2)),
    svg("text", { x: LEFT - 5, y: BASE, "text-anchor": "end" }, "0"),
    svg("text", { x: LEFT, y: BASE + 14 }, "0"),
    svg("text", { x: WIDTH - 4, y: BASE + 14, "text-anchor": "end" }, number(last)),
    svg(
      "text",
      { x: (LEFT + WIDTH) / 2, y: BASE + 30, "text-anchor": "middle" },
      "mean per event, by events done"
    )
  );
}
function figure(caption, picture) {
  return el("figure", { class: "hepnb-figure" }, el("figcaption", {}, caption), picture);
}

// src/copy.ts
function copyButton(label, text, face = "copy") {
  const press = button(face, { "aria-label": label, title: label });
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

// src/csv.ts
function csv(rows) {
  return rows.map((row) => `${row.map(quoted).join(",")}
`).join("");
}
function quoted(value) {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// src/table.ts
var Table = class {
  /** `copies`: with a button that copies the rows as CSV, in the order in which they stand. */
  constructor(caption, columns, nothing, copies = false) {
    this.columns = columns;
    this.heads = columns.map(
      (column, at) => el("th", { scope: "col", title: column.title, class: style(column) }, this.head(column, at))
    );
    this.body = el("tbody");
    this.empty = el("p", { class: "hepnb-faint" }, nothing);
    const table = el(
      "table",
      { class: "hepnb-table" },
      el("caption", { class: "hepnb-offscreen" }, caption),
      el("thead", {}, el("tr", {}, ...this.heads)),
      this.body
    );
    const scroller = el(
      "div",
      { class: "hepnb-scroller", tabindex: "0", role: "group", "aria-label": caption },
      table
    );
    this.node = el("div", { class: "hepnb-tablebox" }, scroller, this.empty);
    if (copies) {
      const press = copyButton(`copy as CSV: ${caption}`, () => this.csv(), "copy as CSV");
      this.copy = el("div", { class: "hepnb-tablefoot" }, press);
      this.node.append(this.copy);
    }
    this.fill([]);
  }
  columns;
  node;
  body;
  empty;
  heads;
  copy;
  rows = [];
  sorted;
  fill(given) {
    this.rows = given;
    const rows = this.inOrder(given);
    this.empty.hidden = rows.length > 0;
    if (this.copy) this.copy.hidden = rows.length === 0;
    this.node.firstElementChild.hidden = rows.length === 0;
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    rows.forEach((cells, at) => {
      const row = this.body.rows[at] ?? this.addRow();
      cells.forEach((cell, column) => {
        const place2 = row.cells[column];
        if (place2) fillCell(place2, cell);
      });
    });
  }
  /** The rows as they stand, numbers in full. */
  csv() {
    const kept = this.columns.flatMap(({ csv: head }, at) => head === null ? [] : [at]);
    const heads = kept.map((at) => this.columns[at]?.csv ?? this.columns[at]?.head ?? "");
    const rows = this.inOrder(this.rows).map((cells) => kept.map((at) => keyOf(cells[at])));
    return csv([heads, ...rows]);
  }
  head(column, at) {
    if (!column.sorts) return column.head;
    const press = el("button", { type: "button", class: "hepnb-sort" }, column.head);
    press.addEventListener("click", () => this.sortBy(at));
    return press;
  }
  /** Numbers fall at first, since the largest is what one looks for; texts rise; then the other
   *  way, then the order in which the rows were given. */
  sortBy(column) {
    const first = this.columns[column]?.numeric ?? false;
    const again = this.sorted?.column === column;
    if (again && this.sorted?.falling !== first) this.sorted = void 0;
    else this.sorted = { column, falling: again ? !first : first };
    this.heads.forEach((head, at) => {
      const way = this.sorted?.falling ? "descending" : "ascending";
      setAttribute(head, "aria-sort", this.sorted && at === column ? way : null);
    });
    this.fill(this.rows);
  }
  inOrder(rows) {
    if (!this.sorted) return rows;
    const { column, falling } = this.sorted;
    return [...rows].sort((a, b) => {
      const order = compare(keyOf(a[column]), keyOf(b[column]));
      return falling ? -order : order;
    });
  }
  addRow() {
    const cells = this.columns.map((column, at) => {
      const attributes = { class: style(column) };
      return at === 0 ? el("th", { scope: "row", ...attributes }) : el("td", attributes);
    });
    const row = el("tr", {}, ...cells);
    this.body.append(row);
    return row;
  }
};
function style({ numeric, wrap }) {
  return numeric ? "hepnb-number" : wrap ? "hepnb-wrap" : void 0;
}
function fillCell(place2, cell) {
  setAttribute(place2, "title", cell.title ?? null);
  setAttribute(place2, "data-tone", cell.tone ?? null);
  if (cell.node) {
    if (place2.firstChild !== cell.node) place2.replaceChildren(cell.node);
    return;
  }
  if (cell.bar === void 0) {
    setText(place2, cell.text);
    return;
  }
  const bar = place2.querySelector(".hepnb-bar") ?? el("span", { class: "hepnb-bar" });
  const text = place2.querySelector(".hepnb-barbox + span") ?? el("span");
  if (!bar.parentElement) place2.append(el("span", { class: "hepnb-barbox" }, bar), text);
  bar.style.width = `${(Math.min(1, Math.max(0, cell.bar)) * 100).toFixed(1)}%`;
  setText(text, cell.text);
}
function keyOf(cell) {
  return cell?.key === void 0 ? cell?.text ?? null : cell.key;
}
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string")
    return a.localeCompare(b, void 0, { numeric: true });
  const rank = (value) => typeof value === "number" ? 0 : typeof value === "string" ? 1 : 2;
  return rank(a) - rank(b);
}

// src/collections.ts
var NOTHING = { collections: {}, columns: [], references: [] };
function collectionsPart() {
  const table = new Table(
    "Collections",
    [
      { head: "collection", sorts: true },
      { head: "objects", numeric: true, sorts: true, title: "objects in all events until then" },
      { head: "per event", numeric: true, sorts: true, title: "mean number of objects per event" },
      { head: "this part", numeric: true, sorts: true, title: "the same since the moment before" },
      { head: "min–max", numeric: true, title: "fewest and most objects in one event" },
      { head: "sizes", csv: null, title: "events with no object, with one, with two, ..." }
    ],
    "No collection was read yet.",
    true
  );
  const slider = momentSlider(() => redraw());
  const panel = el("div", { id: uniqueId("collection") });
  const pictures = el("div", { class: "hepnb-figures" });
  const title = el("h4", { class: "hepnb-h" });
  const fields = fieldsTable();
  panel.append(title, pictures, fields.node);
  const relations = el("div");
  const node = el("div", {}, slider.node, table.node, panel, relations);
  const heads = /* @__PURE__ */ new Map();
  let latest;
  let chosen = "";
  let linked = "";
  const head = (name) => {
    const known = heads.get(name);
    if (known) return known;
    const press = el("button", { type: "button", class: "hepnb-link" }, name);
    press.setAttribute("aria-controls", panel.id);
    press.addEventListener("click", () => {
      chosen = name;
      redraw();
    });
    heads.set(name, press);
    return press;
  };
  const redraw = () => {
    if (!latest) return;
    const { collections } = latest;
    const schema = latest.schema ?? NOTHING;
    const moments = momentsOf(latest);
    const at = slider.show(moments);
    if (!collections.some(({ name }) => name === chosen)) chosen = collections[0]?.name ?? "";
    table.fill(
      collectionRows(collections, moments, at).map((row, place2) => {
        const collection = collections[place2];
        if (!collection) return row;
        const press = head(collection.name);
        setAttribute(press, "aria-pressed", String(collection.name === chosen));
        return [{ ...row[0], text: collection.name, node: press }, ...row.slice(1)];
      })
    );
    drawChosen(collections, moments, at, schema);
    drawRelations(schema);
  };
  const drawChosen = (collections, moments, at, schema) => {
    const one = collections.find(({ name }) => name === chosen);
    panel.hidden = one === void 0;
    if (!one) return;
    const own = schema.collections[chosen] ?? [];
    const read = own.filter((field) => field.read).length;
    setText(title, own.length ? `${chosen}: ${read} of ${own.length} fields are read` : chosen);
    const shown = [];
    if (one.sizes?.length) shown.push(figure("Sizes, all events so far", sizesPicture(one)));
    if (moments.length > 1)
      shown.push(figure("Through the run", trendPicture(moments, chosen, at)));
    pictures.replaceChildren(...shown);
    fields.node.hidden = own.length === 0;
    fields.fill([...own].sort((a, b) => Number(b.read) - Number(a.read)).map(fieldRow));
  };
  const drawRelations = (schema) => {
    const links = joined(
      schema.references.map(({ from, field, to }) => ({ from, to, label: field }))
    );
    const key = JSON.stringify([links, Object.keys(schema.collections)]);
    if (key === linked) return;
    linked = key;
    relations.replaceChildren();
    if (links.length === 0) return;
    const words = "Which collection refers to which";
    const strong = new Set(Object.keys(schema.collections));
    relations.append(
      el("h4", { class: "hepnb-h" }, "References"),
      el(
        "p",
        { class: "hepnb-faint" },
        "Index branches of the file; collections that are not read are faint."
      ),
      arcs(words, links, strong)
    );
  };
  const update = (snapshot) => {
    latest = snapshot;
    redraw();
  };
  return { node, update };
}
function momentSlider(moved) {
  const input = el("input", { type: "range", class: "hepnb-slider", min: 0, step: 1 });
  const id = uniqueId("moment");
  input.id = id;
  const words = el("output", { class: "hepnb-count", for: id });
  const node = el("div", { class: "hepnb-row" }, el("label", { for: id }, "After"), input, words);
  let kept = null;
  let shown = [];
  input.addEventListener("input", () => {
    const at = Number(input.value);
    kept = at >= shown.length - 1 ? null : shown[at]?.chunks ?? null;
    moved();
  });
  const show = (moments) => {
    shown = moments;
    const at = kept === null ? moments.length - 1 : placeOf(moments, kept);
    const { events, chunks } = moments[at] ?? { events: 0, chunks: 0 };
    const now = at === moments.length - 1;
    const text = `${number(events)} events, ${number(chunks)} chunks${now ? " (latest)" : ""}`;
    setAttribute(input, "max", String(Math.max(0, moments.length - 1)));
    if (input.value !== String(at)) input.value = String(at);
    setAttribute(input, "aria-valuetext", text);
    setText(words, text);
    node.hidden = moments.length < 2;
    return at;
  };
  return { node, show };
}
function collectionRows(collections, moments, at = moments.length - 1) {
  const counts = collections.map(({ name }) => countAt(moments, at, name));
  const most = Math.max(...counts.map(({ mean }) => mean ?? 0), Number.MIN_VALUE);
  const now = at === moments.length - 1;
  return collections.map((collection, place2) => {
    const { total, mean, since } = counts[place2] ?? { total: 0, mean: null, since: null };
    const range = `${number(collection.min)}–${number(collection.max)}`;
    return [
      { text: collection.name, key: collection.name },
      { text: number(total), key: total },
      { text: mean?.toFixed(3) ?? "–", bar: (mean ?? 0) / most, key: mean },
      { text: since?.toFixed(3) ?? "–", key: since },
      now ? { text: range } : { text: "–", key: null, title: "known of all events only" },
      now && collection.sizes?.length ? { text: "", node: spark(collection) } : { text: "" }
    ];
  });
}
function fieldsTable() {
  return new Table(
    "Fields",
    [
      { head: "field", sorts: true },
      { head: "read", sorts: true },
      { head: "type", sorts: true },
      { head: "unit", sorts: true, title: "where the description names one" },
      { head: "description in the file", wrap: true }
    ],
    "",
    true
  );
}
function fieldRow({ name, dtype, unit, doc, read }) {
  const tone = read ? "" : "faint";
  return [
    { text: name, tone },
    { text: read ? "✓ read" : "–", tone: read ? "good" : "faint", key: read ? 0 : 1 },
    { text: dtype, tone },
    { text: unit, tone },
    { text: doc, tone }
  ];
}

// src/failure.ts
function failurePart() {
  const title = el("strong");
  const chunk = el("span", { class: "hepnb-faint" });
  const traceback = el("pre", { class: "hepnb-pre", tabindex: "0", "aria-label": "Traceback" });
  const copy2 = copyButton("Copy the traceback", () => traceback.textContent ?? "");
  const head = el(
    "div",
    { class: "hepnb-row" },
    el("span", { "aria-hidden": "true" }, "✗"),
    title,
    chunk,
    copy2
  );
  const node = el(
    "div",
    { class: "hepnb-notice hepnb-error", role: "alert", hidden: true },
    head,
    traceback
  );
  const update = ({ error }) => {
    node.hidden = error === null;
    if (!error) return;
    setText(title, error.title);
    setText(chunk, error.chunk ? `in ${error.chunk}` : "");
    setText(traceback, error.traceback);
    traceback.hidden = error.traceback === "";
  };
  return { node, update };
}

// src/files.ts
var WORDS = {
  ok: ["✓ read", "good"],
  failed: ["✗ failed", "bad"],
  skipped: ["– skipped", "warn"],
  running: ["▶ reading", ""],
  waiting: ["○ waiting", "faint"]
};
function filesPart() {
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
      { head: "reason", wrap: true }
    ],
    "No file is known yet.",
    true
  );
  const more = document.createElement("p");
  more.className = "hepnb-faint";
  table.node.append(more);
  return {
    node: table.node,
    update: ({ files, files_omitted }) => {
      table.fill(files.map(fileRow));
      more.textContent = files_omitted ? `and ${number(files_omitted)} more files: run.files` : "";
    }
  };
}
function fileRow(file) {
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
    { text: file.reason, title: file.reason, tone: file.reason ? "bad" : "" }
  ];
}
function baseName(path) {
  return path.split("/").pop() || path;
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

// src/cancel.ts
function cancelButton(label, ask) {
  const press = button(label);
  const answer = el("span", { class: "hepnb-said", role: "status" });
  let armed = 0;
  const calm = () => {
    window.clearTimeout(armed);
    armed = 0;
    setText(press, label);
    press.classList.remove("hepnb-danger");
  };
  press.addEventListener("click", async () => {
    if (!armed) {
      setText(press, "Really cancel?");
      press.classList.add("hepnb-danger");
      armed = window.setTimeout(calm, 5e3);
      return;
    }
    calm();
    press.disabled = true;
    setText(answer, "cancelling …");
    const { ok, error } = await ask();
    if (!ok) {
      setText(answer, error ?? "");
      press.disabled = false;
    }
  });
  press.addEventListener("blur", calm);
  press.addEventListener("keydown", (event) => {
    if (event.key === "Escape") calm();
  });
  const allow = (possible) => {
    press.hidden = !possible;
    if (!possible) {
      press.disabled = false;
      setText(answer, "");
    }
  };
  return { node: el("span", { class: "hepnb-cancel" }, press, answer), allow };
}

// src/snapshot.ts
var ENDED = /* @__PURE__ */ new Set(["done", "failed", "cancelled", "lost"]);
function ended(state) {
  return ENDED.has(state);
}

// src/states.ts
var SIGNS = {
  waiting: "○",
  starting: "◌",
  running: "▶",
  paused: "‖",
  done: "✓",
  failed: "✗",
  cancelled: "■",
  lost: "?"
};
function sign(state) {
  return SIGNS[state] ?? "?";
}
function statePill() {
  const icon = el("span", { class: "hepnb-icon", "aria-hidden": "true" });
  const word = el("span");
  const node = el("span", { class: "hepnb-state", role: "status" }, icon, word);
  const show = (state) => {
    setText(icon, sign(state));
    setText(word, state);
    setAttribute(node, "data-state", state);
  };
  return { node, show };
}

// src/header.ts
var SILENCE = 10;
function headerPart(channel) {
  const state = statePill();
  const name = el("strong", { class: "hepnb-name" });
  const id = el("code", { class: "hepnb-id hepnb-faint" });
  const elapsed = el("span", { class: "hepnb-elapsed" });
  const silence = el("span", { class: "hepnb-faint" });
  const cancel = cancelButton("Cancel run", () => channel.request("cancel"));
  const node = el(
    "div",
    { class: "hepnb-head" },
    state.node,
    name,
    id,
    elapsed,
    silence,
    cancel.node
  );
  let latest;
  let received = 0;
  const tick = () => {
    if (!latest) return;
    const since = ended(latest.state) ? 0 : (performance.now() - received) / 1e3;
    const end = latest.ended ?? latest.now + since;
    setText(elapsed, duration(latest.started > 0 ? end - latest.started : 0));
    setText(silence, since > SILENCE ? `no news for ${duration(since)}` : "");
  };
  const timer = window.setInterval(tick, 1e3);
  const update = (snapshot) => {
    latest = snapshot;
    received = performance.now();
    state.show(snapshot.state);
    setText(name, snapshot.name);
    setText(id, snapshot.id);
    cancel.allow(!ended(snapshot.state));
    tick();
  };
  return { node, update, close: () => window.clearInterval(timer) };
}

// src/log_window.ts
var ROW2 = 20;
var PAGE = 200;
var TALLEST = 15e6;
function height(total) {
  return Math.min(total * ROW2, TALLEST);
}
function visible(scrollTop, viewport, total) {
  const rows = Math.ceil(viewport / ROW2) + 1;
  const full = total * ROW2;
  const tall = height(total);
  if (full <= tall) {
    const first2 = clamp(Math.floor(scrollTop / ROW2), 0, Math.max(0, total - 1));
    return { first: first2, count: Math.min(rows, total - first2), offset: first2 * ROW2 };
  }
  const share2 = scrollTop / Math.max(1, tall - viewport);
  const first = clamp(Math.round(share2 * (total - rows + 1)), 0, Math.max(0, total - rows + 1));
  return { first, count: Math.min(rows, total - first), offset: scrollTop };
}
function pagesFor(first, count) {
  if (count <= 0) return [];
  const out = [];
  for (let p = Math.floor(first / PAGE); p <= Math.floor((first + count - 1) / PAGE); p += 1)
    out.push(p);
  return out;
}
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// src/log_source.ts
var KEPT = 20;
var LogSource = class {
  constructor(channel, changed) {
    this.channel = channel;
    this.changed = changed;
  }
  channel;
  changed;
  total = 0;
  /** Whether `total` is the answer to the filter that is set. */
  known = true;
  problem = "";
  wanted = { levels: null, search: "" };
  tail = [];
  pages = /* @__PURE__ */ new Map();
  asking = false;
  again = null;
  generation = 0;
  counted = -1;
  get filtered() {
    return this.wanted.levels !== null || this.wanted.search !== "";
  }
  /** A new state of the run: the tail and how many lines there are. */
  update({ total, tail }) {
    this.tail = tail;
    if (!this.filtered) {
      this.total = total;
    } else if (total !== this.counted) {
      this.ask(Math.max(0, Math.ceil(this.total / PAGE) - 1));
    }
    this.counted = total;
  }
  filter(change) {
    this.wanted = { ...this.wanted, ...change };
    this.generation += 1;
    this.pages.clear();
    this.problem = "";
    if (this.filtered) {
      this.known = false;
      this.total = 0;
      this.ask(0);
    } else {
      this.total = Math.max(0, this.counted);
    }
    this.changed();
  }
  /** Lines `first` to `first + count`; those that are not here are asked for. */
  lines(first, count) {
    const out = [];
    for (let line = first; line < first + count; line += 1) out.push(this.at(line));
    const missing = pagesFor(first, count).find(
      (page) => out.some((record, at) => !record && Math.floor((first + at) / PAGE) === page)
    );
    if (missing !== void 0) this.ask(missing);
    return out;
  }
  at(line) {
    const back = line - (this.total - this.tail.length);
    if (!this.filtered && back >= 0) return this.tail[back];
    return this.pages.get(Math.floor(line / PAGE))?.[line % PAGE];
  }
  ask(page) {
    if (this.asking) {
      this.again = page;
      return;
    }
    this.asking = true;
    const generation = this.generation;
    const { levels, search } = this.wanted;
    const body = { start: page * PAGE, count: PAGE, levels, search: search || null };
    void this.channel.request("log", body).then(({ ok, result, error }) => {
      this.asking = false;
      const next = this.again;
      this.again = null;
      if (generation === this.generation) {
        if (ok) this.keep(page, result);
        else if (error !== "superseded") this.problem = error ?? "";
        this.changed();
      }
      if (next !== null) this.ask(next);
      else if (generation !== this.generation && this.filtered) this.ask(0);
    });
  }
  keep(page, answer) {
    this.problem = "";
    this.known = true;
    if (this.filtered) this.total = answer.total;
    this.pages.delete(page);
    this.pages.set(page, answer.records);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(old);
    }
  }
};

// src/log.ts
var LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
function logPart(channel) {
  const source = new LogSource(channel, () => draw());
  const levels = el("div", { class: "hepnb-row", role: "group", "aria-label": "Levels" });
  const search = el("input", {
    type: "search",
    class: "hepnb-input",
    placeholder: "search",
    "aria-label": "Search the log"
  });
  const follow = el("input", { type: "checkbox", checked: true });
  const found = el("span", { class: "hepnb-faint", role: "status" });
  const bar = el(
    "div",
    { class: "hepnb-row hepnb-logbar" },
    levels,
    search,
    el("label", { class: "hepnb-check" }, follow, "follow"),
    found
  );
  const rows = el("div", { class: "hepnb-logrows", role: "rowgroup" });
  const spacer = el("div", { class: "hepnb-logspace", role: "presentation" }, rows);
  const table = el("div", { role: "table", "aria-label": "Log lines" }, spacer);
  const scroller = el(
    "div",
    { class: "hepnb-log", tabindex: "0", role: "group", "aria-label": "Log" },
    table
  );
  const full = el("pre", {
    class: "hepnb-pre hepnb-logfull",
    tabindex: "0",
    "aria-label": "Whole message",
    hidden: true
  });
  const empty = el("p", { class: "hepnb-faint" }, "Nothing was logged.");
  const node = el("div", {}, bar, scroller, full, empty);
  let selected = -1;
  const draw = () => {
    empty.hidden = source.total > 0 || source.filtered;
    scroller.hidden = !empty.hidden;
    setText(found, describe(source));
    spacer.style.height = `${height(source.total)}px`;
    if (follow.checked) scroller.scrollTop = scroller.scrollHeight;
    const seen = visible(scroller.scrollTop, scroller.clientHeight || 240, source.total);
    const records = source.lines(seen.first, seen.count);
    rows.style.transform = `translateY(${seen.offset}px)`;
    setAttribute(table, "aria-rowcount", String(source.total));
    while (rows.children.length > records.length) rows.lastElementChild?.remove();
    records.forEach((record, at) => {
      const row = rows.children[at] ?? addRow(rows);
      fillRow(row, record, seen.first + at, selected);
    });
  };
  rows.addEventListener("click", (event) => {
    const row = event.target.closest(".hepnb-logrow");
    const record = row ? source.at(Number(row.dataset.line)) : void 0;
    if (!record) return;
    selected = selected === record.n ? -1 : record.n;
    full.hidden = selected < 0;
    setText(full, whole(record));
    draw();
  });
  scroller.addEventListener("scroll", () => {
    const end = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    if (end > 30 && follow.checked && scroller.matches(":hover, :focus-within"))
      follow.checked = false;
    draw();
  });
  follow.addEventListener("change", draw);
  let typing = 0;
  search.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(() => source.filter({ search: search.value }), 200);
  });
  node.addEventListener("hepnb-shown", draw);
  const update = ({ log }) => {
    fillLevels(levels, log.counts, source);
    source.update(log);
    draw();
  };
  return { node, update };
}
function describe(source) {
  if (source.problem) return source.problem;
  if (!source.filtered) return `${number(source.total)} lines`;
  return source.known ? `${number(source.total)} lines found` : "searching …";
}
function fillLevels(box, counts, source) {
  const names = [
    ...LEVELS.filter((l) => l in counts),
    ...Object.keys(counts).filter((l) => !LEVELS.includes(l))
  ];
  for (const level of names) {
    let toggle = box.querySelector(`[data-level="${CSS.escape(level)}"]`);
    if (!toggle) {
      toggle = el(
        "button",
        { type: "button", class: "hepnb-toggle", "aria-pressed": "true", "data-level": level },
        el("span", {}, level),
        " ",
        el("span", { class: "hepnb-count" })
      );
      const made = toggle;
      made.addEventListener("click", () => {
        const on = made.getAttribute("aria-pressed") !== "true";
        made.setAttribute("aria-pressed", String(on));
        const off = [...box.children].filter((b) => b.getAttribute("aria-pressed") === "false");
        const shown = [...box.children].filter((b) => b.getAttribute("aria-pressed") === "true");
        const level2 = (b) => b.dataset.level ?? "";
        source.filter({ levels: off.length > 0 ? shown.map(level2) : null });
      });
      box.append(made);
    }
    const count = toggle.querySelector(".hepnb-count");
    if (count) setText(count, number(counts[level] ?? 0));
  }
}
function addRow(rows) {
  const cells = ["time", "level", "where", "text"].map(
    (name) => el("span", { role: "cell", class: `hepnb-log-${name}` })
  );
  const row = el("div", { class: "hepnb-logrow", role: "row" }, ...cells);
  rows.append(row);
  return row;
}
function fillRow(row, record, line, selected) {
  row.dataset.line = String(line);
  row.dataset.level = record?.level ?? "";
  row.classList.toggle("hepnb-selected", record !== void 0 && record.n === selected);
  setAttribute(row, "aria-rowindex", String(line + 1));
  const [time, level, where, text] = row.children;
  if (!time || !level || !where || !text) return;
  setText(time, record ? clock(record.time) : "");
  setText(level, record?.level ?? "");
  setText(where, record ? place(record) : "");
  setAttribute(where, "title", record ? place(record) : null);
  setText(text, record ? firstLine(record) : "…");
  setAttribute(text, "title", record ? "click for the whole message" : null);
}
function place({ worker, chunk }) {
  const who = worker === null || worker === void 0 || worker === "" ? "" : `w${worker}`;
  return [who, chunk].filter((part) => part).join(" ");
}
function firstLine({ text, repeat }) {
  const times = repeat > 1 ? `× ${number(repeat)}  ` : "";
  const end = text.indexOf("\n");
  return times + (end < 0 ? text : `${text.slice(0, end)} ⏎`);
}
function whole(record) {
  const head = [clock(record.time), record.level, record.logger, place(record)].filter((p) => p).join("  ");
  const times = record.repeat > 1 ? `  (${number(record.repeat)} times)` : "";
  return `${head}${times}
${record.text}`;
}

// src/loss.ts
function lossPart() {
  const node = el("div", { class: "hepnb-notice hepnb-warning", role: "alert", hidden: true });
  const update = ({ progress }) => {
    const loss = lossOf(progress);
    node.hidden = loss === "";
    if (loss)
      setText(
        node,
        `⚠ ${loss}: not in any histogram or total. The ledger of files (run.files) has the reasons.`
      );
  };
  return { node, update };
}
function lossOf({
  files_failed,
  events_lost
}) {
  const parts = [];
  if (files_failed > 0)
    parts.push(`${number(files_failed)} ${files_failed === 1 ? "file" : "files"} failed`);
  if (events_lost > 0) parts.push(`${number(events_lost)} events lost`);
  return parts.join(", ");
}

// src/progress.ts
function progressPart() {
  const fill = el("div", { class: "hepnb-fill" });
  const bar = el(
    "div",
    {
      class: "hepnb-progress",
      role: "progressbar",
      "aria-label": "Events processed",
      "aria-valuemin": 0,
      "aria-valuemax": 100
    },
    fill
  );
  const facts = el("div", { class: "hepnb-facts" });
  const stalled = el("div", { class: "hepnb-notice hepnb-warning", role: "status", hidden: true });
  const workers = workersTable();
  const details = el(
    "details",
    { class: "hepnb-details" },
    el("summary", {}, "Workers"),
    workers.node
  );
  details.open = true;
  const node = el("div", {}, bar, facts, stalled, details);
  const update = (snapshot) => {
    const { progress, state } = snapshot;
    const share2 = fraction(progress, state);
    bar.dataset.state = state;
    bar.classList.toggle("hepnb-unknown", share2 === null && !ended(state));
    fill.style.width = `${((share2 ?? (ended(state) ? 1 : 0)) * 100).toFixed(2)}%`;
    setAttribute(bar, "aria-valuenow", share2 === null ? null : String(Math.floor(share2 * 100)));
    setAttribute(bar, "aria-valuetext", sentence(progress));
    fillFacts(facts, factsOf(snapshot));
    const stuck = stalledOf(snapshot.workers);
    stalled.hidden = stuck === "";
    setText(stalled, stuck);
    const busy = snapshot.workers.filter((worker) => worker.state === "busy").length;
    const summary = details.firstElementChild;
    const count = snapshot.workers.length;
    if (summary) setText(summary, `Workers: ${count}${ended(state) ? "" : `, ${busy} busy`}`);
    details.hidden = count === 0;
    workers.fill(snapshot.workers.map(workerRow));
  };
  return { node, update };
}
function fraction(progress, state) {
  const total = expectedOf(progress);
  if (total === null) return null;
  if (total <= 0) return state === "done" ? 1 : 0;
  return Math.min(1, progress.events / total);
}
function expectedOf({ events_total, events_expected }) {
  return events_total ?? events_expected ?? null;
}
function sentence(progress) {
  const { events, events_total } = progress;
  const total = expectedOf(progress);
  if (total === null) return `${number(events)} events, total not known yet`;
  const about = events_total === null ? "about " : "";
  return `${number(events)} of ${about}${number(Math.round(total))} events, ${percent(events, total)}`;
}
function stalledOf(workers) {
  const stuck = workers.filter((worker) => worker.stalled);
  if (stuck.length === 0) return "";
  const one = ({ id, file, start, stop, spent }) => `worker ${id}: ${duration(spent ?? 0)} on ${baseName(file)}, entries ${number(start)}–${number(stop)}`;
  const rest = stuck.length > 3 ? `; and ${stuck.length - 3} more` : "";
  const list = stuck.slice(0, 3).map(one).join("; ");
  return `⚠ Stalled, much slower than other chunks: ${list}${rest}`;
}
function factsOf({ progress, state, started, ended: end }) {
  const { events, events_total, chunks, chunks_total, files, files_total, rate } = progress;
  const of = (part, whole2) => whole2 === null ? number(part) : `${number(part)} / ${number(whole2)}`;
  const total = expectedOf(progress);
  const about = events_total === null ? "≈ " : "";
  const all = total === null ? "" : ` / ${about}${number(Math.round(total))}`;
  const out = [["events", `${number(events)}${all}`]];
  if (total !== null) out.push(["done", `${about}${percent(events, total)}`]);
  if (!ended(state)) {
    if (rate !== null) out.push(["speed", `${scaled(rate)} events/s`]);
    out.push(["time left", timeLeft(progress)]);
  } else if (end !== null && end > started) {
    out.push(["mean speed", `${scaled(events / (end - started))} events/s`]);
  }
  out.push(["chunks", of(chunks, chunks_total)], ["files", of(files, files_total)]);
  if (progress.bytes) out.push(["data", bytes(progress.bytes)]);
  return out;
}
function timeLeft({ eta, eta_error }) {
  return eta === null ? "not known yet" : remaining(eta, eta_error).replace(" left", "");
}
function fillFacts(list, facts) {
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  facts.forEach(([name, value], at) => {
    let place2 = list.children[at];
    if (!place2) {
      place2 = el("div", {}, el("div", { class: "hepnb-term" }), el("div"));
      list.append(place2);
    }
    const [term, description] = place2.children;
    if (term) setText(term, name);
    if (description) setText(description, value);
  });
}
function workersTable() {
  return new Table(
    "Workers",
    [
      { head: "worker", sorts: true },
      { head: "state", sorts: true },
      { head: "for", numeric: true, sorts: true, title: "time on what it does now" },
      { head: "CPU", numeric: true, sorts: true },
      { head: "memory", numeric: true, sorts: true },
      { head: "file", sorts: true },
      { head: "entries", numeric: true },
      { head: "events", numeric: true, sorts: true, title: "that it has done so far" }
    ],
    "No worker yet."
  );
}
var TONES = { busy: "good", lost: "bad", dead: "bad" };
function workerRow(worker) {
  const { id, state, cpu, rss, spent, stalled } = worker;
  const file = worker.file ? baseName(worker.file) : "";
  const entries = `${number(worker.start)}–${number(worker.stop)}`;
  return [
    { text: String(id), key: id },
    stalled ? { text: "⚠ stalled", tone: "bad" } : { text: state, tone: TONES[state] ?? "faint" },
    { text: spent === null || spent === void 0 ? "" : duration(spent), key: spent ?? null },
    { text: cpu === null || state === "ended" ? "–" : `${Math.round(cpu * 100)} %`, key: cpu },
    { text: !rss ? "–" : bytes(rss), key: rss },
    { text: file, title: worker.file },
    { text: file ? entries : "" },
    { text: number(worker.events), key: worker.events }
  ];
}

// src/statistics.ts
var ALL = "all datasets";
function statisticsPart() {
  const modules = new Table(
    "Modules",
    [
      { head: "module", sorts: true },
      { head: "phase", sorts: true },
      { head: "calls", numeric: true, sorts: true },
      { head: "events", numeric: true, sorts: true },
      { head: "CPU time", numeric: true, sorts: true, csv: "CPU time [s]" },
      { head: "share of CPU", numeric: true, sorts: true, csv: null },
      { head: "per call", numeric: true, sorts: true, csv: "CPU per call [s]", title: "CPU time" },
      { head: "wall time", numeric: true, sorts: true, csv: "wall time [s]" },
      {
        head: "peak",
        numeric: true,
        sorts: true,
        csv: "peak [bytes]",
        title: "most memory that a worker ever held after it"
      },
      { head: "events/s", numeric: true, sorts: true, title: "events per second of CPU time" }
    ],
    "No module has run yet.",
    true
  );
  const cuts = new Table(
    "Cutflow",
    [
      { head: "cut", sorts: true },
      { head: "events", numeric: true, sorts: true },
      {
        head: "of previous",
        numeric: true,
        sorts: true,
        title: "events that pass, of the cut before"
      },
      { head: "weighted", numeric: true, sorts: true },
      {
        head: "of previous",
        numeric: true,
        sorts: true,
        csv: "weighted of previous",
        title: "sum of weights, of the cut before"
      },
      { head: "of all", numeric: true, sorts: true, title: "sum of weights, of all events" }
    ],
    "No cut was applied yet.",
    true
  );
  const id = uniqueId("dataset");
  const choice = el("select", { class: "hepnb-select", id });
  const chooser = el("div", { class: "hepnb-row", hidden: true }, el("label", { for: id }, "of"));
  chooser.append(choice);
  const missing = el("p", { class: "hepnb-missing" });
  const node = el(
    "div",
    {},
    el("div", { class: "hepnb-row" }, el("h4", { class: "hepnb-h" }, "Cutflow"), chooser),
    cuts.node,
    missing,
    el("h4", { class: "hepnb-h" }, "Modules"),
    modules.node
  );
  let latest;
  let names = "";
  const drawCuts = () => {
    if (!latest) return;
    const flows = latest.cutflows ?? {};
    const datasets = Object.keys(flows);
    if (names !== JSON.stringify(datasets)) {
      names = JSON.stringify(datasets);
      const chosen = choice.value;
      choice.replaceChildren(
        ...[ALL, ...datasets].map(
          (name, at) => el("option", { value: at === 0 ? "" : name }, name)
        )
      );
      choice.value = datasets.includes(chosen) ? chosen : "";
      chooser.hidden = datasets.length === 0;
    }
    const flow = choice.value ? flows[choice.value] : void 0;
    cuts.fill(cutRows(flow ? cutsOf(latest.cutflow, flow) : latest.cutflow));
    const loss = lossOf(latest.progress);
    missing.hidden = loss === "";
    setText(missing, `In no row: ${loss}.`);
  };
  choice.addEventListener("change", drawCuts);
  const update = (snapshot) => {
    latest = snapshot;
    drawCuts();
    modules.fill(moduleRows(snapshot.statistics));
  };
  return { node, update };
}
function moduleRows(modules) {
  const all = modules.reduce((sum, { cpu }) => sum + cpu, 0);
  return modules.map(({ module, phase, calls, events, cpu, wall, peak }) => [
    { text: module },
    { text: phase ?? "" },
    { text: number(calls), key: calls },
    { text: number(events), key: events },
    { text: seconds(cpu), key: cpu },
    { text: percent(cpu, all), bar: all > 0 ? cpu / all : 0, key: cpu },
    { text: calls > 0 ? seconds(cpu / calls) : "–", key: calls > 0 ? cpu / calls : null },
    { text: seconds(wall), key: wall },
    { text: peak ? bytes(peak) : "–", key: peak ?? null },
    { text: cpu > 0 ? scaled(events / cpu) : "–", key: cpu > 0 ? events / cpu : null }
  ]);
}
function cutsOf(cutflow, flow) {
  return cutflow.map(({ cut }, at) => {
    const [raw, weighted] = flow[at] ?? [0, 0];
    return { cut, raw, weighted };
  });
}
function cutRows(cutflow) {
  const first = cutflow[0];
  return cutflow.map(({ cut, raw, weighted }, at) => {
    const before = cutflow[at - 1];
    const of = first ? share(weighted, first.weighted) : null;
    return [
      { text: cut },
      { text: number(raw), key: raw },
      ratio(before ? share(raw, before.raw) : void 0),
      { text: number(weighted, 6), key: weighted },
      ratio(before ? share(weighted, before.weighted) : void 0),
      { ...ratio(of), bar: of ?? 0 }
    ];
  });
}
function share(part, whole2) {
  return whole2 === 0 ? null : part / whole2;
}
function ratio(value) {
  if (value === void 0) return { text: "", key: null };
  if (value === null) return { text: "–", key: null };
  return { text: value < 0 ? `−${percent(-value, 1)}` : percent(value, 1), key: value };
}
function seconds(value) {
  if (value >= 100) return `${number(Math.round(value))} s`;
  return value >= 1 ? `${value.toPrecision(3)} s` : `${number(value * 1e3, 3)} ms`;
}

// src/tabs.ts
function tab(name, panel) {
  return { name, panel, badge: el("span", { class: "hepnb-badge", hidden: true }) };
}
function setBadge(badge, text, tone = "") {
  badge.hidden = text === "";
  badge.dataset.tone = tone;
  setText(badge, text);
}
function tabs(label, entries) {
  const list = el("div", { class: "hepnb-tablist", role: "tablist", "aria-label": label });
  const heads = entries.map(({ name, panel, badge }) => {
    const id = uniqueId("tab");
    panel.id = uniqueId("panel");
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", id);
    const head = el(
      "button",
      { type: "button", role: "tab", id, "aria-controls": panel.id, class: "hepnb-tab" },
      name,
      badge
    );
    list.append(head);
    return head;
  });
  const show = (chosen, focus) => {
    heads.forEach((head, at) => {
      head.setAttribute("aria-selected", String(at === chosen));
      head.tabIndex = at === chosen ? 0 : -1;
      const panel = entries[at]?.panel;
      if (panel) panel.hidden = at !== chosen;
    });
    if (focus) heads[chosen]?.focus();
    entries[chosen]?.panel.dispatchEvent(new CustomEvent("hepnb-shown"));
  };
  heads.forEach((head, at) => {
    head.addEventListener("click", () => show(at, false));
    head.addEventListener("keydown", (event) => {
      const target = nextTab(event.key, at, heads.length);
      if (target === null) return;
      event.preventDefault();
      show(target, true);
    });
  });
  show(0, false);
  return el("div", { class: "hepnb-tabs" }, list, ...entries.map(({ panel }) => panel));
}
function nextTab(key, at, count) {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at + count - 1) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

// src/run_view.ts
var MAKERS = {
  collections: ["Collections", collectionsPart],
  log: ["Log", logPart],
  statistics: ["Statistics", statisticsPart],
  files: ["Files", filesPart]
};
function render({ model, el: place2 }) {
  const channel = new Channel(model);
  const wanted = model.get("parts");
  const box = root("run");
  box.setAttribute("role", "region");
  const problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert", hidden: true });
  const gone = goneNotice();
  const header = headerPart(channel);
  const failure = failurePart();
  const loss = lossPart();
  const parts = [header, failure, loss];
  box.append(header.node, gone.node, problem, failure.node, loss.node);
  if (wanted.includes("progress")) {
    const progress = progressPart();
    parts.push(progress);
    box.append(progress.node);
  }
  const entries = /* @__PURE__ */ new Map();
  for (const name of wanted) {
    const maker = MAKERS[name];
    if (!maker) continue;
    const part = maker[1](channel);
    parts.push(part);
    entries.set(name, tab(maker[0], part.node));
  }
  if (entries.size > 1) box.append(tabs("Views of the run", [...entries.values()]));
  else for (const { panel } of entries.values()) box.append(panel);
  place2.append(box);
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
function badges(entries, { log, files, progress }) {
  const loud = ["WARNING", "ERROR", "CRITICAL"].reduce(
    (n, level) => n + (log.counts[level] ?? 0),
    0
  );
  const logs = entries.get("log");
  if (logs) setBadge(logs.badge, loud > 0 ? `⚠ ${number(loud)}` : "", "warn");
  const ledger = entries.get("files");
  const failed = Math.max(progress.files_failed, files.filter((f) => f.status === "failed").length);
  if (ledger) setBadge(ledger.badge, failed > 0 ? `✗ ${number(failed)}` : "", "bad");
}
var run_view_default = { render };
export {
  run_view_default as default
};
