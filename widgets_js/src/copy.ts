// Buttons that say what came of the press; one of them copies a text.

import { button, el, setText } from "./dom";

/** `text` is asked for when the button is pressed; `face` is what stands on it. */
export function copyButton(label: string, text: () => string, face = "copy"): HTMLElement {
  return tellingButton(face, { "aria-label": label, title: label }, async () =>
    (await copyText(text())) ? "copied" : "press Ctrl+C",
  );
}

/** What `act` returns stands beside the button for a while. */
export function tellingButton(
  face: string,
  attributes: Record<string, string>,
  act: () => string | Promise<string>,
): HTMLElement {
  const press = button(face, attributes);
  const said = el("span", { class: "hepnb-said", role: "status" });
  press.addEventListener("click", async () => {
    setText(said, await act());
    window.setTimeout(() => setText(said, ""), 2000);
  });
  return el("span", { class: "hepnb-copy" }, press, said);
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // no clipboard on pages without https
  }
}

function copyBySelection(text: string): boolean {
  const area = el("textarea", { class: "hepnb-offscreen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
