// A histogram that the kernel sent whole (hepnb/widgets/hist_whole.py): the numbers of every bin,
// flow bins included, the first axis fastest.

export interface WholeWire {
  /** Grows with the contents; 0 where there is none. */
  version: number;
  storage?: "sum" | "mean" | "weighted_mean";
  /** Variances are the values themselves (numbers of events); false: not known. */
  known?: boolean;
  fields?: { type: "u1" | "u2" | "u4" | "f8"; data: DataView }[];
}

export interface Whole {
  version: number;
  storage: "sum" | "mean" | "weighted_mean";
  known: boolean;
  /** sum: values and maybe variances; means: weights (one or two), mean, squared deviations. */
  fields: Float64Array[];
}

const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

export function readWhole(wire: WholeWire | undefined): Whole | null {
  if (!wire?.version || !wire.fields) return null;
  return {
    version: wire.version,
    storage: wire.storage ?? "sum",
    known: wire.known ?? false,
    fields: wire.fields.map(({ type, data }) => {
      const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      const numbers = new TYPES[type](bytes as ArrayBuffer);
      return numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
    }),
  };
}
