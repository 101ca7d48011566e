/** Rounding, order statistics and interpolation with the conventions of Python and NumPy. */

/** The nearest whole number; of two that are equally near, the even one. */
export function roundToEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
}

/** Quantiles of numbers, linearly interpolated between the two that are nearest in rank.
 *  values: a typed array. shares: 0..1 each. */
export function quantiles(values, shares) {
  const sorted = values.slice().sort();
  return shares.map((share) => {
    const rank = share * (sorted.length - 1);
    const below = Math.floor(rank);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
  });
}

/** One quantile; share: 0..1. */
export const quantile = (values, share) => quantiles(values, [share])[0];

/** The median of a typed array. */
export const median = (values) => quantile(values, 0.5);

/** The value at `x` on the lines between points with ascending `xs`; constant outside them. */
export function interpolated(x, xs, ys) {
  const last = xs.length - 1;
  if (x <= xs[0]) return ys[0];
  if (x >= xs[last]) return ys[last];
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  return ys[low] + (ys[high] - ys[low]) * (x - xs[low]) / (xs[high] - xs[low]);
}
