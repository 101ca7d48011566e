import { corrects } from "./masks.js";

const FIRST_COLOR = [14, 22]; // a light skin, the commonest subject of old photos
const FIRST_BRUSH = 0.02;

/** The chosen tool, the person's own colour and the size of the brush.
 *  Event: "change". */
export class Tools extends EventTarget {
  tool = "color"; // or "brush", "hand", "crop"
  color = FIRST_COLOR;
  ready = false; // the next click sets the colour without asking which
  brush = FIRST_BRUSH; // radius, of the photo's short side
  chosen = "color"; // the effect of the brush; the others are those of masks.js
  share = 0.25; // of an effect that has a value
  can = { hints: true, strokes: true, frame: true, repair: false };

  get kind() {
    if (this.tool === "crop") return this.can.frame ? "crop" : "color";
    return this.can.hints ? this.tool : "hand";
  }

  get effect() {
    const { strokes, repair } = this.can;
    return strokes && (repair || !corrects(this.chosen)) ? this.chosen : "color";
  }

  /** Whether dragging moves the photo. */
  get moves() { return this.kind === "hand" || this.kind === "crop"; }

  #changed(part) {
    Object.assign(this, part);
    this.dispatchEvent(new Event("change"));
  }

  take(tool) { this.#changed({ tool, ready: this.ready && tool === "color" }); }

  /** Take a colour that was chosen elsewhere than on the photo. */
  load(color, ready = false) {
    this.#changed({ color, ready: ready && this.tool !== "brush" });
  }

  /** Choose what the brush does, or how strongly. */
  act(part) { this.#changed(part); }

  unload() { if (this.ready) this.#changed({ ready: false }); }

  resize(brush) { this.#changed({ brush: Math.min(0.12, Math.max(0.004, brush)) }); }

  allow(can) { this.#changed({ can }); }
}
