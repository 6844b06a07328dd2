// The head of a run: name, state as icon and word, elapsed time, and the button that cancels.

import { cancelButton } from "./cancel";
import type { Channel } from "./channel";
import { el, setText } from "./dom";
import { duration } from "./format";
import { ended, type Part, type Snapshot } from "./snapshot";
import { statePill } from "./states";

const SILENCE = 10; // seconds after which the age of the news is shown

export function headerPart(channel: Channel): Part {
  const state = statePill();
  const name = el("strong", { class: "hepnb-name" });
  const id = el("code", { class: "hepnb-id hepnb-faint" });
  const elapsed = el("span", { class: "hepnb-elapsed" });
  const silence = el("span", { class: "hepnb-faint" });
  const cancel = cancelButton("Cancel run", () => channel.request("cancel"));
  const node = el(
    "div",
    { class: "hepnb-head" },
    state.node,
    name,
    id,
    elapsed,
    silence,
    cancel.node,
  );
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
    state.show(snapshot.state);
    setText(name, snapshot.name);
    setText(id, snapshot.id);
    cancel.allow(!ended(snapshot.state));
    tick();
  };
  return { node, update, close: () => window.clearInterval(timer) };
}
