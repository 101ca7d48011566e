/** Geodesic distance from a seed pixel to all others; edges of lightness cost extra. Passes and costs
 *  are those of the Python package's `photochrom.filters.geodesic`, in the same float32. */
import { Field } from "./fields.js";

/** What one unit of L costs where lightness changes, in short sides of the picture. */
const EDGE_COST = 0.12;
/** Change of L a short side that costs nothing: shading and texture, not edges. */
const FREE_SLOPE = 240;
/** Passes over the picture, each in four directions. */
const MOST_ROUNDS = 8;
/** A change of any distance below which no further pass is made, short sides. */
const SETTLED = 0.01;

const FAR = 1e9;
const BLOCK = 32; // pixels a side that are transposed together, so that both copies stay in the cache

/** The costs of the steps from every pixel to its neighbors; computed once, used repeatedly. */
export class StepCosts {
  #rows;
  #columns;
  #before;
  #turned;

  /** lightness: (h, w), 0..100. */
  constructor(lightness) {
    const { height, width } = lightness;
    Object.assign(this, { height, width });
    const { down, right, falling, rising } = stepCosts(lightness);
    const turned = (costs) => transposed(costs, height, width, new Float32Array(costs.length));
    this.#rows = { straight: down, falling, rising };
    this.#columns = { straight: turned(right), falling: turned(falling), rising: turned(rising) };
    this.#before = new Float32Array(height * width);
    this.#turned = new Float32Array(height * width);
  }

  /** Length of the cheapest path from the seed to every pixel, (h, w), in short sides of the picture:
   *  the length of the path through an even area, and more over edges of L. */
  distances(row, column) {
    const { height, width } = this;
    const [before, turned] = [this.#before, this.#turned];
    const distance = new Float32Array(height * width).fill(FAR);
    distance[row * width + column] = 0;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      before.set(distance);
      sweep(distance, height, width, this.#rows);
      transposed(distance, height, width, turned);
      sweep(turned, width, height, this.#columns);
      transposed(turned, width, height, distance);
      if (largestFall(before, distance) < SETTLED) break;
    }
    return new Field(height, width, 1, distance);
  }
}

/** Costs (h * w) of the steps from each pixel down, right, down and right (falling), and from the
 *  pixel below it up and right (rising); FAR where a step leaves the picture. */
function stepCosts({ height, width, data }) {
  const step = 1 / Math.min(height, width);
  const cost = (one, other, length) => {
    const edge = Math.max(Math.abs(data[one] - data[other]) - FREE_SLOPE * step * length, 0);
    return Math.hypot(step * length, EDGE_COST * edge);
  };
  const far = () => new Float32Array(data.length).fill(FAR);
  const [down, right, falling, rising] = [far(), far(), far(), far()];
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const at = row * width + column;
      const below = row + 1 < height;
      const beside = column + 1 < width;
      if (below) down[at] = cost(at + width, at, 1);
      if (beside) right[at] = cost(at + 1, at, 1);
      if (below && beside) falling[at] = cost(at + width + 1, at, Math.SQRT2);
      if (below && beside) rising[at] = cost(at + width, at + 1, Math.SQRT2);
    }
  return { down, right, falling, rising };
}

/** Propagate distances (h * w), in place, from row to row, downward and then upward. */
function sweep(distance, height, width, { straight, falling, rising }) {
  for (let row = 1; row < height; row += 1) {
    const above = (row - 1) * width;
    sweepRow(distance, width, above, above + width, above, straight, falling, rising);
  }
  for (let row = height - 2; row >= 0; row -= 1) {
    const here = row * width;
    sweepRow(distance, width, here + width, here, here, straight, rising, falling);
  }
}

/** Propagate one row, which begins at `source`, to the row at `target`; costs begin at `costs`. */
function sweepRow(distance, width, source, target, costs, straight, fromLeft, fromRight) {
  let [left, same] = [FAR, distance[source]];
  let leftCost = FAR;
  for (let column = 0; column < width; column += 1) {
    const right = column + 1 < width ? distance[source + column + 1] : FAR;
    let best = distance[target + column];
    best = Math.min(best, same + straight[costs + column]);
    best = Math.min(best, left + leftCost);
    best = Math.min(best, right + fromRight[costs + column]);
    distance[target + column] = best;
    left = same;
    same = right;
    leftCost = fromLeft[costs + column];
  }
}

/** `values` (h * w) as (w * h), written to `target`. */
function transposed(values, height, width, target) {
  for (let top = 0; top < height; top += BLOCK)
    for (let left = 0; left < width; left += BLOCK) {
      const [bottom, end] = [Math.min(top + BLOCK, height), Math.min(left + BLOCK, width)];
      for (let row = top; row < bottom; row += 1)
        for (let column = left; column < end; column += 1)
          target[column * height + row] = values[row * width + column];
    }
  return target;
}

function largestFall(before, after) {
  let largest = 0;
  for (let i = 0; i < before.length; i += 1)
    if (before[i] - after[i] > largest) largest = before[i] - after[i];
  return largest;
}
