/** Propagation of hints: the network's prediction, used where it is reliable, and corrected. The
 *  equations and the reasons for them are those of the Python package's
 *  `photochrom.pipeline.hint_propagation`. */
import { Field, windowMean } from "./fields.js";
import { StepCosts } from "./geodesic.js";
import { isLimited } from "./hints.js";

/** Dissimilarity for each short side of the geodesic distance from hint to pixel. */
const DISTANCE_WEIGHT = 0.3;
/** The same, for a point of a stroke whose color is far from the one predicted without hints. */
const STROKE_WEIGHT = 3;
/** Distance between predicted and hinted color, ab units, at which the weight is mostly up to
 *  STROKE_WEIGHT (scale of a Gaussian). */
const STROKE_SURPRISE = 40;
/** Dissimilarity for each unit of difference in L, both means of 3 x 3 pixels. */
const LIGHTNESS_WEIGHT = 1 / 20;
/** Dissimilarity for each unit of difference in the ab predicted without hints. */
const COLOR_WEIGHT = 1 / 25;
/** Reach of a prediction with hints, as a dissimilarity: for a hint of the color predicted without
 *  hints, and for a hint of a color far from it. */
const FAR = 4;
const NEAR = 1;
/** Distance between predicted and hinted color, ab units, at which the reach is mostly down to NEAR
 *  (scale of a Gaussian). */
const SURPRISE = 20;
/** Residual at a hint, ab units, at which half of the correction replaces the predicted colors and
 *  half shifts them. */
const HALF_REPLACED = 5;
/** Share of a hint's reach within which it has its full effect; from there it fades. */
const FULL_WITHIN = 0.6;

const MEAN_RADIUS = 1; // pixels to each side in the mean lightness
const WEIGHT_EPSILON = 1e-5; // keeps the weight of a hint's own pixel finite
const BEYOND = 1.5; // pixels around one of the small copy that it still colors; diagonally 1.41
const LEAST_WEIGHT = 1e-12; // where no hint reaches, nothing is divided by 0
const SURELY_UNLIKE = 4.2; // beyond it 1 - exp(-x²) is 1 in float32
const CACHED_NUMBERS = 2 ** 26; // of the fields in each cache: 256 MiB, 1200 fields of 192 x 288
const MOST_CACHED = 512;

/** Geodesic distances from hints to all pixels of one small copy, cached by hint. */
export class HintDistances {
  #costs;
  #cache;

  /** lightness: (h, w), 0..100. */
  constructor(lightness) {
    this.lightness = windowMean(lightness, MEAN_RADIUS);
    this.#costs = new StepCosts(this.lightness);
    this.#cache = new FieldCache(lightness.pixels);
  }

  /** The distance from a pixel, (h, w), short sides. */
  from([row, column]) {
    return this.#cache.get(`${row} ${column}`, () => this.#costs.distances(row, column));
  }
}

/** Dissimilarity of every pixel of a small copy to hints, cached by hint. */
export class Dissimilarity {
  #distances;
  #cache;

  /** distances: HintDistances of the small copy. withoutHints: (h, w, 2), the prediction without any
   *  hints, Lab units. */
  constructor(distances, withoutHints) {
    this.withoutHints = withoutHints;
    this.#distances = distances;
    this.#cache = new FieldCache(withoutHints.pixels);
  }

  /** Each hint's own DISTANCE_WEIGHT, in steps of 0.1, so that fields are found again. */
  distanceWeights(hints) {
    const { inStrokes } = hints;
    const surprises = surprisesOf(hints, this.withoutHints);
    return hints.points.map((point, i) => {
      if (!inStrokes[i] && !isLimited(point)) return DISTANCE_WEIGHT;
      const near = Math.exp(-((surprises[i] / STROKE_SURPRISE) ** 2));
      return Math.round(10 * (STROKE_WEIGHT - (STROKE_WEIGHT - DISTANCE_WEIGHT) * near)) / 10;
    });
  }

  /** The dissimilarity to the hint in a pixel, (h, w); 0 at the pixel itself.
   *  weight: of the distance from it. */
  field([row, column], weight) {
    return this.#cache.get(`${row} ${column} ${weight}`, () => this.#compute(row, column, weight));
  }

  #compute(row, column, weight) {
    const { height, width, data: ab } = this.withoutHints;
    const lightness = this.#distances.lightness.data;
    const distance = this.#distances.from([row, column]).data;
    const field = new Field(height, width);
    const { data, pixels } = field;
    const at = row * width + column;
    const [light, a, b] = [lightness[at], ab[2 * at], ab[2 * at + 1]];
    for (let i = 0; i < pixels; i += 1) {
      const da = ab[2 * i] - a;
      const db = ab[2 * i + 1] - b;
      data[i] = weight * distance[i] + LIGHTNESS_WEIGHT * Math.abs(lightness[i] - light)
        + COLOR_WEIGHT * Math.sqrt(da * da + db * db);
    }
    return field;
  }
}

/** Fields by hint: hints are set one by one, and only the new one is computed. */
class FieldCache {
  #fields = new Map();
  #capacity;

  /** pixels: of a field. */
  constructor(pixels) {
    this.#capacity = Math.max(1, Math.min(MOST_CACHED, Math.floor(CACHED_NUMBERS / pixels)));
  }

  get(key, compute) {
    const field = this.#fields.get(key) ?? compute();
    this.#fields.delete(key); // the last used one moves to the end
    this.#fields.set(key, field);
    if (this.#fields.size > this.#capacity) this.#fields.delete(this.#fields.keys().next().value);
    return field;
  }
}

/** Spread the hints' colors over the small copy, each where pixels are similar to the hint.
 *
 *  hints: PlacedHints. withHints, withoutHints: (h, w, 2), the network's predictions, Lab units.
 *  dissimilarity: of lightness and the prediction without any hints, with the cache of earlier calls.
 *  Returns (h, w, 2), Lab units. */
export function propagateHints(hints, withHints, withoutHints, dissimilarity) {
  const { pixels } = hints;
  const weights = dissimilarity.distanceWeights(hints);
  const unlike = (index) => dissimilarity.field(pixels[index], weights[index]).data;
  let ab = withoutHints;
  if (withHints !== withoutHints) {
    const distrust = distrustOf(hints, unlike, withoutHints).data;
    ab = withHints.map((value, i) => value + distrust[i >> 1] * (withoutHints.data[i] - value));
  }
  const sums = new Corrections(hints.shape);
  // From the last to the first, as those are the latest in a cache that does not hold all of them.
  for (let i = hints.length - 1; i >= 0; i -= 1) sums.add(hints.points[i], pixels[i], unlike(i), ab);
  return sums.applied(ab);
}

/** The colors that follow all hints of a photo.
 *
 *  placed: PlacedHints. withHints: (h, w, 2), the network's prediction from the hints without a reach,
 *  Lab units; null where there are none. base: (h, w, 2), the prediction without any hints.
 *  Returns { free, all }, each (h, w, 2): what follows the hints without a reach, and what follows
 *  all of them. */
export function hintedColors(placed, withHints, base, dissimilarity) {
  const { free: unlimited, limited } = placed;
  const free = unlimited.length ? propagateHints(unlimited, withHints, base, dissimilarity) : base;
  const all = limited.length ? propagateHints(limited, free, free, dissimilarity) : free;
  return { free, all };
}

/** The weighted sums over all hints of one small copy. */
class Corrections {
  constructor({ height, width }) {
    Object.assign(this, { height, width });
    const count = height * width;
    this.total = new Float32Array(count).fill(LEAST_WEIGHT);
    this.replaced = new Float32Array(count);
    this.shift = new Float32Array(2 * count);
    this.nearest = new Float32Array(count).fill(Infinity); // least dissimilarity without a reach
    this.strength = new Float32Array(count); // of the hints with a reach
  }

  /** Add a hint; unlike: (h * w), its dissimilarity. ab: (h, w, 2), the colors that it corrects. */
  add(point, [row, column], unlike, ab) {
    const at = row * this.width + column;
    const [a, b] = [ab.data[2 * at], ab.data[2 * at + 1]];
    const residual = [point.ab[0] - a, point.ab[1] - b];
    const size = Math.hypot(...residual);
    const share = size / (size + HALF_REPLACED);
    const shift = [residual[0] + share * a, residual[1] + share * b];
    if (isLimited(point)) this.#addWithin(point, unlike, share, shift);
    else this.#addEverywhere(unlike, share, shift);
  }

  #addEverywhere(unlike, share, [shiftA, shiftB]) {
    const { total, replaced, shift, nearest } = this;
    for (let i = 0; i < total.length; i += 1) {
      const value = unlike[i];
      const square = value * value + WEIGHT_EPSILON;
      const weight = 1 / (square * square);
      total[i] += weight;
      replaced[i] += weight * share;
      shift[2 * i] += weight * shiftA;
      shift[2 * i + 1] += weight * shiftB;
      if (value < nearest[i]) nearest[i] = value;
    }
  }

  #addWithin({ place, reach }, unlike, share, [shiftA, shiftB]) {
    const { width, total, replaced, shift, strength } = this;
    const { top, bottom, left, right } = windowOf(place, reach, this);
    for (let row = top; row < bottom; row += 1) {
      const down = ((row - place[0]) / reach[0]) ** 2;
      for (let column = left; column < right; column += 1) {
        const across = (column - place[1]) / reach[1];
        const slope = (1 - Math.sqrt(down + across * across)) / (1 - FULL_WITHIN);
        if (slope <= 0) continue;
        const within = slope < 1 ? slope * slope * (3 - 2 * slope) : 1;
        const i = row * width + column;
        const value = unlike[i];
        const square = value * value + WEIGHT_EPSILON;
        const weight = within / (square * square);
        total[i] += weight;
        replaced[i] += weight * share;
        shift[2 * i] += weight * shiftA;
        shift[2 * i + 1] += weight * shiftB;
        strength[i] = Math.max(strength[i], within * Math.exp(-(value * value * value)));
      }
    }
  }

  /** ab (h, w, 2), corrected. */
  applied(ab) {
    const { height, width, total, replaced, shift, nearest, strength } = this;
    const spread = new Field(height, width, 2);
    for (let i = 0; i < total.length; i += 1) {
      const near = nearest[i];
      const share = Math.max(strength[i], Math.exp(-(near * near * near))) / total[i];
      for (let band = 2 * i; band < 2 * i + 2; band += 1)
        spread.data[band] = ab.data[band] + share * (shift[band] - replaced[i] * ab.data[band]);
    }
    return spread;
  }
}

/** Distance between each hint's color and the predicted one, ab units. */
function surprisesOf(hints, withoutHints) {
  const { pixels } = hints;
  return hints.points.map(({ ab }, i) => {
    const at = 2 * (pixels[i][0] * withoutHints.width + pixels[i][1]);
    return Math.hypot(ab[0] - withoutHints.data[at], ab[1] - withoutHints.data[at + 1]);
  });
}

/** Weight of the prediction without hints against that with them, (h, w), 0..1.
 *  A stroke counts as much as the most similar of its points. */
function distrustOf(hints, unlike, withoutHints) {
  const distrust = new Field(hints.shape.height, hints.shape.width);
  const { data } = distrust;
  data.fill(1);
  const nearest = new Float32Array(data.length); // to any point of the stroke, in its reaches
  const surprises = surprisesOf(hints, withoutHints);
  hints.points.forEach(({ stroke }, index) => {
    if (stroke !== hints.points[index - 1]?.stroke) nearest.fill(Infinity);
    const reach = NEAR + (FAR - NEAR) * Math.exp(-((surprises[index] / SURPRISE) ** 2));
    const field = unlike(index);
    for (let i = 0; i < data.length; i += 1)
      if (field[i] < nearest[i] * reach) nearest[i] = field[i] / reach;
    if (stroke === hints.points[index + 1]?.stroke) return;
    for (let i = 0; i < data.length; i += 1)
      if (nearest[i] < SURELY_UNLIKE) data[i] *= 1 - Math.exp(-nearest[i] * nearest[i]);
  });
  return distrust;
}

/** The part of a picture within `reach` ([rows, columns]) of a place. */
function windowOf(place, reach, { height, width }) {
  return {
    top: Math.max(0, Math.ceil(place[0] - reach[0])),
    bottom: Math.min(height, Math.floor(place[0] + reach[0]) + 1),
    left: Math.max(0, Math.ceil(place[1] - reach[1])),
    right: Math.min(width, Math.floor(place[1] + reach[1]) + 1),
  };
}

/** Where hints of limited reach may change the full-size photo, (h, w), 0..1: a pixel of the small
 *  copy colors the photo up to the middles of those around it, so the mask ends before the reach. */
export function reachMask(hints) {
  const { height, width } = hints.shape;
  const mask = new Field(height, width);
  for (const { place, reach } of hints.points) {
    const short = Math.min(...reach);
    const { top, bottom, left, right } = windowOf(place, reach, hints.shape);
    for (let row = top; row < bottom; row += 1) {
      const down = ((row - place[0]) / reach[0]) ** 2;
      for (let column = left; column < right; column += 1) {
        const across = (column - place[1]) / reach[1];
        const value = (1 - Math.sqrt(down + across * across)) * short - BEYOND;
        const i = row * width + column;
        mask.data[i] = Math.max(mask.data[i], Math.min(1, value));
      }
    }
  }
  return mask;
}
