/** Hints, colors set at points of a photo, and their places in the small copy; the equations are those
 *  of the Python package's `photochrom.pipeline.hints`.
 *
 *  A hint is { x, y, ab: [a, b], radius, reach }: x and y in pixels of the upright photo, right and
 *  down, (0, 0) the center of the top left pixel; ab in Lab units; radius in pixels, null for 1 % of
 *  the short side; reach in pixels, the distance beyond which the hint changes nothing, null for
 *  none. */
import { Field } from "./fields.js";
import { LARGEST_AB } from "./lab.js";
import { roundToEven } from "./numbers.js";

/** Default radius, as a share of the photo's short side. */
const RADIUS = 0.01;
/** Least reach of a hint, pixels of the small copy. */
const SHORTEST_REACH = 3.25;

const LARGEST_COORDINATE = 1e9; // pixels; larger than any photo

/** Hints that do not fit the photo; the message is "subject: problem; remedy". */
export class HintError extends Error {
  constructor(subject, problem, remedy = null) {
    super(`${subject === null ? "" : `${subject}: `}${problem}${remedy === null ? "" : `; ${remedy}`}`);
    Object.assign(this, { name: "HintError", subject, problem, remedy });
  }
}

/** Throw a HintError for what is no hint; `where` is its name in the error. */
export function checkHint({ x, y, ab, radius = null, reach = null }, where = null) {
  if (!isNumber(x) || !isNumber(y))
    throw new HintError(where, `x and y are ${x} and ${y}, but must be numbers`);
  const isColor = Array.isArray(ab) && ab.length === 2
    && ab.every((value) => isNumber(value) && Math.abs(value) <= LARGEST_AB);
  if (!isColor)
    throw new HintError(where,
      `ab is ${JSON.stringify(ab)}, but must be two numbers in -${LARGEST_AB}..${LARGEST_AB}`);
  for (const [name, value] of Object.entries({ radius, reach }))
    if (value !== null && !(isNumber(value) && value > 0))
      throw new HintError(where, `${name} is ${value}, but must be a number above 0`);
}

const isNumber = (value) => typeof value === "number" && Math.abs(value) <= LARGEST_COORDINATE;

/** Throw a HintError for a point outside a photo { height, width }. */
export function checkInside(x, y, photo, where) {
  for (const [name, value, size, side] of [
    ["x", x, photo.width, "wide"],
    ["y", y, photo.height, "high"],
  ])
    if (!(value >= -0.5 && value < size - 0.5))
      throw new HintError(where, `${name} is ${value}, but the photo is ${size} pixels ${side}`,
        `${name} must lie in 0..${size - 1}`);
}

/** Fractional [row, column] in a small copy of a point of the upright photo.
 *  photo, shape: { height, width } of the photo and of the small copy. */
export function placeIn(x, y, photo, shape) {
  const along = (value, size, small) =>
    Math.min(small - 1, Math.max(0, (value + 0.5) * (small / size) - 0.5));
  return [along(y, photo.height, shape.height), along(x, photo.width, shape.width)];
}

/** The hints of one photo on its small copy.
 *
 *  shape: { height, width } of the small copy.
 *  points: of each hint { place, ab, radius, reach, stroke }: place the fractional [row, column],
 *  whole numbers are centers; ab in Lab units; radius in [rows, columns]; reach the distance beyond
 *  which the hint changes nothing, in [rows, columns], Infinity for none; stroke a number, the same
 *  for hints of one brush stroke, ascending. */
export class PlacedHints {
  constructor(shape, points) {
    this.shape = { height: shape.height, width: shape.width };
    this.points = points;
  }

  /** Place a photo's hints in its small copy. Of several in one pixel of it the last one is used.
   *  name: the photo's, for errors. Throws a HintError for what is no hint of this photo. */
  static of(hints, photo, shape, name) {
    const scale = [shape.height / photo.height, shape.width / photo.width];
    const usual = RADIUS * Math.min(photo.height, photo.width);
    const byPixel = new Map();
    hints.forEach((hint, index) => {
      const where = `${name}: hint ${index + 1}`;
      checkHint(hint, where);
      checkInside(hint.x, hint.y, photo, where);
      const place = placeIn(hint.x, hint.y, photo, shape);
      const pixel = roundToEven(place[0]) * shape.width + roundToEven(place[1]);
      byPixel.delete(pixel); // the later hint moves to the end
      byPixel.set(pixel, {
        place,
        ab: hint.ab.map(Math.fround),
        radius: scale.map((share) => (hint.radius ?? usual) * share),
        reach: scale.map((share) => Math.max((hint.reach ?? Infinity) * share, SHORTEST_REACH)),
        stroke: 0,
      });
    });
    const points = [...byPixel.values()];
    numberStrokes(points);
    return new PlacedHints(shape, points);
  }

  get length() { return this.points.length; }

  /** The hints without a reach. */
  get free() { return this.only((point) => !isLimited(point)); }

  /** The hints with a reach. */
  get limited() { return this.only(isLimited); }

  /** Whether each hint belongs to a brush stroke of several. */
  get inStrokes() {
    const counts = new Map();
    for (const { stroke } of this.points) counts.set(stroke, (counts.get(stroke) ?? 0) + 1);
    return this.points.map(({ stroke }) => counts.get(stroke) > 1);
  }

  /** [row, column] of the pixel that each hint lies in. */
  get pixels() { return this.points.map(({ place }) => place.map(roundToEven)); }

  /** The hints that `chosen` is true for. */
  only(chosen) { return new PlacedHints(this.shape, this.points.filter(chosen)); }

  /** A network's inputs for hints: ab (h, w, 2), Lab units, and mask (h, w), 0 or 1.
   *  gain: of the decoding that follows; the input holds colors before the gain. */
  inputs(gain) {
    const { height, width } = this.shape;
    const ab = new Field(height, width, 2);
    const mask = new Field(height, width);
    const { pixels } = this;
    this.points.forEach((point, index) => {
      const [row, column] = pixels[index];
      const [down, across] = point.radius.map(roundToEven);
      const [a, b] = point.ab.map((value) => value / gain);
      const [bottom, right] = [Math.min(height - 1, row + down), Math.min(width - 1, column + across)];
      for (let y = Math.max(0, row - down); y <= bottom; y += 1)
        for (let x = Math.max(0, column - across); x <= right; x += 1) {
          const at = y * width + x;
          mask.data[at] = 1;
          ab.data[2 * at] = a;
          ab.data[2 * at + 1] = b;
        }
    });
    return { ab, mask };
  }
}

/** Whether a placed hint has a reach. */
export const isLimited = (point) => point.reach[0] < Infinity;

/** A network's inputs for those of a photo's hints that have no reach, as of `PlacedHints.inputs`: a
 *  network spreads a color as far as it likes, so it is not asked about the others. */
export function hintInputs(hints, photo, shape, gain, name) {
  const free = hints.filter((hint) => (hint.reach ?? null) === null);
  return PlacedHints.of(free, photo, shape, name).inputs(gain);
}

/** Number the strokes: neighbors in the list, of one color, that touch or overlap. */
function numberStrokes(points) {
  for (let i = 1; i < points.length; i += 1) {
    const [before, here] = [points[i - 1], points[i]];
    const steps = [0, 1].map((axis) =>
      Math.abs(here.place[axis] - before.place[axis]) / Math.max(2 * here.radius[axis], 2));
    const alike = here.ab[0] === before.ab[0] && here.ab[1] === before.ab[1];
    here.stroke = before.stroke + (Math.hypot(...steps) > 1 || !alike ? 1 : 0);
  }
}
