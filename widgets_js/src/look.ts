// How a slice is drawn: choices of display alone, which never change the numbers that are selected.
// The Python twin is hepnb/widgets/hist_look.py.

export interface Look {
  kind: "step" | "errorbar" | "filled" | "points";
  errors: boolean;
  /** null: as the bins are. */
  logx: boolean | null;
  logy: boolean;
  logz: boolean;
  /** Under- and overflow drawn as bins. */
  flow: boolean;
  normalise: null | "area" | "density" | "width";
  cumulative: null | "up" | "down";
  /** Of two axes: the mean of y in each bin of x. */
  profile: boolean;
  /** The label of the series that the others are compared with. */
  reference: string | null;
  below: null | "ratio" | "pull";
  stats: boolean;
}

export const DEFAULT_LOOK: Look = {
  kind: "step",
  errors: true,
  logx: null,
  logy: false,
  logz: false,
  flow: false,
  normalise: null,
  cumulative: null,
  profile: false,
  reference: null,
  below: null,
  stats: true,
};
