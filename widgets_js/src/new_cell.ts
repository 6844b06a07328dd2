// A button that puts a text into a new cell below the widget's own, where that can be done.
// JupyterLab and Notebook have no interface for it; their widget manager knows the notebook, and a
// page on which it does not look like that gets no button.

import { tellingButton } from "./copy";

interface Notebook {
  cells: { length: number };
  insertCell(at: number, cell: { cell_type: "code"; source: string; metadata: object }): unknown;
}

/** `manager` is the `widget_manager` of the model; `text` is asked for when the button is pressed. */
export function newCellButton(manager: unknown, text: () => string): HTMLElement | undefined {
  const notebook = notebookOf(manager);
  if (!notebook) return undefined;
  const title = "Put the expression into a new cell below";
  const node = tellingButton("new cell", { title }, () => {
    const at = below(node, notebook.cells.length);
    notebook.insertCell(at, { cell_type: "code", source: text(), metadata: {} });
    return "added below";
  });
  return node;
}

function notebookOf(manager: unknown): Notebook | undefined {
  let found = manager;
  for (const name of ["context", "model", "sharedModel"]) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  const notebook = found as Partial<Notebook> | undefined;
  const fits = typeof notebook?.insertCell === "function" && Array.isArray(notebook.cells);
  return fits ? (notebook as Notebook) : undefined;
}

/** Where a cell below that of `place` goes; the end of the notebook if it is in none. */
function below(place: Element, cells: number): number {
  const cell = place.closest<HTMLElement>(".jp-Notebook .jp-Cell");
  if (!cell) return cells;
  const known = Number(cell.dataset.windowedListIndex); // cells out of sight are not on the page
  const all = cell.closest(".jp-Notebook")?.querySelectorAll(".jp-Cell") ?? [];
  const at = Number.isInteger(known) ? known : [...all].indexOf(cell);
  return Math.min(at + 1, cells);
}
