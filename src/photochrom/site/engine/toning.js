/** Is a picture grey, toned, or in color already? The equations and thresholds of
 *  `photochrom.pipeline.toning`, where the reasons are given. */
import { Field, windowMean } from "./fields.js";
import { labFromSrgb } from "./lab.js";
import { interpolated, median, quantile, roundToEven } from "./numbers.js";
import { resize } from "./resize.js";
import { cellChroma, cutOut, fineness, hueSpread, lengths, mainDirection, offLine, strongShare,
  withoutFringes } from "./tone_measures.js";

const SIDE = 96; // short side of the copy that is looked at, pixels
const SMALLEST = 36; // short side below which no window fits in
const NEUTRAL = 2; // chroma below which a picture counts as grey, for all but one pixel in a hundred
const YELLOWED = 2.8; // how far from one line one pixel in a hundred of yellowed paper is
const YELLOW = [45, 110]; // hues of aged paper, glue and tape, degrees in ab
const COARSEST_PATTERN = 0.8; // largest fineness of a picture in color
const COARSEST_OF_STRONG = 0.6; // and of one with strong colors in a few places
const STRONG = 6; // difference from the tone, Lab units
const STRONG_SHARE = 0.007; // of windows that a strong color fills
const HUES_FINENESS = [0.45, 0.6, 0.7, 0.85];
const HUES = [1.2, 1.6, 1.6, 3.5]; // how far off one line several hues are, by fineness
const CELLS_FINENESS = [0.3, 0.5, 0.68, 0.78];
const CELLS = [0.5, 0.6, 0.9, 2.5]; // how much color one cell in ten has, by fineness
const CELLS_HUES = 0.95; // the hues that must be there too
const HALF = 0.2; // share of the picture that each of two hues has
const HALF_CHROMA = 12; // its least chroma
const APART = 75; // degrees between the hues
const STEEPEST = 1.5; // from which change of ab by lightness they are no tone

const LEVELS = 49; // lightnesses at which the usual color is found
const SMOOTHED = 13; // of how many of them the median is taken
const FEWEST_NEAREST = 16;
const CENTER = 0.06; // part of each side that does not count for the usual colors
const MAT_CHROMA = 4; // a mat's least chroma
const MAT_TOLERANCE = 4; // how far from it
const MAT_FILL = 0.9; // that part of a row may be
const MAT_LIMIT = 0.4; // and how much of a side it is
const MAT_EDGE = 2; // pixels in which a mat and the picture mix
const TWELFTH = 30; // degrees of the circle of hues that count as one hue
const HUE_STEP = 5;

const circled = (degrees) => ((degrees % 360) + 360) % 360;
const degrees = (a, b) => Math.atan2(b, a) * 180 / Math.PI;

/** Judge a picture: "grey", "tinted" (of one color for each lightness) or "color".
 *  srgb: (h, w, 3), 0..1, of any size; a small copy is as good as the whole. */
export function toneOf(srgb) {
  const scale = Math.min(1, SIDE / Math.min(srgb.height, srgb.width));
  const [rows, columns] = [srgb.height, srgb.width].map((side) => Math.max(1, roundToEven(side * scale)));
  const whole = labFromSrgb(resize(srgb, rows, columns));
  if (quantile(lengths(whole, 1), 0.99) < NEUTRAL) return "grey";
  const lab = withoutMat(whole);
  if (hasTwoHues(lab)) return "color";
  const usual = usualColors(lab);
  const difference = usual.map((value, i) => lab.data[3 * (i >> 1) + 1 + i % 2] - value);
  const yellowed = isYellowed(lab);
  let isColored;
  if (Math.min(lab.height, lab.width) < SMALLEST)
    isColored = quantile(lengths(difference), 0.9) > STRONG && !yellowed;
  else isColored = hasColor(withoutFringes(difference, lab.band(0)), yellowed);
  return isColored ? "color" : "tinted";
}

/** Whether the differences from the tone, (h, w, 2), are those of a picture in color. */
function hasColor(difference, yellowed) {
  const fine = fineness(difference);
  if (fine > COARSEST_PATTERN) return false;
  if (!yellowed && fine < COARSEST_OF_STRONG && strongShare(difference, STRONG) > STRONG_SHARE) return true;
  const hues = hueSpread(difference);
  if (hues > interpolated(fine, HUES_FINENESS, HUES)) return true;
  return hues > CELLS_HUES && !yellowed
    && cellChroma(difference) > interpolated(fine, CELLS_FINENESS, CELLS);
}

/** The part of Lab (h, w, 3) inside a mat or border of one color, which is on two sides or more. */
export function withoutMat(lab) {
  const { height, width } = lab;
  const [top, bottom] = [matWidth(lab), matWidth(upsideDown(lab))];
  const columns = transposed(cutOut(lab, [top, height - bottom], [0, width]));
  const [left, right] = [matWidth(columns), matWidth(upsideDown(columns))];
  const ends = [
    [top, [0, 1], [0, width]],
    [bottom, [height - 1, height], [0, width]],
    [left, [0, height], [0, 1]],
    [right, [0, height], [width - 1, width]],
  ];
  const colors = ends.filter(([mat]) => mat).map(([, ...line]) => middleColor(cutOut(lab, ...line)));
  // a sky above and a meadow below are no mat
  const apart = colors.map(([a, b]) => Math.hypot(a - colors[0][0], b - colors[0][1]));
  if (colors.length < 2 || Math.max(...apart) > MAT_TOLERANCE) return lab;
  const inside = cutOut(lab, [top, height - bottom], [left, width - right]);
  return Math.min(inside.height, inside.width) >= SMALLEST ? inside : lab;
}

/** How many of the first rows of Lab (h, w, 3) have one and the same color that is not grey. */
function matWidth(lab) {
  const { height, width } = lab;
  if (!height || !width) return 0;
  const [a, b] = middleColor(cutOut(lab, [0, 1], [0, width]));
  if (Math.hypot(a, b) < MAT_CHROMA) return 0;
  const most = Math.floor(height * MAT_LIMIT);
  let rows = 0;
  for (; rows < most; rows += 1) {
    let filled = 0;
    for (let i = rows * width; i < (rows + 1) * width; i += 1)
      if (Math.hypot(lab.data[3 * i + 1] - a, lab.data[3 * i + 2] - b) < MAT_TOLERANCE) filled += 1;
    if (filled / width < MAT_FILL) break;
  }
  return rows && rows + MAT_EDGE;
}

/** The usual ab at each pixel's lightness, (h, w, 2): medians among the pixels nearest in L.
 *  lab: (h, w, 3). */
export function usualColors(lab) {
  const { height, width } = lab;
  const [rows, columns] = [height, width].map((side) => Math.floor(side * CENTER));
  const center = cutOut(lab, [rows, height - rows], [columns, width - columns]);
  const [light, ...ab] = [0, 1, 2].map((band) => center.band(band).data);
  const order = Array.from(light.keys()).sort((one, other) => light[one] - light[other]); // stable
  const last = order.length - 1;
  const reach = Math.floor(Math.max(FEWEST_NEAREST, Math.floor(order.length / 24)) / 2);
  const places = Array.from({ length: LEVELS }, (_, i) =>
    (i === LEVELS - 1 ? last : Math.floor(i * (last / (LEVELS - 1)))));
  const levels = places.map((place) => light[order[place]]);
  const bands = ab.map((values) => {
    const usual = places.map((place) =>
      median(Float32Array.from(order.slice(Math.max(0, place - reach), place + reach + 1), (i) => values[i])));
    return usual.map((_, i) => median(Float32Array.from({ length: SMOOTHED }, (__, k) =>
      usual[Math.min(LEVELS - 1, Math.max(0, i + k - (SMOOTHED - 1) / 2))])));
  });
  const [once, means] = meansOfEqual(levels, bands);
  return new Field(height, width, 2).map((_, i) => interpolated(lab.data[3 * (i >> 1)], once, means[i % 2]));
}

/** Ascending levels, each once, and the means of the values that have the same. */
function meansOfEqual(levels, bands) {
  const once = [...new Set(levels)];
  const means = bands.map((values) => once.map((level) => {
    const same = values.filter((_, i) => levels[i] === level);
    return same.reduce((sum, value) => sum + value, 0) / same.length;
  }));
  return [once, means];
}

/** Whether large parts of Lab (h, w, 3) have two hues, with a jump between them. */
export function hasTwoHues(lab) {
  const { data, pixels } = windowMean(lab, 2);
  const colored = [];
  for (let i = 0; i < data.length; i += 3) {
    const color = data.subarray(i, i + 3);
    if (Math.hypot(color[1], color[2]) >= HALF_CHROMA)
      colored.push({ color, hue: circled(degrees(color[1], color[2])) });
  }
  const least = HALF * pixels;
  if (colored.length < 2 * least) return false;
  const first = mostOfOneHue(colored);
  const middle = median(Float64Array.from(first, ({ hue }) => hue));
  const away = colored.filter(({ hue }) => Math.abs(circled(hue - middle + 180) - 180) >= APART);
  if (first.length < least || away.length < least) return false;
  const second = mostOfOneHue(away);
  if (second.length < least) return false;
  const [light, a, b] = [0, 1, 2].map((band) => {
    const [one, other] = [first, second].map((some) =>
      median(Float32Array.from(some, ({ color }) => color[band])));
    return one - other;
  });
  return Math.hypot(a, b) >= STEEPEST * Math.abs(light);
}

/** Those of { hue } that are in the fullest twelfth of the circle. */
function mostOfOneHue(colors) {
  let most = [];
  for (let start = 0; start < 360; start += HUE_STEP) {
    const inside = colors.filter(({ hue }) => circled(hue - start) < TWELFTH);
    if (inside.length > most.length) most = inside;
  }
  return most;
}

/** Whether all colors of Lab (h, w, 3) are more or less of one yellow or brown. */
export function isYellowed(lab) {
  const direction = mainDirection(lab, 1);
  if (quantile(offLine(lab, direction, 1), 0.99) > YELLOWED) return false;
  let along = 0;
  for (let i = 1; i < lab.data.length; i += 3)
    along += lab.data[i] * direction[0] + lab.data[i + 1] * direction[1];
  const [a, b] = along < 0 ? direction.map((value) => -value) : direction;
  const hue = degrees(a, b);
  return YELLOW[0] <= hue && hue <= YELLOW[1];
}

/** The medians of a and b of Lab (h, w, 3). */
const middleColor = (lab) => [1, 2].map((band) => median(lab.band(band).data));

/** Rows of (h, w, bands) from the last to the first. */
function upsideDown({ height, width, bands, data }) {
  const stride = width * bands;
  return new Field(height, width, bands).map((_, i) =>
    data[(height - 1 - Math.floor(i / stride)) * stride + i % stride]);
}

/** Columns of (h, w, bands) as rows, (w, h, bands). */
function transposed({ height, width, bands, data }) {
  return new Field(width, height, bands).map((_, i) => {
    const at = Math.floor(i / bands);
    return data[((at % height) * width + Math.floor(at / height)) * bands + i % bands];
  });
}
