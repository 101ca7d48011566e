import { outline } from "./dom.js";
import { STROKE_REACH, usualRadius } from "./hints.js";
import { hexOf } from "./lab.js";
import { corrects, damageStroke, drawDamage, drawMasks, maskStroke, radiusOf } from "./masks.js";

/** Drawings over the photo: the stroke being painted, the brush's ring, the place whose panel is
 *  open, and beneath them the hints. */
export class Brush {
  #stroke = null; // pixels of the photo

  constructor({ stage, tools, marks, place, crosshair }) {
    Object.assign(this, { stage, tools, marks, place, crosshair });
    this.gestures = null;
    stage.painters.push((pen, view) => this.#draw(pen, view));
  }

  /** A stroke as far as it is painted; null for none. */
  show(stroke) {
    this.#stroke = stroke;
    this.stage.invalidate();
  }

  /** Of the brush, CSS pixels. */
  get #radius() {
    const { photo, scale } = this.stage.view;
    const size = this.tools.brush * Math.min(photo.width, photo.height);
    return radiusOf(this.tools.effect, size) * scale;
  }

  #draw(pen, view) {
    const { tools, marks, place } = this;
    if (!marks.photo?.isOpen) return;
    if (!tools.moves && !this.stage.holding) marks.draw(pen, view);
    const masking = tools.kind === "brush" && tools.effect !== "color";
    if (masking && corrects(tools.effect)) drawDamage(pen, view, marks.corrections);
    else if (masking) drawMasks(pen, view, marks.strokes);
    if (this.#stroke && masking) this.#drawMask(pen, view);
    else if (this.#stroke) this.#drawStroke(pen, view);
    const hover = this.gestures?.hover;
    if (hover && tools.kind === "brush") this.#ring(pen, hover, Math.max(3, this.#radius));
    if (hover && tools.kind === "brush" && !masking) this.#border(pen, hover);
    if (place.isOpen && place.mark === null) {
      const reach = usualRadius(marks.photo.size) * view.scale;
      this.#ring(pen, view.toScreen(place.place), Math.max(8, reach));
    } else if (!marks.chosen && !tools.moves) this.crosshair.draw(pen, view);
  }

  #drawMask(pen, view) {
    const { tools } = this;
    const size = this.#radius / view.scale;
    if (corrects(tools.effect))
      drawDamage(pen, view, [damageStroke(this.#stroke, tools.effect, size, view.photo)]);
    else drawMasks(pen, view, [maskStroke(this.#stroke, tools, size, view.photo)]);
  }

  /** How far the colour may spread. */
  #border(pen, at) {
    pen.setLineDash([3, 5]);
    this.#ring(pen, at, STROKE_REACH * this.#radius);
    pen.setLineDash([]);
  }

  #drawStroke(pen, view) {
    pen.save();
    pen.globalAlpha = 0.65;
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = 2 * this.#radius;
    pen.strokeStyle = hexOf(this.marks.lightnessAt(this.#stroke[0]), this.tools.color);
    pen.beginPath();
    for (const point of [this.#stroke[0], ...this.#stroke]) {
      const { x, y } = view.toScreen(point);
      pen.lineTo(x, y);
    }
    pen.stroke();
    pen.restore();
  }

  #ring(pen, { x, y }, radius) {
    outline(pen, 1.75, () => pen.arc(x, y, radius, 0, 2 * Math.PI));
  }
}
