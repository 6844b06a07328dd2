// A record of the log as it travels (docs/protocol.md) and as it is shown.

import { plain } from "./ansi";

export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

export interface LogRecord {
  n: number;
  time: number;
  level: string;
  worker: number | null;
  chunk: string;
  logger: string;
  repeat: number;
  text: string;
  /** How many lines the whole text has. */
  lines: number;
  /** Whether `text` is only its beginning and its end. */
  cut: boolean;
  /** Where hits of the search begin and end in `text`: begin, end, begin, end, … */
  marks: number[];
}

type Row = [
  number,
  number,
  number,
  number | null,
  number,
  number,
  number,
  string,
  number,
  number[]?,
];

/** Rows of an answer: names once, then one list per record. */
export interface Brief {
  names: string[];
  rows: Row[];
}

export function records({ names, rows }: Brief): LogRecord[] {
  return rows.map(([n, time, level, worker, chunk, logger, repeat, text, lines, marks]) => ({
    n,
    time,
    level: LEVELS[level] ?? "",
    worker,
    chunk: names[chunk] ?? "",
    logger: names[logger] ?? "",
    repeat,
    text,
    lines: Math.abs(lines),
    cut: lines < 0,
    marks: marks ?? [],
  }));
}

export function place({ worker, chunk }: LogRecord): string {
  const who = worker === null || worker === undefined ? "" : `w${worker}`;
  return [who, chunk].filter((part) => part).join(" ");
}

/** The same in so many characters: of a long file name the middle goes, not the entries. */
export function briefly(record: LogRecord, most = 24): string {
  const whole = place(record);
  if (whole.length <= most) return whole;
  const colon = whole.lastIndexOf(":");
  const entries = colon < 0 ? "" : whole.slice(colon);
  return `${whole.slice(0, Math.max(5, most - 1 - entries.length))}…${entries}`;
}

const WIDE = 160; // characters: a single line that is longer can be opened as well
const SHORT = 480; // characters of a line that is not opened
const TRACEBACK = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\)/;

/** Whether there is more of a message than its row shows. */
export function folds(record: LogRecord): boolean {
  return record.lines > 1 || record.cut || record.text.length > WIDE;
}

/** Where in its text the one line is that stands for a message, and what is said before it. */
export interface Summary {
  before: string;
  from: number;
  end: number;
}

/** The first line of a message; of a traceback the exception, which notes may follow. */
export function summary({ text }: LogRecord): Summary {
  if (TRACEBACK.test(plain(text))) {
    const said = text.trimEnd();
    const frames = said.lastIndexOf("\n  File ");
    const raised = frames < 0 ? null : /\n([^\s…].*)/.exec(said.slice(frames));
    const last = raised?.[1] ?? said.slice(said.lastIndexOf("\n") + 1).trimStart();
    const from = raised ? frames + raised.index + 1 : said.length - last.length;
    return { before: "Traceback … ", from, end: from + last.length };
  }
  const end = text.indexOf("\n");
  return { before: "", from: 0, end: Math.min(end < 0 ? text.length : end, SHORT) };
}
