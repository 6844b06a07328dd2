// A run's snapshot, as docs/protocol.md has it. Every text in it is data and shown as text.

import type { Brief } from "./log_record";

export interface Progress {
  events: number;
  events_total: number | null;
  events_expected?: number | null;
  chunks: number;
  chunks_total: number | null;
  bytes?: number;
  files: number;
  files_total: number | null;
  files_failed: number;
  events_lost: number;
  /** Done in chunks that are not committed, where workers tell. */
  events_under_way?: number;
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
  /** Seconds on its task. */
  spent?: number | null;
  /** Its chunk takes much longer than others did. */
  stalled?: boolean;
}

export interface Collection {
  name: string;
  events: number;
  total: number;
  min: number;
  max: number;
  /** Events with no object, with one, ...; the 32nd, if it is there, has all with 31 or more. */
  sizes?: number[];
}

/** How the collections stood after so many chunks: [events, objects] by name. */
export interface Moment {
  chunks: number;
  events: number;
  collections: Record<string, [number, number]>;
}

/** What the files say of a column. */
export interface Field {
  name: string;
  dtype: string;
  unit: string;
  doc: string;
  read: boolean;
}

/** A branch that holds, for each object of a collection, the place of one in another. */
export interface Reference {
  from: string;
  field: string;
  to: string;
}

export interface Schema {
  collections: Record<string, Field[]>;
  columns: Field[];
  references: Reference[];
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
  events_lost?: number;
  seconds?: number;
  rate?: number | null;
  reason: string;
}

export interface LogState {
  total: number;
  counts: Record<string, number>;
  /** The end of the log of a run that has ended. */
  last?: Brief;
}

export interface Snapshot {
  seq: number;
  id: string;
  name: string;
  directory: string;
  state: string;
  error: null | { title: string; traceback: string; chunk: string };
  now: number;
  started: number;
  ended: number | null;
  progress: Progress;
  workers: Worker[];
  collections: Collection[];
  history?: Moment[];
  schema?: Schema;
  statistics: ModuleTimes[];
  cutflow: Cut[];
  /** Of each cut the place of that before it in its own path; null where there is none. */
  cutflow_above?: (number | null)[];
  /** By dataset, where there are several: [raw, weighted] of each cut. */
  cutflows?: Record<string, [number, number][]>;
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
