// A list of names: which of them match a search, which are chosen, in what order. No elements here.

/** A glob with * and ? over the whole name, else a part of it; capitals do not matter. */
export function matcher(pattern: string): (name: string) => boolean {
  const wanted = pattern.trim().toLowerCase();
  if (/[*?]/.test(wanted)) return (name) => glob(wanted, name.toLowerCase());
  return (name) => name.toLowerCase().includes(wanted);
}

/** Two fingers and one place to go back to: never slower than pattern times name. */
function glob(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p;
      mark = n;
      p += 1;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      n = mark;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}

export class Names {
  /** Numbers of the names in the order of the list, and of those that match the search. */
  private order: number[];
  shown: number[];
  readonly chosen = new Set<number>();
  private pattern = "";
  private only = false;

  constructor(private names: readonly string[]) {
    this.order = names.map((_, at) => at);
    this.shown = this.order;
  }

  name(at: number): string {
    return this.names[at] ?? "";
  }

  get size(): number {
    return this.names.length;
  }

  /** The chosen ones, in the order of the list. */
  get picked(): number[] {
    return this.order.filter((at) => this.chosen.has(at));
  }

  /** Chosen from outside: they keep their order, first in the list unless it is the names' own. */
  choose(picked: readonly number[]): void {
    this.chosen.clear();
    for (const at of picked) this.chosen.add(at);
    const rises = picked.every((at, i) => i === 0 || at > (picked[i - 1] ?? -1));
    const rest = this.names.map((_, at) => at);
    this.order = rises ? rest : [...picked, ...rest.filter((at) => !this.chosen.has(at))];
    this.sift();
  }

  /** More names came at the end. */
  grow(names: readonly string[]): void {
    for (let at = this.names.length; at < names.length; at += 1) this.order.push(at);
    this.names = names;
    this.sift();
  }

  search(pattern: string, only: boolean): void {
    this.pattern = pattern;
    this.only = only;
    this.sift();
  }

  private sift(): void {
    const fits = this.pattern.trim() ? matcher(this.pattern) : () => true;
    this.shown = this.order.filter(
      (at) => (!this.only || this.chosen.has(at)) && fits(this.name(at)),
    );
  }

  toggle(at: number): void {
    if (!this.chosen.delete(at)) this.chosen.add(at);
  }

  /** All, none or the others of those that are shown; what is not shown stays as it is. */
  mark(how: "all" | "none" | "invert"): void {
    for (const at of this.shown) {
      if (how === "all" || (how === "invert" && !this.chosen.has(at))) this.chosen.add(at);
      else this.chosen.delete(at);
    }
  }

  /** Move what is shown at `from` to where `to` is shown. */
  move(from: number, to: number): void {
    const [moved, target] = [this.shown[from], this.shown[to]];
    if (moved === undefined || target === undefined || from === to) return;
    this.order = this.order.filter((at) => at !== moved);
    this.order.splice(this.order.indexOf(target) + (to > from ? 1 : 0), 0, moved);
    this.sift();
  }
}
