/** Rows that no model made. */
export const BASELINES = ["grey", "best constant"];

/** The main figures of a set. `beside` stands small below its
 *  figure; it is left out of grey's row where it compares with grey (ofGrey). */
export const FIGURES = [
  { key: "psnr", label: "PSNR", unit: "dB", digits: 2, better: "high",
    beside: { key: "psnr_gain", digits: 2, signed: true, ofGrey: true },
    meaning: "Peak signal-to-noise ratio on 8-bit sRGB, mean over photos; higher is better. " +
      "Below it: the gain over the photos left grey." },
  { key: "ssim", label: "SSIM", digits: 3, better: "high",
    meaning: "Structural similarity; 1 is the real photo." },
  { key: "ab_error", label: "ab error", digits: 2, better: "low",
    beside: { key: "ab_gain_percent", digits: 1, signed: true, negated: true, suffix: " %",
      ofGrey: true },
    meaning: "Mean distance of the colours in the ab plane, Lab units; lower is better. " +
      "Below it: against grey." },
  { key: "ciede2000", label: "CIEDE2000", digits: 2, better: "low",
    beside: { key: "ciede2000_gain_percent", digits: 1, signed: true, negated: true, suffix: " %",
      ofGrey: true },
    meaning: "Mean perceived colour difference; lower is better. Below it: against grey." },
  { key: "colorfulness_ratio", label: "Colourfulness", unit: "of real", digits: 2, better: "one",
    beside: { key: "colorfulness_distance", digits: 1, prefix: "Δ " },
    meaning: "Hasler and Süsstrunk's colorfulness as a share of the real photos'; nearest 1 is " +
      "best. Below it: the distance of the two means." },
  { key: "colorfulness_photo_distance", label: "Colourfulness Δ", unit: "a photo", digits: 1,
    better: "low",
    meaning: "Distance of a photo's colorfulness from the real one's, mean over photos; lower " +
      "is better." },
  { key: "frechet", label: "Fréchet", digits: 1, better: "low",
    beside: { key: "frechet_share_percent", digits: 0, suffix: " % of grey", ofGrey: true },
    meaning: "Distance between the features of coloured and of real photos; lower is better. " +
      "The floor is the distance between two random halves of all the real photos." },
  { key: "agreement_percent", label: "Agreement", unit: "%", digits: 1, better: "high",
    beside: { key: "agreement_gain", digits: 1, signed: true, ofGrey: true },
    meaning: "Photos in which a classifier sees the same as in the real photo; higher is better. " +
      "Below it: points above grey." },
  { key: "accuracy_percent", label: "Accuracy", unit: "%", digits: 1, better: "high",
    meaning: "Photos whose label a classifier finds; higher is better. In the head: of the real " +
      "photos." },
  { key: "seconds", label: "Time", unit: "s a photo", digits: 3, better: "low", modelsOnly: true,
    meaning: "Of one photo, from reading to full-size colour; comparable only within this page." },
];

/** The figures of one photo. */
export const PHOTO_FIGURES = [
  { key: "ab_error", label: "ab error", short: "ab error", digits: 1 },
  { key: "psnr", label: "PSNR", short: "PSNR", digits: 1 },
  { key: "ciede2000", label: "CIEDE2000", short: "ΔE₀₀", digits: 1 },
  { key: "ssim", label: "SSIM", short: "SSIM", digits: 3 },
  { key: "colorfulness", label: "colorfulness", short: "colour", digits: 0 },
];

/** A figure as text, with a true minus sign; a dash where it is missing. */
export function written(value, { digits, signed = false, negated = false, prefix = "", suffix = "" }) {
  if (value === undefined || value === null) return "–";
  const number = negated ? -value : value;
  const size = Math.abs(number).toFixed(digits);
  const zero = Number(size) === 0;
  const sign = zero ? "" : number < 0 ? "−" : signed ? "+" : "";
  return `${prefix}${sign}${size}${suffix}`;
}

/** How bad a value is: 0 or less is best, comparable only within one figure. */
export function badness(value, figure) {
  if (figure.better === "high") return -value;
  return figure.better === "one" ? Math.abs(value - 1) : value;
}

/** A row's value of a figure; undefined where it has none or none that means anything. */
export function valueOf(row, name, figure) {
  return figure.modelsOnly && BASELINES.includes(name) ? undefined : row?.[figure.key];
}

/** Which of the values are the best as written; none where there is nothing to compare. */
export function bestOf(values, figure) {
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2) return values.map(() => false);
  const rounded = (value) => badness(Number(value.toFixed(figure.digits)), figure);
  const least = Math.min(...known.map(rounded));
  const best = values.map((value) => value !== undefined && rounded(value) <= least + 1e-9);
  return best.filter(Boolean).length === known.length ? values.map(() => false) : best;
}

/** A cell with a figure and what stands beside it. */
export function figureText(row, name, figure) {
  const value = valueOf(row, name, figure);
  const idle = value === undefined || (name === "grey" && figure.beside?.ofGrey);
  const beside = idle ? undefined : row[figure.beside?.key];
  return {
    main: written(value, figure),
    beside: beside === undefined ? null : written(beside, figure.beside),
  };
}
