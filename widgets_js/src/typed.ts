// A field for a typed value: taken at Enter or when the focus leaves, what is wrong is said below it.
// What is half typed stays until it is taken, left with Escape, or the value is set otherwise.

import { el, setAttribute, setText, uniqueId } from "./dom";

export interface TypedField {
  input: HTMLInputElement;
  /** Where it is said what is wrong; to be placed after the field. */
  told: HTMLElement;
  /** Show a value; `over` what is half typed too. */
  show(text: string, over?: boolean): void;
}

/** `enter` gets the text, and returns what is wrong with it or an empty string. */
export function typedField(
  label: string,
  hint: string,
  kind: string,
  enter: (text: string) => string,
): TypedField {
  const told = el("span", { class: "hepnb-told", role: "status", id: uniqueId("told") });
  const input = el("input", {
    type: "text",
    class: `hepnb-input ${kind}`,
    autocomplete: "off",
    spellcheck: "false",
    title: hint,
    "aria-label": label,
    "aria-describedby": told.id,
  });
  let shown = "";
  let half = false;
  const tell = (problem: string) => {
    setText(told, problem);
    setAttribute(input, "aria-invalid", problem ? "true" : null);
  };
  const show = (text: string, over = false) => {
    shown = text;
    if (half && !over) return;
    half = false;
    tell("");
    if (input.value !== text) input.value = text;
  };
  const take = () => {
    if (!half) return;
    if (input.value.trim() === shown) return show(shown, true);
    const problem = enter(input.value);
    if (problem) tell(problem);
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
