// Building page elements. Text always goes in as text, never as markup.

export type Child = Node | string;
type Attributes = Record<string, string | number | boolean | undefined>;

const SVG = "http://www.w3.org/2000/svg";
const FOCUSABLE = "input, select, button, textarea, summary, [tabindex]";

function dress<E extends Element>(node: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, String(value));
  }
  // JupyterLab binds keys to whatever has the focus in a notebook (an arrow would never reach a
  // slider), and looks for this mark on that element before it looks at the box around it.
  if (node.matches(FOCUSABLE)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children);
  return node;
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

/** Change an element's text only if it differs: a selection in it survives. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Make the children of an element like those given; what is the same already stays untouched. */
export function renew(parent: Element, nodes: Iterable<Node>): void {
  const before = [...parent.childNodes];
  let at = 0;
  for (const node of [...nodes]) {
    const old = before[at];
    at += 1;
    if (!old) parent.append(node);
    else if (node.firstChild && old.cloneNode().isEqualNode(node.cloneNode())) {
      renew(old as Element, node.childNodes);
    } else if (!old.isEqualNode(node)) parent.replaceChild(node, old);
  }
  for (const old of before.slice(at)) old.remove();
}

export function button(label: string, attributes: Attributes = {}): HTMLButtonElement {
  return el("button", { type: "button", class: "hepnb-button", ...attributes }, label);
}

/** The box all of a widget lives in; JupyterLab's own shortcuts stay out of it. */
export function root(kind: string): HTMLDivElement {
  return el("div", {
    class: `hepnb-root hepnb-${kind}`,
    "data-lm-suppress-shortcuts": "true",
  });
}

let serial = 0;

/** An id for aria references, unique on the page even when a module is loaded more than once. */
export function uniqueId(stem: string): string {
  serial += 1;
  return `hepnb-${stem}-${Math.random().toString(36).slice(2, 8)}-${serial}`;
}
