import { outline } from "./dom.js";

const ARM = 14;
const GAP = 5;

/** The place on the photo that keys move. */
export class Crosshair {
  place = null; // pixels of the photo
  shown = false;

  constructor(stage) { this.stage = stage; }

  /** Move into the middle of the visible part, if it is not visible. */
  show() {
    const { view } = this.stage;
    const { left, top, width, height } = view.frame;
    const spot = this.place && view.toScreen(this.place);
    const inSight = spot && spot.x >= left && spot.y >= top
      && spot.x <= left + width && spot.y <= top + height;
    if (!inSight) this.place = view.toPhoto({ x: left + width / 2, y: top + height / 2 });
    this.shown = true;
    this.stage.invalidate();
  }

  hide() {
    this.shown = false;
    this.stage.invalidate();
  }

  /** Hide it; it will begin in the middle again. */
  forget() {
    this.place = null;
    this.hide();
  }

  /** Move by CSS pixels; the view follows at its edge. */
  move(dx, dy) {
    if (!this.shown) return this.show();
    const { view } = this.stage;
    const [right, down] = view.way(dx, dy);
    this.place = view.nearest({ x: this.place.x + right, y: this.place.y + down });
    const spot = view.toScreen(this.place);
    const off = (at, room) => (at < 0 ? -at + room / 4 : at > room ? room * 0.75 - at : 0);
    this.stage.pan(off(spot.x, view.width), off(spot.y, view.height));
  }

  draw(pen, view) {
    if (!this.shown || !this.place) return;
    const { x, y } = view.toScreen(this.place);
    outline(pen, 2, () => {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        pen.moveTo(x + dx * GAP, y + dy * GAP);
        pen.lineTo(x + dx * (GAP + ARM), y + dy * (GAP + ARM));
      }
    });
  }
}
