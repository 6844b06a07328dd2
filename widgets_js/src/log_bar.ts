// What is shown of a log: levels with their counts, one worker, chunk or logger, and a search.

import type { Channel } from "./channel";
import { button, el, setAttribute, setText, uniqueId } from "./dom";
import { number } from "./format";
import { LEVELS } from "./log_record";
import { EVERYTHING, type Filter } from "./log_source";

interface Names {
  workers: number[];
  chunks: string[];
  loggers: string[];
}

const TYPING = 250; // ms without a key after which it is searched
const MOST_CHUNKS = 500;

export interface BarEvents {
  filtered(filter: Filter): void;
  searched(text: string, regex: boolean): void;
  stepped(back: boolean): void;
  left(): void;
}

export class LogBar {
  readonly node: HTMLElement;
  readonly search: HTMLInputElement;
  private readonly levels = el("div", {
    class: "hepnb-row",
    role: "group",
    "aria-label": "Levels shown",
  });
  private readonly off = new Set<string>();
  private readonly regex = toggle(".*", "Regular expression", "search for a regular expression");
  private readonly only = toggle("only hits", "Show only hits", "show only lines with a hit");
  private readonly found = el("span", { class: "hepnb-found", role: "status" });
  private readonly worker = el("select", { class: "hepnb-select", "aria-label": "Worker" });
  private readonly logger = el("select", { class: "hepnb-select", "aria-label": "Logger" });
  private readonly chunks = el("datalist", { id: uniqueId("chunks") });
  private readonly chunk = el("input", {
    class: "hepnb-input hepnb-chunk",
    list: this.chunks.id,
    placeholder: "any chunk",
    "aria-label": "Chunk",
    size: 14,
  });
  private readonly steps = [button("↑", { "aria-label": "Previous hit", title: "Shift+Enter" })];
  private typing = 0;

  constructor(
    private readonly channel: Channel,
    private readonly events: BarEvents,
  ) {
    this.search = el("input", {
      type: "search",
      class: "hepnb-input",
      placeholder: "search",
      title: "Enter: next hit, Shift+Enter: previous one",
      "aria-label": "Search the log",
      autocomplete: "off",
      spellcheck: "false",
    });
    const next = button("↓", { "aria-label": "Next hit", title: "Enter" });
    const [back] = this.steps;
    this.steps.push(next);
    back?.addEventListener("click", () => this.step(true));
    next.addEventListener("click", () => this.step(false));
    this.search.addEventListener("input", () => this.later());
    this.search.addEventListener("keydown", (event) => this.pressed(event));
    for (const press of [this.regex, this.only]) {
      press.addEventListener("click", () => {
        flip(press);
        this.tell();
      });
    }
    this.worker.append(option("any worker", ""));
    this.logger.append(option("any logger", ""));
    for (const choice of [this.worker, this.logger, this.chunk])
      choice.addEventListener("change", () => this.tell());
    const sources = el(
      "div",
      { class: "hepnb-row", role: "group", "aria-label": "Lines of" },
      this.worker,
      this.logger,
      this.chunk,
      this.chunks,
    );
    sources.addEventListener("focusin", () => void this.names());
    const finding = el(
      "div",
      { class: "hepnb-row", role: "search", "aria-label": "Log" },
      this.search,
      this.regex,
      ...this.steps,
      this.only,
      this.found,
    );
    this.node = el("div", { class: "hepnb-logbar" }, this.levels, finding, sources);
  }

  get isOnly(): boolean {
    return pressed(this.only) && this.search.value !== "";
  }

  get filter(): Filter {
    return {
      ...EVERYTHING,
      levels: this.off.size > 0 ? LEVELS.filter((level) => !this.off.has(level)) : null,
      worker: this.worker.value === "" ? null : Number(this.worker.value),
      chunk: this.chunk.value.trim(),
      logger: this.logger.value,
      search: this.isOnly ? this.search.value : "",
      regex: this.isOnly && pressed(this.regex),
    };
  }

  /** How many lines there are of each level. */
  count(counts: Record<string, number>): void {
    for (const level of LEVELS) {
      let press = this.levels.querySelector<HTMLElement>(`[data-level="${level}"]`);
      if (!press && counts[level]) press = this.addLevel(level);
      const count = press?.querySelector(".hepnb-count");
      if (count) setText(count, number(counts[level] ?? 0));
    }
  }

  /** What came of the search: where one is, or why there is none. */
  say(words: string, wrong: boolean): void {
    setText(this.found, words);
    this.found.classList.toggle("hepnb-wrong", wrong);
    setAttribute(this.search, "aria-invalid", wrong ? "true" : null);
  }

  close(): void {
    window.clearTimeout(this.typing);
  }

  /** The names there are to choose from; those that were there stay where they are. */
  async names(): Promise<void> {
    const { ok, result } = await this.channel.request("log_names");
    if (!ok) return;
    const { workers, chunks, loggers } = result as Names;
    fill(
      this.worker,
      workers.map((id) => [`worker ${id}`, String(id)]),
    );
    fill(
      this.logger,
      loggers.map((name) => [name, name]),
    );
    const listed = chunks.slice(0, MOST_CHUNKS);
    if (this.chunks.children.length !== listed.length)
      this.chunks.replaceChildren(...listed.map((name) => option(name, name)));
  }

  private addLevel(level: string): HTMLElement {
    const press = el(
      "button",
      { type: "button", class: "hepnb-toggle", "aria-pressed": "true", "data-level": level },
      el("span", {}, level),
      " ",
      el("span", { class: "hepnb-count" }),
    );
    press.addEventListener("click", () => {
      if (flip(press)) this.off.delete(level);
      else this.off.add(level);
      this.tell();
    });
    const after = [...this.levels.children].find(
      (other) => LEVELS.indexOf((other as HTMLElement).dataset.level ?? "") > LEVELS.indexOf(level),
    );
    this.levels.insertBefore(press, after ?? null);
    return press;
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      this.step(event.shiftKey);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.search.value === "") this.events.left();
      this.search.value = "";
      this.tell();
    }
  }

  private later(): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.tell(), TYPING);
  }

  private step(back: boolean): void {
    if (this.typing) this.tell();
    this.events.stepped(back);
  }

  private tell(): void {
    window.clearTimeout(this.typing);
    this.typing = 0;
    this.events.filtered(this.filter);
    this.events.searched(this.search.value, pressed(this.regex));
  }
}

function toggle(words: string, name: string, title: string): HTMLButtonElement {
  return el(
    "button",
    { type: "button", class: "hepnb-toggle", "aria-pressed": "false", "aria-label": name, title },
    words,
  );
}

export function pressed(press: HTMLElement): boolean {
  return press.getAttribute("aria-pressed") === "true";
}

/** Press a toggle, or let it go; whether it is pressed now. */
function flip(press: HTMLElement): boolean {
  press.setAttribute("aria-pressed", String(!pressed(press)));
  return pressed(press);
}

function option(words: string, value: string): HTMLOptionElement {
  return el("option", { value }, words);
}

function fill(select: HTMLSelectElement, entries: [string, string][]): void {
  const there = new Set([...select.options].map(({ value }) => value));
  for (const [words, value] of entries) if (!there.has(value)) select.append(option(words, value));
}
