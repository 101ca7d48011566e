// sRGB and CIE Lab, with the same constants and the same way into the gamut as photochrom.color.lab.

const XYZ_FROM_RGB = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const WHITE = XYZ_FROM_RGB.map((row) => row[0] + row[1] + row[2]);
const RGB_FROM_XYZ = [
  [3.2404548, -1.5371389, -0.4985315],
  [-0.9692664, 1.8760109, 0.0415561],
  [0.0556434, -0.2040259, 1.0572252],
];
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;
const INSIDE = 1e-4;

const times = (matrix, v) => matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
const linearOf = (code) => (code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4);
const codeOf = (light) => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);

/** Lab of sRGB in 0..1. */
export function labFromSrgb(srgb) {
  const xyz = times(XYZ_FROM_RGB, srgb.map(linearOf));
  const [x, y, z] = xyz.map((value, i) => {
    const t = value / WHITE[i];
    return t > EPSILON ? Math.cbrt(t) : (KAPPA * t + 16) / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Linear RGB, outside 0..1 where sRGB does not have the colour. */
function linearFromLab(lightness, [a, b]) {
  const y = (lightness + 16) / 116;
  const xyz = [y + a / 500, y, y - b / 200].map(
    (f, i) => (f > 6 / 29 ? f ** 3 : (116 * f - 16) / KAPPA) * WHITE[i]);
  return times(RGB_FROM_XYZ, xyz);
}

/** Whether sRGB has the colour `ab` at this lightness. */
export function inGamut(lightness, ab) {
  return linearFromLab(lightness, ab).every((c) => c >= -INSIDE && c <= 1 + INSIDE);
}

/** sRGB in 0..1; what is outside goes towards the neutral of the same luminance until it fits. */
export function srgbFromLab(lightness, ab) {
  const linear = linearFromLab(lightness, ab);
  const grey = Math.min(1, Math.max(0, times(XYZ_FROM_RGB, linear)[1]));
  const above = Math.max(Math.max(...linear) - grey, 1e-9);
  const below = Math.max(grey - Math.min(...linear), 1e-9);
  const share = Math.min(1, (1 - grey) / above, grey / below);
  return linear.map((c) => codeOf(Math.min(1, Math.max(0, grey + share * (c - grey)))));
}

/** The nearest `ab` on the way to neutral that sRGB has at this lightness. */
export function fitted(lightness, ab) {
  if (inGamut(lightness, ab)) return ab;
  const [, a, b] = labFromSrgb(srgbFromLab(lightness, ab));
  return [a, b];
}

/** "#rrggbb" of `ab` at a lightness. */
export function hexOf(lightness, ab) {
  const codes = srgbFromLab(lightness, ab).map((c) => Math.round(c * 255));
  return "#" + codes.map((code) => code.toString(16).padStart(2, "0")).join("");
}

/** Lab of "#rrggbb", "#rgb" or the same without "#"; null where it is no colour. */
export function labFromHex(words) {
  let digits = words.trim().replace(/^#/, "");
  if (/^[0-9a-f]{3}$/i.test(digits)) digits = digits.replace(/./g, "$&$&");
  if (!/^[0-9a-f]{6}$/i.test(digits)) return null;
  return labFromSrgb([0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) / 255));
}

/** The square of the ab plane with all colours of a lightness: its middle a, b, and its reach. */
export function gamutSquare(lightness) {
  const [as, bs] = [[0], [0]];
  for (let degrees = 0; degrees < 360; degrees += 4) {
    const [cos, sin] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
    let chroma = 0;
    while (chroma < 140 && inGamut(lightness, [cos * (chroma + 1), sin * (chroma + 1)])) chroma += 1;
    as.push(cos * chroma);
    bs.push(sin * chroma);
  }
  const [left, right, low, high] = [Math.min(...as), Math.max(...as), Math.min(...bs), Math.max(...bs)];
  const reach = Math.max(right - left, high - low) / 2 + 4;
  return { a: (left + right) / 2, b: (low + high) / 2, reach };
}
