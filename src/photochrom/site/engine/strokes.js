/** Strokes of the mask brush: where they lie on a small copy, and the mixing of colors by them; the
 *  equations are those of the Python package's `photochrom.pipeline.local_edits`.
 *
 *  Colors are { ab, chroma, confidence }: ab (h, w, 2) in Lab units, their linear model { slope, offset,
 *  kept }, and the confidence or null. A stroke is { effect, points, radius, value }: effect "erase",
 *  "original", "saturation" or "vividness", points [x, y] and radius in pixels of the upright photo. */
import { Field } from "./fields.js";

/** Outer share of a brush's radius over which its effect fades. */
const FADE = 1 / 3;
/** Least radius of a brush, pixels of the small copy. */
const SMALLEST = 1.5;

/** `colors` where `weight` (h, w) is 0, the `other` ones where it is 1. */
export function mixed(colors, other, weight) {
  const { slope, offset } = colors.chroma;
  return {
    ...colors,
    ab: blended(colors.ab, other.ab, weight),
    chroma: {
      ...colors.chroma,
      slope: blended(slope, other.chroma.slope, weight),
      offset: blended(offset, other.chroma.offset, weight),
    },
  };
}

/** The colors with ab times `factor`, (h, w). */
export function scaled(colors, factor) {
  return { ...colors, ab: multiplied(colors.ab, factor), chroma: scaledModel(colors.chroma, factor) };
}

/** The colors with the photo's own ab (h, w, 2) where `kept` (h, w) is 1.
 *  bands: of the photo's colors; with fewer than 3 its own colors are none. */
export function keeping(colors, kept, own, bands) {
  const chroma = bands < 3
    ? scaledModel(colors.chroma, kept.map((share) => 1 - share))
    : { ...colors.chroma, kept };
  return { ...colors, ab: blended(colors.ab, own, kept), chroma };
}

/** `one` (h, w, 2) where `weight` (h, w) is 0, `other` where it is 1. */
const blended = (one, other, weight) =>
  one.map((value, i) => value + weight.data[i >> 1] * (other.data[i] - value));

const multiplied = (field, factor) => field.map((value, i) => value * factor.data[i >> 1]);

const scaledModel = (chroma, factor) => ({
  ...chroma,
  slope: multiplied(chroma.slope, factor),
  offset: multiplied(chroma.offset, factor),
});

/** Where strokes lie on a small copy; those of one effect lie over each other in their order. */
export class Masks {
  #strokes;
  #photo;

  /** photo, shape: { height, width } of the upright photo and of the small copy. */
  constructor(strokes, photo, shape) {
    this.shape = { height: shape.height, width: shape.width };
    this.#strokes = strokes;
    this.#photo = photo;
  }

  has(effect) { return this.#of(effect).length > 0; }

  /** The share of an effect without a value, (h, w), 0..1. */
  weight(effect) {
    const weight = new Field(this.shape.height, this.shape.width);
    for (const stroke of this.#of(effect)) {
      const { data } = this.#coverage(stroke);
      for (let i = 0; i < data.length; i += 1)
        if (data[i] > weight.data[i]) weight.data[i] = data[i];
    }
    return weight;
  }

  /** The value of an effect at each pixel, (h, w). */
  values(effect, elsewhere) {
    const values = new Field(this.shape.height, this.shape.width);
    values.data.fill(elsewhere);
    for (const stroke of this.#of(effect)) {
      const { data } = this.#coverage(stroke);
      for (let i = 0; i < data.length; i += 1)
        values.data[i] += data[i] * (stroke.value - values.data[i]);
    }
    return values;
  }

  /** [value, weight] of each stroke of an effect: the weight (h, w) with which its value replaces
   *  those before it. */
  byValue(effect) {
    return this.#of(effect).map((stroke) => [stroke.value, this.#coverage(stroke)]);
  }

  #of(effect) { return this.#strokes.filter((stroke) => stroke.effect === effect); }

  #coverage(stroke) { return coverageOf(stroke, this.#photo, this.shape); }
}

/** How far a stroke covers each pixel of a small copy { height, width }, (h, w), 0..1. */
function coverageOf(stroke, photo, { height, width }) {
  const scale = [height / photo.height, width / photo.width];
  const places = stroke.points.map(([x, y]) =>
    [(y + 0.5) * scale[0] - 0.5, (x + 0.5) * scale[1] - 0.5]);
  const radius = Math.max(SMALLEST, stroke.radius * Math.min(...scale));
  const distance = new Field(height, width);
  distance.data.fill(Infinity);
  places.forEach((start, index) => {
    lessenToSegment(distance, start, places[index + 1] ?? start, radius);
  });
  const fade = Math.max(FADE * radius, 1);
  return distance.map((value) => Math.min(1, Math.max(0, (radius - value) / fade)));
}

/** Lower distances (h, w), in place, to those from a segment, pixels; only within `radius` of it.
 *  start, end: [row, column]. */
function lessenToSegment({ height, width, data }, start, end, radius) {
  const first = (axis) => Math.max(0, Math.floor(Math.min(start[axis], end[axis]) - radius));
  const last = (axis, size) =>
    Math.min(size - 1, Math.ceil(Math.max(start[axis], end[axis]) + radius));
  const along = [end[0] - start[0], end[1] - start[1]];
  const length = along[0] ** 2 + along[1] ** 2;
  const [bottom, right] = [last(0, height), last(1, width)];
  for (let row = first(0); row <= bottom; row += 1)
    for (let column = first(1); column <= right; column += 1) {
      const down = row - start[0];
      const across = column - start[1];
      const part = length ? (down * along[0] + across * along[1]) / length : 0;
      const share = Math.min(1, Math.max(0, part));
      const dy = down - share * along[0];
      const dx = across - share * along[1];
      const near = Math.sqrt(dy * dy + dx * dx);
      const at = row * width + column;
      if (near < data[at]) data[at] = near;
    }
}
