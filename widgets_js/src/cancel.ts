// Cancelling in two steps: the first press asks, the second cancels; the question goes by itself.

import type { Answer } from "./channel";
import { button, el, setText } from "./dom";

export interface Cancel {
  node: HTMLElement;
  /** Whether there is anything to cancel. */
  allow(possible: boolean): void;
}

export function cancelButton(label: string, ask: () => Promise<Answer>): Cancel {
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
      armed = window.setTimeout(calm, 5000);
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
  const allow = (possible: boolean) => {
    press.hidden = !possible;
    if (!possible) {
      press.disabled = false;
      setText(answer, "");
    }
  };
  return { node: el("span", { class: "hepnb-cancel" }, press, answer), allow };
}
