// Strokes of a mask brush, as the server has them: { effect, points, radius, value }. They change or
// keep the colours under them; a list of them is never changed, only replaced.

import { byId, element } from "./dom.js";
import { alongStroke } from "./hints.js";
import { texts } from "./texts.js";

/** What the brush does beside painting a colour, and how a share 0..1 becomes the effect's value. */
const VALUES = { erase: () => null, original: () => null, saturation: (share) => 2 * share,
  vividness: (share) => share, damaged: () => null, sound: () => null };
const WIDEST_DAMAGE = 48; // pixels of the photo: the server fills nothing wider
const tidy = (value) => Number(value.toFixed(1));

/** Whether an effect corrects which pixels are damaged. */
export const corrects = (effect) => effect === "damaged" || effect === "sound";

/** The radius that the brush has with an effect, pixels of the photo. */
export const radiusOf = (effect, size) =>
  (effect === "damaged" ? Math.min(size, WIDEST_DAMAGE / 2 - 1) : size);

/** A stroke along a path; `size` is the brush's radius, pixels of the photo. */
export function maskStroke(path, { effect, share }, size, { width, height }) {
  const inside = ({ x, y }) => [tidy(Math.min(width - 1, Math.max(0, x))),
    tidy(Math.min(height - 1, Math.max(0, y)))];
  return { effect, points: alongStroke(path, size / 2).map(inside), radius: tidy(size),
    value: VALUES[effect](share) };
}

/** A stroke of a repair, as the server has it. */
export function damageStroke(path, effect, size, photo) {
  const { points, radius } = maskStroke(path, { effect }, radiusOf(effect, size), photo);
  return { damaged: effect === "damaged", points, radius };
}

/** Strokes that erase no longer where a new colour is set. */
export function uncovered(strokes, hints) {
  const covers = ([x, y], radius) =>
    hints.some((hint) => Math.hypot(hint.x - x, hint.y - y) < radius + (hint.radius ?? 0));
  return strokes.flatMap((stroke) => {
    if (stroke.effect !== "erase") return [stroke];
    const runs = [[]];
    for (const point of stroke.points) {
      if (covers(point, stroke.radius)) runs.push([]);
      else runs.at(-1).push(point);
    }
    return runs.filter((points) => points.length).map((points) => ({ ...stroke, points }));
  });
}

const STYLES = { erase: "#fff", original: "#9ecbff", saturation: "#ffb066", vividness: "#ff7ab6",
  damaged: "#ff2828", sound: "#28d060" };

/** Draw the strokes as veils, so that a person sees where they lie. */
export function drawMasks(pen, view, strokes) {
  pen.save();
  pen.globalAlpha = 0.3;
  pen.lineCap = pen.lineJoin = "round";
  for (const { effect, points, radius } of strokes) {
    pen.strokeStyle = STYLES[effect];
    pen.lineWidth = 2 * radius * view.scale;
    pen.beginPath();
    for (const [x, y] of [points[0], ...points]) {
      const spot = view.toScreen({ x, y });
      pen.lineTo(spot.x, spot.y);
    }
    pen.stroke();
  }
  pen.restore();
}

/** Draw the strokes of a repair, red where something is damaged and green where it is sound. */
export const drawDamage = (pen, view, strokes) => drawMasks(pen, view,
  strokes.map((stroke) => ({ ...stroke, effect: stroke.damaged ? "damaged" : "sound" })));

/** What a list of strokes says of one. */
export const nameOfStroke = ({ effect, value }) => (value === null ? texts.mask.effects[effect]
  : texts.mask.withValue(texts.mask.effects[effect], Math.round(100 * value)));

/** The choice of what the brush does. */
export class BrushEffects {
  constructor(tools) {
    this.tools = tools;
    this.effect = byId("brush-effect");
    this.share = byId("brush-share");
    this.effect.addEventListener("change", () => tools.act({ chosen: this.effect.value }));
    this.share.addEventListener("input", () => tools.act({ share: this.share.value / 100 }));
    tools.addEventListener("change", () => this.#show());
    this.#show();
  }

  /** Offer what can be done: the photo's repair is corrected where it has one. */
  #offer() {
    const { repair } = this.tools.can;
    if (repair === this.offered) return;
    this.offered = repair;
    this.effect.replaceChildren(...Object.entries(texts.mask.effects)
      .filter(([effect]) => repair || !corrects(effect))
      .map(([value, text]) => element("option", { value, text })));
  }

  #show() {
    const { effect, share } = this.tools;
    const value = VALUES[effect]?.(share) ?? null;
    this.#offer();
    this.effect.value = effect;
    this.effect.hidden = !this.tools.can.strokes;
    this.share.hidden = value === null;
    this.share.value = Math.round(100 * share);
    byId("brush-share-value").textContent = value === null ? "" : texts.percent(100 * value);
    byId("own-swatch").hidden = effect !== "color";
    this.share.setAttribute("aria-valuetext", byId("brush-share-value").textContent);
  }
}
