import { byId, clamp, taken } from "./dom.js";
import { texts } from "./texts.js";

const STEP = 0.02;
const LARGE_STEP = 0.1;
const LABEL_GAP = 12; // pixels between a label and the edge of its side

/** The handle between before and after: a slider for mouse, fingers and keys. */
export class Divider {
  #grip = null;

  constructor(handle, stage) {
    Object.assign(this, { handle, stage });
    handle.addEventListener("pointerdown", (event) => this.#down(event));
    handle.addEventListener("pointermove", (event) => this.#move(event));
    handle.addEventListener("lostpointercapture", () => { this.#grip = null; });
    handle.addEventListener("keydown", (event) => this.#key(event));
    handle.addEventListener("dblclick", () => this.toggle());
    stage.addEventListener("moved", () => this.place());
  }

  place() {
    const { handle, stage } = this;
    const { left, top, width, height } = stage.view.frame;
    const { style } = handle.parentElement;
    const line = left + stage.line * width;
    for (const [name, value] of Object.entries({ left, top, width, height, line }))
      style.setProperty(`--photo-${name}`, `${value}px`);
    this.#label(byId("before-label"), left, line, (room, long) => room - long);
    this.#label(byId("after-label"), line, left + width, (room) => room);
    const percent = Math.round(stage.line * 100);
    handle.setAttribute("aria-valuenow", percent);
    handle.setAttribute("aria-valuetext", texts.dividerAt(percent));
  }

  /** Put a label onto its own side, or beside the photo where that side is too narrow for it. */
  #label(label, from, to, beside) {
    const long = label.offsetWidth;
    const first = label.id === "before-label";
    const inside = to - from >= long + 2 * LABEL_GAP;
    const at = inside ? (first ? from + LABEL_GAP : to - LABEL_GAP - long)
      : beside(first ? to - LABEL_GAP : from + LABEL_GAP, long);
    label.style.left = `${at}px`;
    label.classList.toggle("off", to - from < 1 || at < 0 || at + long > this.stage.view.width);
  }

  /** Show half before and half after, or after alone. */
  toggle() { this.stage.slideSplit(this.stage.split > 0.02 ? 0 : 0.5); }

  #down(event) {
    if (event.button !== 0) return;
    const { left, width } = this.stage.view.frame;
    // The line keeps its distance from the finger.
    this.#grip = event.clientX - (left + this.stage.line * width);
    this.handle.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (this.#grip === null) return;
    const { left, width } = this.stage.view.frame;
    this.stage.setSplit((event.clientX - this.#grip - left) / Math.max(1, width));
  }

  #key(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const { split } = this.stage;
    const goal = { ArrowLeft: split - step, ArrowDown: split - step, ArrowRight: split + step,
      ArrowUp: split + step, PageDown: split - LARGE_STEP, PageUp: split + LARGE_STEP,
      Home: 0, End: 1 }[event.key];
    if (goal === undefined) return;
    taken(event);
    this.stage.setSplit(clamp(Math.round(goal * 100) / 100, 0, 1));
  }
}
