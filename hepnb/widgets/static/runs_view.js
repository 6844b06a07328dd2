// src/dom.ts
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
function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 60) return `${seconds < 9.95 && seconds > 0 ? seconds.toFixed(1) : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
function percent(part, whole) {
  if (whole <= 0) return "–";
  const share = 100 * part / whole;
  if (share > 99.9 && part < whole) return "99.9 %";
  return `${share >= 10 || share === 0 ? share.toFixed(1).replace(".0", "") : share.toPrecision(2)} %`;
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

// src/loss.ts
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
  constructor(caption, columns2, nothing, copies = false) {
    this.columns = columns2;
    this.heads = columns2.map(
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
    rows.forEach((cells2, at) => {
      const row = this.body.rows[at] ?? this.addRow();
      cells2.forEach((cell, column) => {
        const place = row.cells[column];
        if (place) fillCell(place, cell);
      });
    });
  }
  /** The rows as they stand, numbers in full. */
  csv() {
    const kept = this.columns.flatMap(({ csv: head }, at) => head === null ? [] : [at]);
    const heads = kept.map((at) => this.columns[at]?.csv ?? this.columns[at]?.head ?? "");
    const rows = this.inOrder(this.rows).map((cells2) => kept.map((at) => keyOf(cells2[at])));
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
    const cells2 = this.columns.map((column, at) => {
      const attributes = { class: style(column) };
      return at === 0 ? el("th", { scope: "row", ...attributes }) : el("td", attributes);
    });
    const row = el("tr", {}, ...cells2);
    this.body.append(row);
    return row;
  }
};
function style({ numeric, wrap }) {
  return numeric ? "hepnb-number" : wrap ? "hepnb-wrap" : void 0;
}
function fillCell(place, cell) {
  setAttribute(place, "title", cell.title ?? null);
  setAttribute(place, "data-tone", cell.tone ?? null);
  if (cell.node) {
    if (place.firstChild !== cell.node) place.replaceChildren(cell.node);
    return;
  }
  if (cell.bar === void 0) {
    setText(place, cell.text);
    return;
  }
  const bar = place.querySelector(".hepnb-bar") ?? el("span", { class: "hepnb-bar" });
  const text = place.querySelector(".hepnb-barbox + span") ?? el("span");
  if (!bar.parentElement) place.append(el("span", { class: "hepnb-barbox" }, bar), text);
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

// src/runs_view.ts
var LIVELY = 1e3;
var QUIET = 5e3;
var TONES = {
  done: "good",
  failed: "bad",
  lost: "bad",
  cancelled: "warn",
  paused: "warn"
};
function render({ model, el: place }) {
  const channel = new Channel(model);
  const box = root("runs");
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", model.get("title"));
  const summary = el("span", { class: "hepnb-faint", role: "status" });
  const head = el("div", { class: "hepnb-head" }, el("strong", {}, model.get("title")), summary);
  const problem = el("div", { class: "hepnb-notice hepnb-error", role: "alert", hidden: true });
  const gone = goneNotice();
  const names = parameterNames(model.get("rows"));
  const table = new Table(model.get("title"), columns(names), "No runs yet.", true);
  box.append(head, gone.node, problem, table.node);
  place.append(box);
  const actions = /* @__PURE__ */ new Map();
  const draw = () => {
    const rows = model.get("rows");
    setText(summary, summaryOf(rows));
    table.fill(
      rows.map((row) => {
        const act = actions.get(row.id) ?? new Actions(row.id, channel);
        actions.set(row.id, act);
        act.cancel.allow(!ended(row.state) && row.state !== "unreadable");
        const id = { text: row.id };
        return [...cells(row, names, model.get("now")), { text: "", node: act.node }, id];
      })
    );
  };
  const told = () => {
    problem.hidden = !model.get("problem");
    setText(problem, model.get("problem") ?? "");
  };
  let timer = 0;
  let stopped = false;
  const ask = async () => {
    if (!document.hidden && box.isConnected) await channel.request("look");
    if (stopped) return;
    const alive = model.get("rows").some(({ state }) => !ended(state));
    timer = window.setTimeout(ask, alive ? LIVELY : QUIET);
  };
  timer = window.setTimeout(ask, LIVELY);
  channel.onGone = () => {
    stopped = true;
    window.clearTimeout(timer);
    gone.show("the runs do not need it. In a new cell:", model.get("attach"));
  };
  model.on("change:rows", draw);
  model.on("change:problem", told);
  told();
  draw();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
    model.off("change:rows", draw);
    model.off("change:problem", told);
    channel.close();
  };
}
var Actions = class {
  cancel;
  node;
  constructor(id, channel) {
    this.cancel = cancelButton("Cancel", () => channel.request("cancel", { run: id }));
    const line = `hn.attach(${JSON.stringify(id)})`;
    this.node = el("span", { class: "hepnb-actions" }, this.cancel.node);
    this.node.prepend(copyButton(`Copy ${line}`, () => line));
  }
};
function parameterNames(rows) {
  return [...new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)))];
}
function columns(names) {
  return [
    { head: "state", sorts: true },
    { head: "name", sorts: true },
    ...names.map((head) => ({ head, sorts: true, numeric: true })),
    { head: "done", sorts: true, numeric: true, csv: "share done" },
    { head: "events", sorts: true, numeric: true },
    { head: "lost", sorts: true, csv: "events lost", title: "in no histogram or total" },
    { head: "started", sorts: true, csv: "started [unix s]" },
    { head: "took", sorts: true, numeric: true, csv: "took [s]" },
    { head: "size", sorts: true, numeric: true, csv: "size [bytes]", title: "on disk" },
    { head: "actions", csv: null },
    { head: "id" }
  ];
}
function cells(row, names, now) {
  const share = row.events_total ? row.events / row.events_total : row.state === "done" ? 1 : 0;
  const done = row.events_total ? percent(row.events, row.events_total) : "–";
  const took = row.started === null ? null : (row.ended ?? now) - row.started;
  const waits = row.state === "waiting";
  const { events_lost = 0, files_failed = 0 } = row;
  const loss = lossOf({ events_lost, files_failed });
  return [
    { text: `${sign(row.state)} ${row.state}`, tone: TONES[row.state] ?? "", key: row.state },
    { text: row.name },
    ...names.map((name) => parameter(row.parameters[name])),
    { text: done, bar: share, key: share },
    { text: number(row.events), key: row.events },
    { text: loss ? `⚠ ${loss}` : "", tone: loss ? "bad" : "", key: events_lost || files_failed },
    { text: row.started === null || waits ? "–" : moment(row.started), key: row.started },
    { text: took === null || waits ? "–" : duration(took), key: took },
    { text: bytes(row.size), key: row.size }
  ];
}
function parameter(value) {
  if (typeof value === "number") return { text: number(value), key: value };
  return { text: value === void 0 || value === null ? "–" : String(value) };
}
function moment(seconds) {
  const at = new Date(seconds * 1e3);
  const two = (n) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
function summaryOf(rows) {
  const counts = /* @__PURE__ */ new Map();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const order = [...counts].sort(([a], [b]) => Number(ended(a)) - Number(ended(b)));
  return order.map(([state, n]) => `${number(n)} ${state}`).join(", ");
}
var runs_view_default = { render };
export {
  cells,
  runs_view_default as default,
  parameterNames,
  summaryOf
};
