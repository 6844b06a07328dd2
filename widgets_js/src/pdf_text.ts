// Text in the fonts that every PDF reader has: which of them holds a character, and how wide it is.

/** Helvetica's widths of the characters from space to tilde (Adobe Font Metrics). */
const HELVETICA = (
  "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 " +
  "556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 " +
  "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 " +
  "556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
  .split(" ")
  .map(Number);

/** Characters of the font Symbol: its code, and its width. */
const SYMBOL: Record<string, [number, number]> = {};
const GREEK =
  "αa631 βb549 γg411 δd494 εe439 ζz494 ηh603 θq521 ιi329 κk549 λl549 μm576 νn521 ξx493 πp549 ρr549 " +
  "σs603 τt439 υu576 φj603 χc549 ψy686 ωw686 ΓG603 ΔD612 ΘQ741 ΛL686 ΞX645 ΠP768 ΣS592 ΥU690 ΦF763 " +
  "ΨY795 ΩW768 −-549 ∼~549 ⊥^658";
for (const word of GREEK.split(" ")) {
  SYMBOL[word[0] ?? ""] = [word.charCodeAt(1), Number(word.slice(2))];
}
const MORE: [string, number, number][] = [
  ["≤", 0xa3, 549],
  ["≥", 0xb3, 549],
  ["≈", 0xbb, 549],
  ["→", 0xae, 987],
  ["∞", 0xa5, 713],
  ["√", 0xd6, 549],
  ["∂", 0xb6, 494],
  ["′", 0xa2, 247],
];
for (const [character, code, width] of MORE) SYMBOL[character] = [code, width];

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";
const WINDOWS: Record<string, number> = { "…": 0x85, "–": 0x96, "—": 0x97, "•": 0x95 };

export interface Glyph {
  font: "F" | "S";
  code: number;
  /** In thousandths of the font's size. */
  width: number;
  raised: boolean;
}

/** A character as these fonts have it, or null. */
export function glyph(character: string): Glyph | null {
  const at = SUPERSCRIPTS.indexOf(character);
  if (at >= 0) {
    const digit = glyph(at === 10 ? "−" : String(at));
    return digit && { ...digit, raised: true };
  }
  const known = SYMBOL[character];
  if (known) return { font: "S", code: known[0], width: known[1], raised: false };
  const code = WINDOWS[character] ?? character.codePointAt(0) ?? 0;
  const windows = character in WINDOWS;
  if (character === "\u2009") return { font: "F", code: 32, width: 278, raised: false };
  const width = windows
    ? 556
    : code < 127
      ? HELVETICA[code - 32]
      : code >= 161 && code < 256
        ? 556
        : 0;
  return width ? { font: "F", code, width: character === "…" ? 1000 : width, raised: false } : null;
}
