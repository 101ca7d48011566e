import { arrow } from "./dom.js";
import { STROKE_REACH, alongStroke, changed, drawHints, hintAt, hintNear, marksOf, markOf, moved,
  newMark, without } from "./hints.js";
import { hexOf } from "./lab.js";
import { corrects, damageStroke, maskStroke, uncovered } from "./masks.js";
import { texts } from "./texts.js";

const MIDDLE = 60; // L, while the photo's own is not known

/** Sets, changes and removes the colours of the current photo. Events: "select", "full". */
export class Marks extends EventTarget {
  constructor(album, most) {
    super();
    this.album = album;
    this.most = most;
  }

  get photo() { return this.album.current; }

  get hints() { return this.photo?.look?.hints ?? []; }

  get all() { return marksOf(this.hints); }

  get selected() { return this.photo?.selected ?? null; }

  get chosen() { return markOf(this.hints, this.selected); }

  lightnessAt(place) { return this.photo?.lightness?.at(place) ?? MIDDLE; }

  /** The colour that a hint takes at its place. */
  colorOf(hint) { return hexOf(this.lightnessAt(hint), hint.ab); }

  select(mark) {
    if (!this.photo || mark === this.selected) return;
    this.photo.selected = mark;
    this.dispatchEvent(new Event("select"));
  }

  near(view, at, reach) { return hintNear(this.hints, view, at, reach, this.selected); }

  /** A dot at a place; its mark, or null where there are too many already. */
  add(place, ab, { draft = false } = {}) {
    const mark = newMark();
    const done = this.#append([hintAt(place, this.photo.size, { ab, mark })],
      texts.step.color, draft);
    if (done) this.select(mark);
    return done ? mark : null;
  }

  /** A stroke of the brush as a row of hints; `size` is the radius, of the short side. */
  paint(path, ab, size) {
    const { width, height } = this.photo.size;
    const radius = size * Math.min(width, height);
    const mark = newMark();
    const hint = { ab, radius, reach: STROKE_REACH * radius, mark };
    const points = alongStroke(path, radius).map((point) => hintAt(point, this.photo.size, hint));
    return this.#append(points, texts.step.stroke);
  }

  get strokes() { return this.photo?.look?.strokes ?? []; }

  /** The strokes that correct the photo's repair. */
  get corrections() { return this.photo?.look?.repair?.strokes ?? []; }

  /** A stroke of the mask brush; `what` has its effect and share, `size` as for `paint`. */
  mask(path, what, size) {
    const { photo } = this;
    const radius = size * Math.min(photo.size.width, photo.size.height);
    const label = texts.mask.effects[what.effect];
    if (corrects(what.effect)) {
      const stroke = damageStroke(path, what.effect, radius, photo.size);
      const { repair } = photo.look;
      photo.change({ repair: { ...repair, strokes: [...repair.strokes, stroke] } }, label);
    } else {
      const stroke = maskStroke(path, what, radius, photo.size);
      photo.change({ strokes: [...this.strokes, stroke] }, label);
    }
  }

  removeStroke(stroke) {
    this.photo.change({ strokes: this.strokes.filter((one) => one !== stroke) },
      texts.mask.removed);
  }

  #append(added, label, draft = false) {
    if (this.hints.length + added.length > this.most) {
      this.dispatchEvent(new Event("full"));
      return false;
    }
    this.photo.change({ hints: [...this.hints, ...added],
      strokes: uncovered(this.strokes, added) }, label, { draft });
    return true;
  }

  /** Another colour or reach for a mark. */
  change(mark, part, { draft = false, key = null } = {}) {
    const label = "ab" in part ? texts.step.recolor : texts.step.radius;
    this.photo.change({ hints: changed(this.hints, mark, part) }, label, { draft, key });
  }

  move(mark, dx, dy, { draft = false, key = null } = {}) {
    this.photo.change({ hints: moved(this.hints, mark, dx, dy, this.photo.size) },
      texts.step.move, { draft, key });
  }

  /** Apply a key to a mark: arrows move it by CSS pixels, Delete removes it; returns whether it did. */
  key(event, mark, view) {
    const way = arrow(event, 1, 10);
    if (way) this.move(mark, ...view.way(...way), { key: `move ${mark}` });
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(mark);
    else return false;
    return true;
  }

  /** Turn a draft of moving or mixing into a step of the history. */
  commit(label) { this.photo.change({}, label); }

  remove(mark) {
    if (this.selected === mark) this.select(null);
    this.photo.change({ hints: without(this.hints, mark) }, texts.step.remove);
  }

  clear() {
    this.select(null);
    this.photo.change({ hints: [], strokes: [] }, texts.step.clear);
  }

  draw(pen, view) {
    if (!this.photo?.isOpen) return;
    drawHints(pen, view, this.hints, { selected: this.selected,
      colorOf: (hint) => this.colorOf(hint) });
  }
}
