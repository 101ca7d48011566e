/** The border around a photo: a scanner's lid, an album's page, the white frame of a print. What is found is
 *  a proposal for a person (`photochrom.pipeline.borders`). */
import { labFromSrgb } from "./lab.js";
import { median, roundToEven } from "./numbers.js";

const LONGEST = 1024; // long side of the copy that is searched, pixels
const MOST_FRAMES = 3; // borders inside each other: the lid, the page, the print's frame
const TOLERANCE = 7; // how far a pixel of a border may be from the band's lightness, units of L
const DRIFT = 8; // how far the lightness of a band may drift from the edge to its end
const ALIKE = 15; // how far the sides of one border may differ
const FILLED = 0.9; // least share of a line that is border, where it is all border but for dust
const STEP = 0.7; // largest share behind the step at which a border ends
const STEP_WIDTH = 0.025; // width of that step, where the photo lies askew, as a share of the side
const NARROWEST_STEP = 3;
const CLEAR = 0.03; // share of a line up to which its ends may be border still
const LEAST_SIDE = 0.3; // least side of what remains, as a share
const LEAST_BAND = 0.006; // least width of a band, as a share
const FEWEST_SIDES = 2;
const EDGE_PART = 200; // one line in so many tells the lightness at the edge

/** Find the photo inside a border: a crop in its pixels, "WxH+X+Y", or null where none is found.
 *  photo: has `height`, `width` and `reduced(rows, columns)`, which gives (or promises) the photo reduced to
 *  (rows, columns, 3), sRGB 0..1. It is asked for once, at a long side of at most 1024 pixels. */
export async function borderOf(photo) {
  const scale = Math.min(1, LONGEST / Math.max(photo.height, photo.width));
  const [rows, columns] = [photo.height, photo.width].map((side) => Math.max(1, roundToEven(side * scale)));
  const lightness = labFromSrgb(await photo.reduced(rows, columns)).band(0);
  const { top, bottom, left, right } = insideBorders(lightness);
  if (!top && !left && bottom === rows && right === columns) return null;
  // the lines of the copy at the step show both
  const first = (line, side, count) => Math.ceil((line + (line > 0 ? 1 : 0)) * side / count);
  const last = (line, side, count) => Math.floor((line - (line < count ? 1 : 0)) * side / count);
  const x = first(left, photo.width, columns);
  const y = first(top, photo.height, rows);
  const width = last(right, photo.width, columns) - x;
  const height = last(bottom, photo.height, rows) - y;
  return `${width}x${height}+${x}+${y}`;
}

/** What is inside all borders of lightness (h, w), 0..100: { top, bottom, left, right }, its first row and
 *  column, and those behind its last. */
export function insideBorders(lightness) {
  const inside = { top: 0, bottom: lightness.height, left: 0, right: lightness.width };
  for (let frame = 0; frame < MOST_FRAMES; frame += 1) {
    const { above, below, before, behind } = bandsOf(lightness, inside);
    if (!(above || below || before || behind)) break;
    inside.top += above;
    inside.bottom -= below;
    inside.left += before;
    inside.right -= behind;
  }
  return inside;
}

/** Rows or columns of a part of a picture, in either order. */
class Lines {
  constructor(data, count, length, start, step, along) {
    Object.assign(this, { data, count, length, start, step, along });
  }

  /** Those of a part seen from above and below, before and behind. */
  static of({ data, width }, { top, bottom, left, right }) {
    const [height, across] = [Math.max(0, bottom - top), Math.max(0, right - left)];
    const start = top * width + left;
    const rows = new Lines(data, height, across, start, width, 1);
    const columns = new Lines(data, across, height, start, 1, width);
    return { above: rows, below: rows.reversed(), before: columns, behind: columns.reversed() };
  }

  reversed() {
    const { data, count, length, start, step, along } = this;
    return new Lines(data, count, length, start + (count - 1) * step, -step, along);
  }

  /** One line, a Float32Array. */
  at(index) {
    const start = this.start + index * this.step;
    return Float32Array.from({ length: this.length }, (_, i) => this.data[start + i * this.along]);
  }

  /** How many lines the step at a border's end may take. */
  get reach() {
    return Math.max(NARROWEST_STEP, roundToEven(STEP_WIDTH * Math.max(this.count, this.length)));
  }
}

const near = (value, level) => Math.abs(value - level) < TOLERANCE;

/** Share of a line that is near a lightness. */
function shareNear(line, level) {
  let count = 0;
  for (const value of line) if (near(value, level)) count += 1;
  return count / line.length;
}

/** Widths of one border on each side of a part of (h, w); zeros where there is none. */
function bandsOf(lightness, part) {
  const none = { above: 0, below: 0, before: 0, behind: 0 };
  const { above, below } = Lines.of(lightness, part);
  const upright = { above: bandOf(above), below: bandOf(below) };
  const rest = { ...part, top: part.top + upright.above.width, bottom: part.bottom - upright.below.width };
  const { before, behind } = Lines.of(lightness, rest);
  const sides = { ...upright, before: bandOf(before), behind: bandOf(behind) };
  const levels = Object.values(sides).filter(({ width }) => width).map(({ level }) => level);
  const remaining = Math.min(
    1 - (sides.above.width + sides.below.width) / (part.bottom - part.top),
    1 - (sides.before.width + sides.behind.width) / (part.right - part.left));
  if (levels.length < FEWEST_SIDES || Math.max(...levels) - Math.min(...levels) > ALIKE
    || remaining < LEAST_SIDE) return none;
  return withoutWedges(lightness, part, sides);
}

/** How many of the first lines are a band of one lightness, and that lightness: { width, level }. */
function bandOf(lines) {
  const none = { width: 0, level: NaN };
  if (!lines.count || !lines.length) return none;
  const edge = Array.from({ length: Math.max(1, Math.floor(lines.count / EDGE_PART)) }, (_, i) => lines.at(i));
  const start = median(Float32Array.from(edge.flatMap((line) => [...line])));
  let [width, level] = [0, start];
  for (; width < lines.count; width += 1) {
    const line = lines.at(width);
    const middle = median(line);
    if (shareNear(line, middle) < FILLED || Math.abs(middle - start) >= DRIFT) break;
    level = middle;
  }
  const { reach } = lines;
  if (width < Math.max(1, LEAST_BAND * lines.count) || width >= lines.count - reach) return none;
  const behind = Array.from({ length: reach }, (_, i) => shareNear(lines.at(width + i), level));
  return Math.min(...behind) <= STEP ? { width, level } : none;
}

/** The widths, and what a photo that lies askew leaves of the border at its corners. */
function withoutWedges(lightness, part, sides) {
  const widths = Object.fromEntries(Object.entries(sides).map(([side, { width }]) => [side, width]));
  for (let pass = 0; pass < 2; pass += 1) { // a wedge hides the end of its neighbor
    const seen = Lines.of(lightness, {
      top: part.top + widths.above, bottom: part.bottom - widths.below,
      left: part.left + widths.before, right: part.right - widths.behind });
    for (const [side, { width, level }] of Object.entries(sides))
      if (width) widths[side] += wedge(seen[side], level);
  }
  return widths;
}

/** How many of the first lines begin or end in the border. */
function wedge(lines, level) {
  const most = Math.min(lines.count, lines.reach);
  for (let i = 0; i < most; i += 1) {
    const line = lines.at(i);
    let [first, last] = [0, 0];
    while (first < line.length && near(line[first], level)) first += 1;
    while (last < line.length && near(line[line.length - 1 - last], level)) last += 1;
    if (Math.max(first, last) <= CLEAR * line.length) return i;
  }
  return 0;
}
