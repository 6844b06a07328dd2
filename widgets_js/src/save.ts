// A file for the browser to save.

import { el } from "./dom";

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may ask where to first
}
