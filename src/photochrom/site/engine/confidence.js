/** The confidence map as a picture; the colors of `photochrom.drawing.confidence`. */
import { roundToEven } from "./numbers.js";

const OVERLAY_RANGE = [0.25, 0.7]; // confidence at which a map over a photo is darkest and brightest
const BANDS = 4;

/** Every eighth of the color map viridis (van der Walt, Smith, Firing, 2015, CC0). */
const COLORS = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];

/** A map from dark (a guess) to bright (sure). confidence: (h, w), 0..1; beyond the range that most photos
 *  have it is clipped. Returns { data, width, height }, RGBA, as `new ImageData` takes it. */
export function confidencePicture({ data: values, height, width }) {
  const data = new Uint8ClampedArray(BANDS * values.length);
  const [low, high] = OVERLAY_RANGE;
  const last = COLORS.length - 1;
  values.forEach((value, i) => {
    const place = Math.min(1, Math.max(0, (value - low) / (high - low))) * last;
    const below = Math.min(Math.floor(place), last - 1);
    COLORS[below].forEach((from, band) => {
      data[BANDS * i + band] = roundToEven(from + (COLORS[below + 1][band] - from) * (place - below));
    });
    data[BANDS * i + 3] = 255;
  });
  return { data, width, height };
}
