/** sRGB, linear RGB and CIE Lab; the equations are those of the Python package's
 *  `photochrom.color.lab`: sRGB (IEC 61966-2-1), white D65, the image of RGB (1, 1, 1). */
import { Field } from "./fields.js";

export const XYZ_FROM_RGB = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.0721750],
  [0.0193339, 0.1191920, 0.9503041],
];
export const WHITE = XYZ_FROM_RGB.map((row) => row[0] + row[1] + row[2]);
export const RGB_FROM_XYZ = inverse(XYZ_FROM_RGB);
export const EPSILON = 216 / 24389;
export const KAPPA = 24389 / 27;
/** Bound on |a| and |b|, Lab units: those of sRGB colors reach from -108 to 98. */
export const LARGEST_AB = 128;

const [TO_X, TO_Y, TO_Z] = XYZ_FROM_RGB;
const LEAST_SPAN = 1e-9; // so that a neutral is not divided by 0

/** The inverse of a 3 x 3 matrix. */
function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((value) => value / determinant));
}

/** Undo the sRGB transfer curve; one value, 0..1 in and out. */
export function linearFromSrgb(code) {
  return code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4;
}

/** Apply the sRGB transfer curve; one value, 0..1 in and out. */
export function srgbFromLinear(linear) {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** CIE L (0..100) of relative luminance Y (0..1). */
export function lightnessFromLuminance(luminance) {
  return luminance > EPSILON ? 116 * Math.cbrt(luminance) - 16 : KAPPA * luminance;
}

/** Relative luminance Y (0..1) of CIE L (0..100). */
export function luminanceFromLightness(lightness) {
  return lightness > 8 ? ((lightness + 16) / 116) ** 3 : lightness / KAPPA;
}

/** Convert sRGB, 0..1, to Lab: L 0..100, a and b in CIE units.
 *  srgb: a Field (h, w, 3), or [r, g, b]. Returns the same kind. */
export function labFromSrgb(srgb) {
  return converted(srgb, writeLab);
}

/** Convert Lab to sRGB in 0..1, with less chroma at the same L where it must be.
 *  lab: a Field (h, w, 3), or [L, a, b]. Returns the same kind. */
export function srgbFromLab(lab) {
  return converted(lab, writeSrgb);
}

/** Convert Lab to linear RGB, which leaves 0..1 where the color is outside sRGB.
 *  lab: a Field (h, w, 3), or [L, a, b]. Returns the same kind. */
export function linearFromLab(lab) {
  return converted(lab, writeLinear);
}

/** Move colors outside sRGB towards the neutral of the same luminance until they fit:
 *  rgb' = Y + t (rgb - Y) with t = min(1, (1 - Y) / (max - Y), Y / (Y - min)).
 *  linear: linear RGB, a Field (h, w, 3), or [r, g, b]. Returns the same kind, inside 0..1. */
export function reduceChroma(linear) {
  return converted(linear, writeReduced);
}

/** What `write(source, target, index)` makes of each three numbers. */
function converted(source, write) {
  if (!(source instanceof Field)) {
    const target = [0, 0, 0];
    write(source, target, 0);
    return target;
  }
  const target = new Field(source.height, source.width, 3);
  const end = target.data.length;
  for (let i = 0; i < end; i += 3) write(source.data, target.data, i);
  return target;
}

const fOf = (share) => (share > EPSILON ? Math.cbrt(share) : (KAPPA * share + 16) / 116);
const ofF = (f) => (f > 6 / 29 ? f * f * f : (116 * f - 16) / KAPPA);
const clipped = (value) => Math.min(1, Math.max(0, value));

function writeLab(srgb, target, i) {
  const red = linearFromSrgb(srgb[i]);
  const green = linearFromSrgb(srgb[i + 1]);
  const blue = linearFromSrgb(srgb[i + 2]);
  const x = fOf((TO_X[0] * red + TO_X[1] * green + TO_X[2] * blue) / WHITE[0]);
  const y = fOf((TO_Y[0] * red + TO_Y[1] * green + TO_Y[2] * blue) / WHITE[1]);
  const z = fOf((TO_Z[0] * red + TO_Z[1] * green + TO_Z[2] * blue) / WHITE[2]);
  target[i] = 116 * y - 16;
  target[i + 1] = 500 * (x - y);
  target[i + 2] = 200 * (y - z);
}

function writeLinear(lab, target, i) {
  const f = (lab[i] + 16) / 116;
  const x = ofF(f + lab[i + 1] / 500) * WHITE[0];
  const y = ofF(f) * WHITE[1];
  const z = ofF(f - lab[i + 2] / 200) * WHITE[2];
  for (let band = 0; band < 3; band += 1) {
    const row = RGB_FROM_XYZ[band];
    target[i + band] = row[0] * x + row[1] * y + row[2] * z;
  }
}

function writeReduced(linear, target, i) {
  const red = linear[i];
  const green = linear[i + 1];
  const blue = linear[i + 2];
  const luminance = clipped(TO_Y[0] * red + TO_Y[1] * green + TO_Y[2] * blue);
  const above = Math.max(Math.max(red, green, blue) - luminance, LEAST_SPAN);
  const below = Math.max(luminance - Math.min(red, green, blue), LEAST_SPAN);
  const t = Math.min(1, (1 - luminance) / above, luminance / below);
  target[i] = clipped(luminance + t * (red - luminance));
  target[i + 1] = clipped(luminance + t * (green - luminance));
  target[i + 2] = clipped(luminance + t * (blue - luminance));
}

function writeSrgb(lab, target, i) {
  writeLinear(lab, target, i);
  writeReduced(target, target, i);
  for (let band = i; band < i + 3; band += 1) target[band] = srgbFromLinear(target[band]);
}

/** a and b (h, w, 2) of Lab (h, w, 3). */
export function abOf(lab) {
  const ab = new Field(lab.height, lab.width, 2);
  for (let i = 0; i < ab.pixels; i += 1) {
    ab.data[2 * i] = lab.data[3 * i + 1];
    ab.data[2 * i + 1] = lab.data[3 * i + 2];
  }
  return ab;
}
