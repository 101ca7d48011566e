import { clamp } from "./dom.js";

const LARGEST = 16; // device pixels a photo's pixel
const INSIDE = 40; // pixels between the edge and a place that is brought into sight
const MARGIN = 0.035; // of the viewport's short side, around a photo that is shown whole

/** Where the photo lies in the viewport: CSS pixels for places, CSS pixels a photo's pixel for scale. */
export class View {
  width = 1;
  height = 1;
  photo = { width: 1, height: 1 };
  scale = 1;
  x = 0; // of the photo's upper left corner
  y = 0;
  whole = true;

  resize(width, height) {
    const middle = this.toPhoto({ x: this.width / 2, y: this.height / 2 });
    this.width = width;
    this.height = height;
    if (this.whole) return this.fit();
    this.x = width / 2 - (middle.x + 0.5) * this.scale;
    this.y = height / 2 - (middle.y + 0.5) * this.scale;
    return this.#settle();
  }

  open(photo) {
    this.photo = photo;
    this.fit();
  }

  get fitting() {
    const margin = Math.round(MARGIN * Math.min(this.width, this.height));
    return Math.min((this.width - 2 * margin) / this.photo.width,
      (this.height - 2 * margin) / this.photo.height, 8);
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

  /** (0, 0) of the photo is the centre of its first pixel. */
  toPhoto({ x, y }) {
    return { x: (x - this.x) / this.scale - 0.5, y: (y - this.y) / this.scale - 0.5 };
  }

  toScreen({ x, y }) {
    return { x: this.x + (x + 0.5) * this.scale, y: this.y + (y + 0.5) * this.scale };
  }

  contains(place) {
    const { x, y } = this.toPhoto(place);
    return x >= -0.5 && y >= -0.5 && x < this.photo.width - 0.5 && y < this.photo.height - 0.5;
  }

  /** The part of the viewport that the photo fills. */
  get frame() {
    const left = Math.max(0, this.x);
    const top = Math.max(0, this.y);
    const right = Math.min(this.width, this.x + this.photo.width * this.scale);
    const bottom = Math.min(this.height, this.y + this.photo.height * this.scale);
    return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  }

  /** The visible part of the photo in whole pixels of it. */
  get part() {
    const { left, top, width, height } = this.frame;
    const x = Math.max(0, Math.floor((left - this.x) / this.scale));
    const y = Math.max(0, Math.floor((top - this.y) / this.scale));
    const right = Math.min(this.photo.width, Math.ceil((left + width - this.x) / this.scale));
    const bottom = Math.min(this.photo.height, Math.ceil((top + height - this.y) / this.scale));
    return { x, y, w: Math.max(1, right - x), h: Math.max(1, bottom - y) };
  }

  /** Centre a side that fits; keep a larger one without a gap at its edges. */
  #settle() {
    const along = (at, room, length) =>
      (length <= room ? (room - length) / 2 : clamp(at, room - length, 0));
    this.x = along(this.x, this.width, this.photo.width * this.scale);
    this.y = along(this.y, this.height, this.photo.height * this.scale);
  }
}
