// Numbers, times and sizes as a person reads them.

const THIN = "\u2009";

/** A count or a content: thin spaces between thousands; `digits` significant ones if not whole. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15)
    return grouped(String(Math.abs(value)), value < 0);
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(digits - 1).replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const [whole = "0", part = ""] = size.toFixed(Math.min(decimals, 12)).split(".");
  const tail = part.replace(/0+$/, "");
  return grouped(whole, value < 0) + (tail ? `.${tail}` : "");
}

function grouped(digits: string, negative: boolean): string {
  const out = digits.length > 4 ? digits.replace(/\B(?=(\d{3})+$)/g, THIN) : digits;
  return negative ? `−${out}` : out;
}

/** A rate or size with a prefix: 12.3 k, 4.56 M. */
export function scaled(value: number): string {
  for (const [limit, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (Math.abs(value) >= limit) {
      return `${(value / (letter === "k" ? 1e3 : limit)).toPrecision(3)}${THIN}${letter}`;
    }
  }
  return number(Math.abs(value) >= 100 ? Math.round(value) : value, 3);
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toPrecision(3)}${THIN}${units[at]}`;
}

/** Seconds as a clock would say them: 8 s, 2 min 05 s, 3 h 07 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 60) return `${seconds < 9.95 && seconds > 0 ? seconds.toFixed(1) : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Remaining time with its uncertainty, in one unit, without false precision. */
export function remaining(eta: number | null, error: number | null): string {
  if (eta === null) return "";
  if (error === null || error <= 0) return `about ${duration(Math.ceil(eta))} left`;
  const unit = eta >= 5400 ? 3600 : eta >= 90 ? 60 : 1;
  const name = unit === 3600 ? "h" : unit === 60 ? "min" : "s";
  const spread = error / unit;
  const decimals = spread < 1 && unit > 1 ? 1 : spread < 0.95 ? 1 : 0;
  return `${(eta / unit).toFixed(decimals)} ± ${Math.max(spread, 0.1).toFixed(decimals)} ${name} left`;
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const share = (100 * part) / whole;
  if (share > 99.9 && part < whole) return "99.9 %";
  return `${share >= 10 || share === 0 ? share.toFixed(1).replace(".0", "") : share.toPrecision(2)} %`;
}

export function clock(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (n: number, width = 2) => String(n).padStart(width, "0");
  const fraction = two(at.getMilliseconds(), 3);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${fraction}`;
}
