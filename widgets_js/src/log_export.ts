// Lines to keep: copied, or as a file. They come from the kernel in pieces.

import { plain } from "./ansi";
import type { Channel } from "./channel";
import { copyText } from "./copy";
import { button, el, setText } from "./dom";
import { number } from "./format";
import { type Filter, question } from "./log_source";
import { save } from "./save";

const MOST_COPIED = 20_000; // lines
const MOST_SAVED = 200_000;
const PIECE = 5_000;

export interface Shown {
  filter: Filter;
  total: number;
  /** The lines that are selected: the first, and the one after the last; null for none. */
  selected: [number, number] | null;
  /** The run, for the name of the file, and its directory. */
  id: string;
  directory: string;
}

export class LogExport {
  readonly node: HTMLElement;
  private readonly said = el("span", { class: "hepnb-said", role: "status" });
  private busy = false;

  constructor(
    private readonly channel: Channel,
    private readonly shown: () => Shown,
  ) {
    const copy = button("copy", { title: "Copy the selected lines, or all that are shown" });
    const save = button("download", { title: "All lines that are shown, as a text file" });
    copy.addEventListener("click", () => void this.copy());
    save.addEventListener("click", () => void this.save());
    this.node = el("span", { class: "hepnb-row" }, copy, save, this.said);
  }

  async copy(): Promise<void> {
    const { selected, total } = this.shown();
    const [from, end] = selected ?? [0, total];
    const text = await this.gather(from, end, MOST_COPIED);
    if (text === null) return;
    const done = await copyText(text.join(""));
    const lines = number(end - from);
    this.say(
      done ? `copied ${lines} line${end - from === 1 ? "" : "s"}` : "copying is not allowed",
    );
  }

  async save(): Promise<void> {
    const { id, total } = this.shown();
    const text = await this.gather(0, total, MOST_SAVED);
    if (text === null) return;
    save(new Blob(text, { type: "text/plain" }), `${id || "run"}.log`);
    this.say(`saved ${number(total)} lines`);
  }

  /** These lines as text, in pieces; null where they are too many, or do not come. */
  private async gather(from: number, end: number, most: number): Promise<string[] | null> {
    if (this.busy) return null;
    const { filter, directory } = this.shown();
    if (end - from > most) {
      const where = directory ? `; the log is in ${directory}/log/*.text` : "";
      this.say(`${number(end - from)} lines are too many here (${number(most)})${where}`, false);
      return null;
    }
    const out: string[] = [];
    this.busy = true;
    for (let at = from; at < end; ) {
      this.say(`reading … ${Math.floor((100 * (at - from)) / (end - from))} %`, false);
      const body = { start: at, count: Math.min(PIECE, end - at), ...question(filter) };
      const { ok, result, error } = await this.channel.request("log_text", body);
      if (!ok) {
        this.busy = false;
        this.say(error ?? "", false);
        return null;
      }
      const { text, next } = result as { text: string; next: number };
      if (next <= at) break;
      out.push(plain(text));
      at = next;
    }
    this.busy = false;
    return out;
  }

  private say(words: string, passing = true): void {
    setText(this.said, words);
    if (!passing) return;
    window.setTimeout(() => {
      if (this.said.textContent === words) setText(this.said, "");
    }, 4000);
  }
}
