import { byId, clamp, taken } from "./dom.js";
import { texts } from "./texts.js";

const STEP = 0.02;
const LARGE_STEP = 0.1;

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
    const { style } = handle;
    style.left = `${left + stage.split * width}px`;
    style.top = `${top}px`;
    style.height = `${height}px`;
    for (const [side, at] of [["before", left], ["after", left + width]]) {
      const label = byId(`${side}-label`);
      label.style.left = `${at}px`;
      label.style.top = `${top}px`;
    }
    const percent = Math.round(stage.split * 100);
    handle.setAttribute("aria-valuenow", percent);
    handle.setAttribute("aria-valuetext", texts.dividerAt(percent));
  }

  /** Show half before and half after, or after alone. */
  toggle() { this.stage.slideSplit(this.stage.split > 0.02 ? 0 : 0.5); }

  #down(event) {
    if (event.button !== 0) return;
    const { left, width } = this.stage.view.frame;
    // The line keeps its distance from the finger.
    this.#grip = event.clientX - (left + this.stage.split * width);
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
