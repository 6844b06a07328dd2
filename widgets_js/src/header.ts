// The head of a run: name, state as icon and word, elapsed time, and the button that cancels.

import type { Channel } from "./channel";
import { button, el, setAttribute, setText } from "./dom";
import { duration } from "./format";
import { ended, type Part, type Snapshot } from "./snapshot";

const STATES: Record<string, [string, string]> = {
  starting: ["◌", "starting"],
  running: ["▶", "running"],
  done: ["✓", "done"],
  failed: ["✗", "failed"],
  cancelled: ["■", "cancelled"],
  lost: ["?", "lost"],
};

const SILENCE = 10; // seconds after which the age of the news is shown

export function headerPart(channel: Channel): Part {
  const icon = el("span", { class: "hepnb-icon", "aria-hidden": "true" });
  const word = el("span");
  const state = el("span", { class: "hepnb-state", role: "status" }, icon, word);
  const name = el("strong", { class: "hepnb-name" });
  const id = el("code", { class: "hepnb-id hepnb-faint" });
  const elapsed = el("span", { class: "hepnb-elapsed" });
  const silence = el("span", { class: "hepnb-faint" });
  const cancel = cancelButton(channel);
  const node = el("div", { class: "hepnb-head" }, state, name, id, elapsed, silence, cancel.node);
  let latest: Snapshot | undefined;
  let received = 0;
  const tick = () => {
    if (!latest) return;
    const since = ended(latest.state) ? 0 : (performance.now() - received) / 1000;
    const end = latest.ended ?? latest.now + since;
    setText(elapsed, duration(latest.started > 0 ? end - latest.started : 0));
    setText(silence, since > SILENCE ? `no news for ${duration(since)}` : "");
  };
  const timer = window.setInterval(tick, 1000);
  const update = (snapshot: Snapshot) => {
    latest = snapshot;
    received = performance.now();
    const [sign, text] = STATES[snapshot.state] ?? ["?", snapshot.state];
    setText(icon, sign);
    setText(word, text);
    setAttribute(state, "data-state", snapshot.state);
    setText(name, snapshot.name);
    setText(id, snapshot.id);
    cancel.update(snapshot);
    tick();
  };
  return { node, update, close: () => window.clearInterval(timer) };
}

/** Two steps: the first press asks, the second cancels; the question goes away by itself. */
function cancelButton(channel: Channel): Part {
  const press = button("Cancel run", { class: "hepnb-button" });
  const answer = el("span", { class: "hepnb-said", role: "status" });
  let armed = 0;
  const calm = () => {
    window.clearTimeout(armed);
    armed = 0;
    setText(press, "Cancel run");
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
    const { ok, error } = await channel.request("cancel");
    if (!ok) {
      setText(answer, error ?? "");
      press.disabled = false;
    }
  });
  press.addEventListener("blur", calm);
  press.addEventListener("keydown", (event) => {
    if (event.key === "Escape") calm();
  });
  const update = ({ state }: Snapshot) => {
    press.hidden = ended(state);
    if (ended(state)) setText(answer, "");
  };
  return { node: el("span", { class: "hepnb-cancel" }, press, answer), update };
}
