// A button that copies a text and says that it did.

import { button, el, setText } from "./dom";

/** `text` is asked for when the button is pressed; `face` is what stands on it. */
export function copyButton(label: string, text: () => string, face = "copy"): HTMLElement {
  const press = button(face, { "aria-label": label, title: label });
  const said = el("span", { class: "hepnb-said", role: "status" });
  press.addEventListener("click", async () => {
    const done = await copyText(text());
    setText(said, done ? "copied" : "press Ctrl+C");
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
