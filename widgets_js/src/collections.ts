// Collections: how many objects per event, now and through the run, what fields they have, and
// which refer to which.

import { arcs, joined } from "./arcs";
import { el, setAttribute, setText, uniqueId } from "./dom";
import { number } from "./format";
import { countAt, momentsOf, placeOf } from "./moments";
import { figure, sizesPicture, spark, trendPicture } from "./sizes";
import type { Collection, Field, Moment, Part, Schema, Snapshot } from "./snapshot";
import { type Cell, Table } from "./table";

const NO_FIELDS: Field[] = [];
const NOTHING: Schema = { collections: {}, columns: [], references: [] };

export function collectionsPart(): Part {
  const table = new Table(
    "Collections",
    [
      { head: "collection", sorts: true },
      { head: "objects", numeric: true, sorts: true, title: "objects in all events until then" },
      { head: "per event", numeric: true, sorts: true, title: "mean number of objects per event" },
      { head: "this part", numeric: true, sorts: true, title: "the same since the moment before" },
      { head: "min–max", numeric: true, title: "fewest and most objects in one event" },
      { head: "sizes", csv: null, title: "events with no object, with one, with two, ..." },
    ],
    "No collection was read yet.",
    true,
  );
  const slider = momentSlider(() => redraw());
  const panel = el("div", { id: uniqueId("collection") });
  const pictures = el("div", { class: "hepnb-figures" });
  const title = el("h4", { class: "hepnb-h" });
  const fields = fieldsTable();
  panel.append(title, pictures, fields.node);
  const relations = el("div");
  const node = el("div", {}, slider.node, table.node, panel, relations);

  const heads = new Map<string, HTMLButtonElement>();
  let latest: Snapshot | undefined;
  let chosen = "";
  let linked = "";
  let drawn = "";
  let listed: Field[] | undefined;
  const sparks = new Map<string, { sizes: string; node: SVGElement }>();
  const sparkOf = (collection: Collection) => {
    const sizes = String(collection.sizes);
    const known = sparks.get(collection.name);
    if (known?.sizes === sizes) return known.node;
    const made = { sizes, node: spark(collection) };
    sparks.set(collection.name, made);
    return made.node;
  };
  const head = (name: string) => {
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
    const schema = latest.schema?.collections ? latest.schema : NOTHING; // {} of an old run
    const moments = momentsOf(latest);
    const at = slider.show(moments);
    if (!collections.some(({ name }) => name === chosen)) chosen = collections[0]?.name ?? "";
    table.fill(
      collectionRows(collections, moments, at, sparkOf).map((row, place) => {
        const collection = collections[place];
        if (!collection) return row;
        const press = head(collection.name);
        setAttribute(press, "aria-pressed", String(collection.name === chosen));
        return [{ ...row[0], text: collection.name, node: press }, ...row.slice(1)];
      }),
    );
    drawChosen(collections, moments, at, schema);
    drawRelations(schema);
  };
  const drawChosen = (collections: Collection[], moments: Moment[], at: number, schema: Schema) => {
    const one = collections.find(({ name }) => name === chosen);
    panel.hidden = one === undefined;
    if (!one) return;
    const own = schema.collections[chosen] ?? NO_FIELDS;
    const read = own.filter((field) => field.read).length;
    setText(title, own.length ? `${chosen}: ${read} of ${own.length} fields are read` : chosen);
    if (own !== listed) {
      listed = own;
      fields.node.hidden = own.length === 0;
      fields.fill([...own].sort((a, b) => Number(b.read) - Number(a.read)).map(fieldRow));
    }
    const key = JSON.stringify([one, moments, at]);
    if (key === drawn) return; // a tooltip stays where it is
    drawn = key;
    const shown = [];
    if (one.sizes?.length) shown.push(figure("Sizes, all events so far", sizesPicture(one)));
    if (moments.length > 1)
      shown.push(figure("Through the run", trendPicture(moments, chosen, at)));
    pictures.replaceChildren(...shown);
  };
  const drawRelations = (schema: Schema) => {
    const links = joined(
      schema.references.map(({ from, field, to }) => ({ from, to, label: field })),
    );
    const key = JSON.stringify([links, Object.keys(schema.collections)]);
    if (key === linked) return; // the focus stays where it is
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
        "Index branches of the file; collections that are not read are faint.",
      ),
      arcs(words, links, strong),
    );
  };
  const update = (snapshot: Snapshot) => {
    latest = snapshot;
    redraw();
  };
  return { node, update };
}

/** A slider over the moments; it stays at the newest unless somebody moves it. */
function momentSlider(moved: () => void): {
  node: HTMLElement;
  show: (moments: Moment[]) => number;
} {
  const input = el("input", { type: "range", class: "hepnb-slider", min: 0, step: 1 });
  const id = uniqueId("moment");
  input.id = id;
  const words = el("span", { class: "hepnb-count" }); // the slider says it, when it is moved
  const node = el("div", { class: "hepnb-row" }, el("label", { for: id }, "After"), input, words);
  let kept: number | null = null;
  let shown: Moment[] = [];
  input.addEventListener("input", () => {
    const at = Number(input.value);
    kept = at >= shown.length - 1 ? null : (shown[at]?.chunks ?? null);
    moved();
  });
  const show = (moments: Moment[]) => {
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

export function collectionRows(
  collections: Collection[],
  moments: Moment[],
  at = moments.length - 1,
  draw = spark,
): Cell[][] {
  const counts = collections.map(({ name }) => countAt(moments, at, name));
  const most = Math.max(...counts.map(({ mean }) => mean ?? 0), Number.MIN_VALUE);
  const now = at === moments.length - 1;
  return collections.map((collection, place) => {
    const { total, mean, since } = counts[place] ?? { total: 0, mean: null, since: null };
    const range = `${number(collection.min)}–${number(collection.max)}`;
    return [
      { text: collection.name, key: collection.name },
      { text: number(total), key: total },
      { text: mean?.toFixed(3) ?? "–", bar: (mean ?? 0) / most, key: mean },
      { text: since?.toFixed(3) ?? "–", key: since },
      now ? { text: range } : { text: "–", key: null, title: "known of all events only" },
      now && collection.sizes?.length ? { text: "", node: draw(collection) } : { text: "" },
    ];
  });
}

function fieldsTable(): Table {
  return new Table(
    "Fields",
    [
      { head: "field", sorts: true },
      { head: "read", sorts: true },
      { head: "type", sorts: true },
      { head: "unit", sorts: true, title: "where the description names one" },
      { head: "description in the file", wrap: true },
    ],
    "",
    true,
  );
}

function fieldRow({ name, dtype, unit, doc, read }: Field): Cell[] {
  const tone = read ? "" : "faint";
  return [
    { text: name, tone },
    { text: read ? "✓ read" : "–", tone: read ? "good" : "faint", key: read ? 0 : 1 },
    { text: dtype, tone },
    { text: unit, tone },
    { text: doc, tone },
  ];
}
