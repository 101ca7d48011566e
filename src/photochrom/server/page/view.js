import { clamp } from "./dom.js";
import { displayed } from "./framing.js";

const LARGEST = 16; // device pixels a photo's pixel
const INSIDE = 40; // pixels between the edge and a place that is brought into sight
const MARGIN = 0.035; // of the viewport's short side, around a photo that is shown whole

/** Where the photo lies in the viewport: CSS pixels for places, CSS pixels a photo's pixel for scale.
 *  A part of the photo is shown, turned clockwise. */
export class View {
  width = 1;
  height = 1;
  photo = { width: 1, height: 1 };
  part = { x: 0, y: 0, width: 1, height: 1 }; // pixels of the photo
  turn = 0; // degrees
  scale = 1;
  x = 0; // of the upper left corner of what is shown
  y = 0;
  whole = true;

  resize(width, height) {
    const [dx, dy] = [(width - this.width) / 2, (height - this.height) / 2];
    this.width = width;
    this.height = height;
    if (this.whole) return this.fit();
    return this.pan(dx, dy);
  }

  open(photo, part, turn) {
    Object.assign(this, { photo, part, turn });
    this.fit();
  }

  /** Width and height of what is shown, pixels of the photo. */
  get shown() { return displayed(this.part, this.turn); }

  get fitting() {
    const margin = Math.round(MARGIN * Math.min(this.width, this.height));
    const { width, height } = this.shown;
    return Math.min((this.width - 2 * margin) / width, (this.height - 2 * margin) / height, 8);
  }

  fit() {
    this.whole = true;
    this.scale = this.fitting;
    this.#settle();
  }

  /** Zoom so that the photo stays where it is at one place of the screen. */
  zoom(scale, at = { x: this.width / 2, y: this.height / 2 }) {
    const { fitting } = this;
    const next = clamp(scale, Math.min(fitting, 1 / devicePixelRatio),
      Math.max(fitting, LARGEST / devicePixelRatio));
    const ratio = next / this.scale;
    this.x = at.x - (at.x - this.x) * ratio;
    this.y = at.y - (at.y - this.y) * ratio;
    this.scale = next;
    this.whole = Math.abs(next / fitting - 1) < 1e-4;
    this.#settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#settle();
  }

  /** Move, if need be, so that a place is well inside the viewport. */
  bring(place) {
    const { x, y } = this.toScreen(place);
    const margin = Math.min(INSIDE, this.width / 4, this.height / 4);
    this.pan(clamp(x, margin, this.width - margin) - x, clamp(y, margin, this.height - margin) - y);
  }

  /** Canvas transform from pixels of the photo to the screen. */
  get matrix() {
    const { scale: s, turn, part, shown } = this;
    const [a, b] = { 0: [s, 0], 90: [0, s], 180: [-s, 0], 270: [0, -s] }[turn];
    const left = this.x + (turn === 90 || turn === 180 ? shown.width * s : 0);
    const top = this.y + (turn === 180 || turn === 270 ? shown.height * s : 0);
    return [a, b, -b, a, left - a * part.x + b * part.y, top - b * part.x - a * part.y];
  }

  /** (0, 0) of the photo is the centre of its first pixel. */
  toPhoto({ x, y }) {
    const [a, b, , , left, top] = this.matrix;
    const square = this.scale ** 2;
    const [right, down] = [x - left, y - top];
    return { x: (a * right + b * down) / square - 0.5, y: (a * down - b * right) / square - 0.5 };
  }

  toScreen({ x, y }) {
    const [a, b, , , left, top] = this.matrix;
    return { x: left + a * (x + 0.5) - b * (y + 0.5), y: top + b * (x + 0.5) + a * (y + 0.5) };
  }

  /** A way on the screen in pixels of the photo. */
  way(dx, dy) {
    const [a, b] = this.matrix;
    return [(a * dx + b * dy) / this.scale ** 2, (a * dy - b * dx) / this.scale ** 2];
  }

  contains(place) {
    const { x, y } = this.toPhoto(place);
    const { part } = this;
    return x >= part.x - 0.5 && y >= part.y - 0.5
      && x < part.x + part.width - 0.5 && y < part.y + part.height - 0.5;
  }

  /** The nearest place of the part that is shown. */
  nearest({ x, y }) {
    const { part } = this;
    return { x: clamp(x, part.x, part.x + part.width - 1), y: clamp(y, part.y, part.y + part.height - 1) };
  }

  /** The part of the viewport that the photo fills. */
  get frame() {
    const left = Math.max(0, this.x);
    const top = Math.max(0, this.y);
    const right = Math.min(this.width, this.x + this.shown.width * this.scale);
    const bottom = Math.min(this.height, this.y + this.shown.height * this.scale);
    return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  }

  /** The visible part of the photo in whole pixels of it. */
  get visible() {
    const { left, top, width, height } = this.frame;
    const { part } = this;
    const corners = [this.toPhoto({ x: left, y: top }),
      this.toPhoto({ x: left + width, y: top + height })];
    const [xs, ys] = [corners.map((at) => at.x + 0.5), corners.map((at) => at.y + 0.5)];
    const x = Math.max(part.x, Math.floor(Math.min(...xs) + 1e-6));
    const y = Math.max(part.y, Math.floor(Math.min(...ys) + 1e-6));
    const right = Math.min(part.x + part.width, Math.ceil(Math.max(...xs) - 1e-6));
    const bottom = Math.min(part.y + part.height, Math.ceil(Math.max(...ys) - 1e-6));
    return { x, y, w: Math.max(1, right - x), h: Math.max(1, bottom - y) };
  }

  /** Centre a side that fits; keep a larger one without a gap at its edges. */
  #settle() {
    const along = (at, room, length) =>
      (length <= room ? (room - length) / 2 : clamp(at, room - length, 0));
    this.x = along(this.x, this.width, this.shown.width * this.scale);
    this.y = along(this.y, this.height, this.shown.height * this.scale);
  }
}
