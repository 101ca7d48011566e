// Strokes of a mask brush, as the server has them: { effect, points, radius, value }. They change or
// keep the colours under them; a list of them is never changed, only replaced.

import { byId, element } from "./dom.js";
import { alongStroke } from "./hints.js";
import { texts } from "./texts.js";

/** What the brush does beside painting a colour, and how a share 0..1 becomes the effect's value. */
const VALUES = { erase: () => null, original: () => null, saturation: (share) => 2 * share,
  vividness: (share) => share };
const tidy = (value) => Number(value.toFixed(1));

/** A stroke along a path; `size` is the brush's radius, pixels of the photo. */
export function maskStroke(path, { effect, share }, size, { width, height }) {
  const inside = ({ x, y }) => [tidy(Math.min(width - 1, Math.max(0, x))),
    tidy(Math.min(height - 1, Math.max(0, y)))];
  return { effect, points: alongStroke(path, size / 2).map(inside), radius: tidy(size),
    value: VALUES[effect](share) };
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

const STYLES = { erase: "#fff", original: "#9ecbff", saturation: "#ffb066", vividness: "#ff7ab6" };

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

/** What a list of strokes says of one. */
export const nameOfStroke = ({ effect, value }) => (value === null ? texts.mask.effects[effect]
  : texts.mask.withValue(texts.mask.effects[effect], Math.round(100 * value)));

/** The choice of what the brush does. */
export class BrushEffects {
  constructor(tools) {
    this.tools = tools;
    this.effect = byId("brush-effect");
    this.share = byId("brush-share");
    this.effect.append(...Object.entries(texts.mask.effects).map(([value, text]) =>
      element("option", { value, text })));
    this.effect.addEventListener("change", () => tools.act({ chosen: this.effect.value }));
    this.share.addEventListener("input", () => tools.act({ share: this.share.value / 100 }));
    tools.addEventListener("change", () => this.#show());
    this.#show();
  }

  #show() {
    const { effect, share } = this.tools;
    const value = VALUES[effect]?.(share) ?? null;
    this.effect.value = effect;
    this.effect.hidden = !this.tools.can.strokes;
    this.share.hidden = value === null;
    this.share.value = Math.round(100 * share);
    byId("brush-share-value").textContent = value === null ? "" : `${Math.round(100 * value)} %`;
    byId("own-swatch").hidden = effect !== "color";
    this.share.setAttribute("aria-valuetext", byId("brush-share-value").textContent);
  }
}
