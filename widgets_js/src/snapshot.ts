// A run's snapshot, as docs/protocol.md has it. Every text in it is data and shown as text.

export interface Progress {
  events: number;
  events_total: number | null;
  events_expected?: number | null;
  chunks: number;
  chunks_total: number | null;
  files: number;
  files_total: number | null;
  files_failed: number;
  events_lost: number;
  rate: number | null;
  eta: number | null;
  eta_error: number | null;
}

export interface Worker {
  id: number;
  state: string;
  file: string;
  start: number;
  stop: number;
  cpu: number | null;
  rss: number | null;
  events: number;
  chunks: number;
}

export interface Collection {
  name: string;
  events: number;
  total: number;
  min: number;
  max: number;
}

export interface ModuleTimes {
  module: string;
  phase?: string;
  calls: number;
  events: number;
  cpu: number;
  wall: number;
  /** Resident memory [bytes] after it, the most of any worker. */
  peak?: number;
}

export interface Cut {
  cut: string;
  raw: number;
  weighted: number;
}

export interface DataFile {
  dataset: string;
  file: string;
  status: string;
  events: number;
  events_done: number;
  reason: string;
}

export interface LogRecord {
  n: number;
  time: number;
  level: string;
  worker: number | string | null;
  chunk: string;
  logger: string;
  text: string;
  repeat: number;
}

export interface LogState {
  total: number;
  counts: Record<string, number>;
  tail: LogRecord[];
}

export interface Snapshot {
  seq: number;
  id: string;
  name: string;
  state: string;
  error: null | { title: string; traceback: string; chunk: string };
  now: number;
  started: number;
  ended: number | null;
  progress: Progress;
  workers: Worker[];
  collections: Collection[];
  statistics: ModuleTimes[];
  cutflow: Cut[];
  files: DataFile[];
  files_omitted?: number;
  log: LogState;
}

const ENDED = new Set(["done", "failed", "cancelled", "lost"]);

export function ended(state: string): boolean {
  return ENDED.has(state);
}

/** A part of a view: an element, and how a new snapshot changes it. */
export interface Part {
  node: HTMLElement;
  update(snapshot: Snapshot): void;
  close?(): void;
}
