/** The colours of one photo's small copy, by its look; the last of each kind are kept, by what they
 *  depend on (`photochrom.pipeline.predictions` and `photochrom.workspace`). */
import { adjusted } from "./adjustments.js";
import { clean } from "./cleaning.js";
import { abOfLogits, cellsOf, confidenceOfLogits } from "./decoding.js";
import { PlacedHints, checkInside, hintInputs, placeIn } from "./hints.js";
import { LARGEST_AB, abOf, labFromSrgb } from "./lab.js";
import { roundToEven } from "./numbers.js";
import { Dissimilarity, HintDistances, hintedColors, reachMask } from "./propagation.js";
import { snapToHints } from "./settling.js";
import { copySize } from "./sizes.js";
import { Masks, keeping, mixed, scaled } from "./strokes.js";
import { distribution, hexOf, inGamut, likelyColors } from "./suggestions.js";
import { toneOf } from "./toning.js";
import { bilateralWeights, linearChroma, refine } from "./upsampling.js";
import { decodingAt } from "./vividness.js";

const BLANK = 1.5; // standard deviation of L below which colours fade to grey
const CACHED = 4;
const CACHED_USUAL = 12; // strokes have vividnesses of their own

/** The last few results of one computation, by key. */
class Cache {
  #results = new Map();

  constructor(size = CACHED) { this.size = size; }

  /** A failure is not kept. */
  get(key, compute) {
    let result = this.#results.get(key);
    if (result) {
      this.#results.delete(key);
    } else {
      result = compute();
      Promise.resolve(result).catch(() => this.#results.delete(key));
    }
    this.#results.set(key, result);
    while (this.#results.size > this.size) this.#results.delete(this.#results.keys().next().value);
    return result;
  }
}

function standardDeviation({ data }) {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  return Math.sqrt(squares / data.length);
}

/** A photo and a network. Looks are plain objects as the page has them. */
export class PhotoColors {
  #copies = new Cache();
  #logits = new Cache();
  #usual = new Cache(CACHED_USUAL);
  #distances = new Cache();
  #dissimilarity = new Cache();
  #local = new Cache(CACHED_USUAL);

  /** `network.contract` has rule, bins, logWeights and dial. */
  constructor(photo, network) { Object.assign(this, { photo, network, contract: network.contract }); }

  /** The small copy: { srgb (h, w, 3), lightness (h, w), cleaned }. size: its short side, null for the
   *  model's own. */
  copy(size) {
    return this.#copies.get(size, async () => {
      const { height, width } = copySize(this.contract.rule, this.photo.height, this.photo.width, size);
      const srgb = await this.photo.reduced(height, width);
      const lightness = labFromSrgb(srgb).band(0);
      return { srgb, lightness, cleaned: clean(lightness) };
    });
  }

  /** Whether the photo has colours already; a toned print has none. */
  async inColor() {
    if (this.photo.isGray) return false;
    const copy = await this.copy(null);
    copy.tone ??= toneOf(copy.srgb);
    return copy.tone === "color";
  }

  #distribution(size) {
    return this.#logits.get(size, async () => this.network.logits((await this.copy(size)).cleaned));
  }

  /** A decoded distribution at every pixel of the small copy. */
  #upsampled(copy, logits, decoding) {
    const { lightness } = copy;
    const { bins, logWeights } = this.contract;
    const ab = abOfLogits(logits, { bins, logWeights }, decoding);
    const fade = decoding.gain * Math.min(1, standardDeviation(lightness) / BLANK);
    const held = ab.map((value) => Math.min(LARGEST_AB, Math.max(-LARGEST_AB, value)) * fade);
    copy.weights ??= bilateralWeights(lightness, lightness.height / ab.height);
    logits.confidence ??= new Cache();
    const confidence = logits.confidence.get(decoding.gamma,
      () => confidenceOfLogits(logits, logWeights, decoding.gamma));
    return { ab: refine(held, lightness, copy.weights), confidence };
  }

  /** The colours without hints: { ab (h, w, 2), confidence }. */
  #plain({ size, vividness }) {
    return this.#usual.get(`${size} ${vividness}`, async () => {
      const [copy, logits] = await Promise.all([this.copy(size), this.#distribution(size)]);
      return this.#upsampled(copy, logits, decodingAt(this.contract.dial, vividness));
    });
  }

  #placed(hints, shape) { return PlacedHints.of(hints, this.photo.size, shape, this.photo.name); }

  /** The colours with hints, erased where strokes erase them. */
  async #withHints(look, masks) {
    const { size, vividness, hints } = look;
    const [copy, plain] = await Promise.all([this.copy(size), this.#plain(look)]);
    const { lightness } = copy;
    const fitted = (ab) => linearChroma(ab, lightness);
    const placed = this.#placed(hints, lightness);
    if (!placed.length) return { ...plain, chroma: fitted(plain.ab) };
    let asked = plain;
    if (placed.free.length) {
      const decoding = decodingAt(this.contract.dial, vividness);
      const inputs = hintInputs(hints, this.photo.size, lightness, decoding.gain, this.photo.name);
      asked = this.#upsampled(copy, await this.network.logits(copy.cleaned, inputs), decoding);
    }
    const distances = this.#distances.get(size, () => new HintDistances(lightness));
    const dissimilarity = this.#dissimilarity.get(`${size} ${vividness}`,
      () => new Dissimilarity(distances, plain.ab));
    const { free, all } = hintedColors(placed, asked.ab, plain.ab, dissimilarity);
    let colors = { ab: free, confidence: asked.confidence,
      chroma: snapToHints(placed.free, fitted(free), lightness) };
    if (placed.limited.length) {
      const painted = { ...colors, ab: all, chroma: snapToHints(placed, fitted(all), lightness) };
      colors = mixed(colors, painted, reachMask(placed.limited));
    }
    const without = { ...plain, chroma: fitted(plain.ab) };
    return masks.has("erase") ? mixed(colors, without, masks.weight("erase")) : colors;
  }

  /** The colours of a look before its adjustments: { ab (h, w, 2), chroma, confidence (cells) }. */
  #unadjusted(look) {
    const { size, vividness, hints, strokes } = look;
    return this.#local.get(JSON.stringify([size, vividness, hints, strokes]), async () => {
      const { srgb, lightness } = await this.copy(size);
      const masks = new Masks(strokes, this.photo.size, lightness);
      let colors = await this.#withHints(look, masks);
      const others = new Map();
      for (const [value, weight] of masks.byValue("vividness")) {
        if (!others.has(value)) others.set(value, await this.#withHints({ ...look, vividness: value }, masks));
        colors = mixed(colors, others.get(value), weight);
      }
      if (masks.has("saturation")) colors = scaled(colors, masks.values("saturation", 1));
      if (masks.has("original"))
        colors = keeping(colors, masks.weight("original"), abOf(labFromSrgb(srgb)), this.photo.isGray ? 1 : 3);
      return colors;
    });
  }

  /** The colours of a look: { ab, chroma, confidence }, chroma as the full-size pass takes it. */
  async of(look) {
    const [colors, { lightness }] = await Promise.all([this.#unadjusted(look), this.copy(look.size)]);
    return adjusted(colors, lightness, look);
  }

  /** Check that hints fit; throws an Error of one line. */
  async check({ size, hints }) {
    const { lightness } = await this.copy(size);
    if (hints.length) this.#placed(hints, lightness);
  }

  /** Likely colours of the thing at a place, as the route /suggestions answers. */
  async suggestions(look, { x, y, count }) {
    const { photo, contract } = this;
    checkInside(x, y, photo.size, photo.name);
    const { lightness } = await this.copy(look.size);
    const place = placeIn(x, y, photo.size, lightness);
    const [row, column] = place.map(roundToEven);
    const at = row * lightness.width + column;
    const light = lightness.data[at];
    const cells = cellsOf(await this.#distribution(look.size), contract.bins.length);
    const stride = lightness.height / cells.height;
    const cell = place.map((value, side) =>
      Math.min(Math.floor((value + 0.5) / stride), [cells.height, cells.width][side] - 1));
    const likely = likelyColors(distribution(cells, cell, contract.logWeights), contract.bins, light,
      decodingAt(contract.dial, look.vividness).gain, count);
    const { ab } = await this.of(look);
    const color = (pair) => ({ ab: pair, color: hexOf(pair, light) });
    return { x, y, lightness: light,
      current: color(inGamut([ab.data[2 * at], ab.data[2 * at + 1]], light)),
      neutral: color([0, 0]),
      suggestions: likely.map((one) => ({ ...color(one.ab), probability: one.probability })) };
  }
}
