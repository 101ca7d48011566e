import { calm, clamp } from "./dom.js";
import { View } from "./view.js";

const STEP_MS = 160;
const REVEAL_MS = 1100;

/** The table the photo lies on: one canvas with before and after, and the drawings of `painters` over them.
 *  Events: "moved" (the view or the divider). */
export class Stage extends EventTarget {
  view = new View();
  split = 0.5; // of the visible photo, as the person set it: left of it is before
  holding = false; // all of it before
  overlay = null; // { bitmap, opacity }
  damage = null; // a picture of what is damaged, over both sides
  kept = null; // a place, pixels of the photo, that stays in sight when the stage changes its size
  painters = []; // (pen, view) => void
  #drawn = 0;
  #aside = false; // whether the line gives way to a place that is being coloured
  #line = null; // where the line is drawn while it moves by itself
  #animations = { view: 0, line: 0 };

  constructor(box, canvas, preview) {
    super();
    this.box = box;
    this.canvas = canvas;
    this.preview = preview;
    this.pen = canvas.getContext("2d");
    new ResizeObserver(() => this.#resize()).observe(box);
    window.addEventListener("resize", () => this.#resize()); // another screen, of other pixels
    this.#resize();
  }

  #resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.view.resize(width, height);
    if (this.kept) this.view.bring(this.kept);
    this.#moved();
    this.#draw(); // at once: a canvas that changes size is empty
  }

  #moved() {
    this.invalidate();
    this.dispatchEvent(new Event("moved"));
  }

  /** Where the line is drawn; it differs from `split` only for a while. */
  get line() { return this.#line ?? (this.#aside ? 0 : this.split); }

  /** Show a part of a photo, turned. */
  open(size, { part, turn }) {
    for (const kind of ["view", "line"]) cancelAnimationFrame(this.#animations[kind]);
    this.#line = null;
    this.#aside = false;
    this.view.open(size, part, turn);
    this.#moved();
  }

  /** Show another part, or turn it. */
  reframe({ part, turn }) {
    cancelAnimationFrame(this.#animations.view);
    this.view.open(this.view.photo, part, turn);
    this.#moved();
  }

  fit() { this.#glide(() => this.view.fit()); }

  /** Zoom by a factor, or to a scale in device pixels a photo's pixel. */
  zoomBy(factor, at, smooth = false) {
    const change = () => this.view.zoom(this.view.scale * factor, at);
    if (smooth) this.#glide(change);
    else this.#now(change);
  }

  zoomTo(scale, at) { this.#glide(() => this.view.zoom(scale / devicePixelRatio, at)); }

  /** Move the photo so that a place of it is in sight. */
  bring(place) { this.#now(() => this.view.bring(place)); }

  pan(dx, dy) { this.#now(() => this.view.pan(dx, dy)); }

  #now(change) {
    cancelAnimationFrame(this.#animations.view);
    change();
    this.#moved();
  }

  /** Animate the view to the state that `change` makes. */
  #glide(change) {
    const { view } = this;
    const from = { scale: view.scale, x: view.x, y: view.y };
    change();
    const to = { scale: view.scale, x: view.x, y: view.y };
    if (calm.matches) return this.#moved();
    return this.#animate("view", STEP_MS, (share) => {
      for (const key of ["scale", "x", "y"])
        view[key] = share === 1 ? to[key] : from[key] + (to[key] - from[key]) * share;
      this.#moved();
    });
  }

  #animate(kind, duration, step) {
    cancelAnimationFrame(this.#animations[kind]);
    const start = performance.now();
    const frame = (now) => {
      const share = clamp((now - start) / duration, 0, 1);
      step(1 - (1 - share) ** 3);
      if (share < 1) this.#animations[kind] = requestAnimationFrame(frame);
    };
    this.#animations[kind] = requestAnimationFrame(frame);
  }

  /** The person puts the divider somewhere. */
  setSplit(split) {
    cancelAnimationFrame(this.#animations.line);
    this.#line = null;
    this.#aside = false;
    this.split = clamp(split, 0, 1);
    this.#moved();
  }

  slideSplit(to) {
    const from = this.line;
    this.setSplit(to);
    this.#slide(from, STEP_MS * 1.5);
  }

  /** Move the line out of the way, or back to where the person left it. */
  setAside(aside) {
    if (aside === this.#aside) return;
    const from = this.line;
    this.#aside = aside;
    this.#slide(from, STEP_MS * 1.5);
  }

  /** Animate the colours in from the right. */
  reveal() { this.#slide(1, REVEAL_MS); }

  /** Draw the line on its way from a place to its own. An interrupted slide leaves nothing behind. */
  #slide(from, duration) {
    this.#line = null;
    if (calm.matches || from === this.line) return this.#moved();
    return this.#animate("line", duration, (share) => {
      this.#line = null;
      this.#line = share < 1 ? from + (this.line - from) * share : null;
      this.#moved();
    });
  }

  hold(on) {
    this.holding = on;
    this.#moved();
  }

  /** The layers of which a part is visible. */
  sides({ before, picture, original }) {
    const shown = [];
    if (this.holding) return [original];
    if (this.line > 0) shown.push(before);
    if (this.line < 1) shown.push(picture);
    return shown;
  }

  /** Draw with the next frame. */
  invalidate() {
    this.#drawn ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#drawn);
    this.#drawn = 0;
    const { pen, view, preview, canvas } = this;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (!preview.photo) return;
    const { left, top, width, height } = view.frame;
    const { before, original } = preview;
    const after = preview.picture.bitmap ? preview.picture : original;
    const at = this.holding ? width : this.line * width;
    if (after.bitmap) {
      this.#side(this.holding ? original : before, left, top, at, height);
      this.#side(after, left + at, top, width - at, height, this.overlay);
    } else if (preview.photo.thumbnail.width > 1) {
      const { x, y, scale, shown } = view;
      pen.drawImage(preview.photo.thumbnail, x, y, shown.width * scale, shown.height * scale);
    }
    for (const paint of this.painters) paint(pen, view);
  }

  #side({ bitmap, piece }, left, top, width, height, overlay = null) {
    if (!bitmap || width <= 0) return;
    const { pen, view } = this;
    const { scale, photo } = view;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.imageSmoothingQuality = "high";
    // Pixels may show as pixels once each is several of the screen's.
    pen.imageSmoothingEnabled = scale * devicePixelRatio < 4;
    pen.transform(...view.matrix);
    pen.drawImage(bitmap, 0, 0, photo.width, photo.height);
    if (piece) pen.drawImage(piece.bitmap, piece.x, piece.y, piece.w, piece.h);
    if (overlay) {
      pen.globalAlpha = overlay.opacity;
      pen.imageSmoothingEnabled = true; // it is small
      pen.drawImage(overlay.bitmap, 0, 0, photo.width, photo.height);
    }
    if (this.damage) {
      pen.globalAlpha = 1;
      pen.imageSmoothingEnabled = this.damage.width > photo.width * scale * devicePixelRatio;
      pen.drawImage(this.damage, 0, 0, photo.width, photo.height);
    }
    pen.restore();
  }
}
