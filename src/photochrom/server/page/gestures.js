const CLICK_PIXELS = { mouse: 4, pen: 5, touch: 10 };
const REACH = { mouse: 12, pen: 14, touch: 24 };
const WHEEL = 0.0016; // of a doubling for each pixel of the wheel
const LINE = 32;

/** Gestures of fingers, mouse and pen on the stage: pan, pinch, zoom, and the chosen tool.
 *  `deeds` carry it out: grab(at, reach), drag(mark, dx, dy), drop(mark), tap(at, reach),
 *  stroke(path), paint(path). Places are CSS pixels of the viewport. */
export class Gestures {
  #pointers = new Map();
  #deed = null; // { kind: "pan" | "tap" | "drag" | "stroke" | "pinch", ... }
  spaceHeld = false;
  hover = null;

  constructor(stage, tools, deeds) {
    Object.assign(this, { stage, tools, deeds });
    const { canvas } = stage;
    const listen = (type, listener, options) =>
      canvas.addEventListener(type, listener.bind(this), options);
    listen("pointerdown", this.#down);
    listen("pointermove", this.#move);
    listen("pointerup", this.#up);
    listen("pointercancel", this.#cancel);
    listen("lostpointercapture", this.#cancel); // the stage was hidden, or a dialog opened
    listen("pointerleave", this.#leave);
    listen("wheel", this.#wheel, { passive: false });
    listen("auxclick", (event) => event.preventDefault());
    listen("contextmenu", (event) => { if (event.pointerType === "touch") event.preventDefault(); });
  }

  #at(event) {
    const { left, top } = this.stage.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down(event) {
    if (event.button === 2) return;
    if (event.button === 1) event.preventDefault();
    const { canvas } = this.stage;
    canvas.setPointerCapture(event.pointerId);
    canvas.parentElement.focus({ preventScroll: true });
    const at = this.#at(event);
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 2) this.#startPinch();
    else if (this.#pointers.size === 1) this.#deed = this.#begin(event, at);
  }

  #begin(event, at) {
    const { tools } = this;
    const type = event.pointerType in REACH ? event.pointerType : "mouse";
    const first = { start: at, last: at, type };
    if (event.button === 1 || this.spaceHeld || tools.moves)
      return { ...first, kind: "pan" };
    // With the brush, painting paints, on old strokes too; marks are moved with the other tool.
    const mark = tools.kind === "brush" ? null : this.deeds.grab(at, REACH[type]);
    if (mark !== null) return { ...first, kind: "hold", mark };
    if (tools.kind === "brush") {
      if (!this.stage.view.contains(at)) return { ...first, kind: "pan" };
      const path = [this.stage.view.toPhoto(at)];
      this.deeds.paint(path);
      return { ...first, kind: "stroke", path };
    }
    return { ...first, kind: "tap" };
  }

  #startPinch() {
    if (this.#deed?.kind === "stroke") this.deeds.paint(null);
    if (this.#deed?.kind === "drag") this.deeds.drop(this.#deed.mark);
    this.#deed = { kind: "pinch", ...this.#spread() };
  }

  #spread() {
    const [one, other] = [...this.#pointers.values()];
    return { middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
      apart: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)) };
  }

  #move(event) {
    const at = this.#at(event);
    this.#hoverAt(event.pointerType === "touch" ? null : at);
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, at);
    const deed = this.#deed;
    if (!deed) return;
    if (deed.kind === "pinch") return this.#pinch(deed);
    if (deed.kind === "stroke") return this.#extend(deed, event);
    const far = Math.hypot(at.x - deed.start.x, at.y - deed.start.y) > CLICK_PIXELS[deed.type];
    if (far && deed.kind === "tap") deed.kind = "pan";
    if (far && deed.kind === "hold") deed.kind = "drag";
    const [dx, dy] = [at.x - deed.last.x, at.y - deed.last.y];
    if (deed.kind === "pan") this.stage.pan(dx, dy);
    else if (deed.kind === "drag") {
      this.deeds.drag(deed.mark, ...this.stage.view.way(dx, dy));
    } else return;
    deed.last = at;
  }

  #extend(deed, event) {
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event])
      deed.path.push(this.stage.view.toPhoto(this.#at(one)));
    this.deeds.paint(deed.path);
  }

  #pinch(deed) {
    const { middle, apart } = this.#spread();
    this.stage.pan(middle.x - deed.middle.x, middle.y - deed.middle.y);
    this.stage.zoomBy(apart / deed.apart, middle);
    Object.assign(deed, { middle, apart });
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    const deed = this.#deed;
    if (this.#pointers.size) return; // the last finger of a pinch does nothing by itself
    this.#deed = null;
    if (deed?.kind === "tap" || deed?.kind === "hold")
      this.deeds.tap(deed.start, REACH[deed.type]);
    else if (deed?.kind === "drag") this.deeds.drop(deed.mark);
    else if (deed?.kind === "stroke") this.deeds.stroke(deed.path);
  }

  #cancel(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#deed?.kind === "drag") this.deeds.drop(this.#deed.mark);
    if (!this.#pointers.size || this.#deed?.kind === "stroke") this.letGo();
  }

  /** Forget what is under way: another photo lies on the table. */
  letGo() {
    if (this.#deed?.kind === "stroke") this.deeds.paint(null);
    this.#deed = null;
  }

  #leave() { if (!this.#pointers.size) this.#hoverAt(null); }

  #hoverAt(at) {
    this.hover = at;
    if (this.tools.kind === "brush") this.stage.invalidate();
  }

  #wheel(event) {
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * LINE : event.deltaY;
    // A pinch on a trackpad comes as small steps of a wheel with the control key.
    const strength = event.ctrlKey ? 6 : 1;
    this.stage.zoomBy(2 ** (-pixels * WHEEL * strength), this.#at(event));
  }
}
