// Colours that programs print for a terminal, as styles that every theme can show; all other
// escapes and control characters are taken out. The text itself is never changed or interpreted.

export interface Span {
  text: string;
  /** Class names, separated by spaces; empty for plain text. */
  style: string;
}

interface Style {
  fg: number | null;
  bg: number | null;
  flags: Set<string>;
}

// CSI … letter; OSC, DCS and the like up to their end; what was cut off; two-character escapes;
// controls, those too that turn the direction of a text around.
const ESCAPE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)|\x1b\[[0-?]*[ -/]*$|\x1b[ -/]*[0-~]?|[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

const FLAGS: Record<number, string> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  9: "strike",
};
const ENDS: Record<number, string[]> = {
  21: ["bold"],
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
};

/**
 * A text with escapes as pieces of one style each; a text without any is one piece. What lies between
 * the places `marks` (begin, end, begin, end, …) has the style of a mark as well.
 */
export function spans(text: string, marks: number[] = []): Span[] {
  const out: Span[] = [];
  const style: Style = { fg: null, bg: null, flags: new Set() };
  let from = 0;
  let mark = 0;
  const add = (end: number) => {
    while (from < end) {
      while ((marks[mark] ?? Number.POSITIVE_INFINITY) <= from) mark += 1;
      const stop = Math.min(end, marks[mark] ?? end);
      const piece = text.slice(from, stop);
      const classes = `${named(style)}${mark % 2 ? " hepnb-mark" : ""}`.trim();
      const last = out.at(-1);
      if (last?.style === classes) last.text += piece;
      else out.push({ text: piece, style: classes });
      from = stop;
    }
  };
  for (const found of text.matchAll(ESCAPE)) {
    add(found.index);
    from = found.index + found[0].length;
    if (found[2] === "m" && /^[\d;:]*$/.test(found[1] ?? "")) apply(style, found[1] ?? "");
  }
  add(text.length);
  return out;
}

/** The text that is seen. */
export function plain(text: string): string {
  return text.replace(ESCAPE, "");
}

function apply(style: Style, given: string): void {
  // 38:2::r:g:b has an empty place for a colour space that 38;2;r;g;b has not
  const codes = given
    .replace(/([34]8:2):[^:;]*:(\d*:\d*:\d)/g, "$1:$2")
    .split(/[;:]/)
    .map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) {
      style.fg = style.bg = null;
      style.flags.clear();
    } else if (code in FLAGS) style.flags.add(FLAGS[code] ?? "");
    else if (code in ENDS) for (const flag of ENDS[code] ?? []) style.flags.delete(flag);
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 90 + 8;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 100 + 8;
    else if (code === 39) style.fg = null;
    else if (code === 49) style.bg = null;
    else if (code === 38 || code === 48) {
      const indexed = codes[at + 1] === 5;
      const colour = indexed
        ? ofTable(codes[at + 2] ?? 0)
        : nearest(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0);
      if (code === 38) style.fg = colour;
      else style.bg = colour;
      at += indexed ? 2 : codes[at + 1] === 2 ? 4 : codes.length;
    }
  }
}

function named({ fg, bg, flags }: Style): string {
  const out = [...flags].map((flag) => `hepnb-ansi-${flag}`);
  if (fg !== null) out.push(`hepnb-fg-${fg}`);
  if (bg !== null) out.push(`hepnb-bg-${bg}`);
  return out.join(" ");
}

/** A colour of the table of 256 as the nearest of the 16. */
function ofTable(index: number): number {
  if (index < 16) return Math.max(0, index | 0);
  if (index >= 232)
    return nearest(8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232));
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = index - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** The nearest of the 16 in hue: grey by its brightness, a colour by which of its parts are strong. */
export function nearest(red: number, green: number, blue: number): number {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (high - low < 40) return high < 50 ? 0 : high < 140 ? 8 : high < 215 ? 7 : 15;
  const strong = (part: number) => (part - low > (high - low) * 0.5 ? 1 : 0);
  const hue = strong(red) + 2 * strong(green) + 4 * strong(blue);
  return high > 215 && low > 90 ? hue + 8 : hue;
}
