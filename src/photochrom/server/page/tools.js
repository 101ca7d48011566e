const FIRST_COLOR = [14, 22]; // a light skin: what old photos are asked for most
const FIRST_BRUSH = 0.02;

/** What the person holds: a tool, the colour of their own and the size of the brush.
 *  Event: "change". */
export class Tools extends EventTarget {
  tool = "color"; // or "brush", "hand"
  color = FIRST_COLOR;
  ready = false; // the next click sets the colour without asking which
  brush = FIRST_BRUSH; // radius, of the photo's short side
  can = { hints: true };

  get kind() { return this.can.hints ? this.tool : "hand"; }

  #changed(part) {
    Object.assign(this, part);
    this.dispatchEvent(new Event("change"));
  }

  take(tool) { this.#changed({ tool, ready: this.ready && tool === "color" }); }

  /** A colour that the person chose somewhere else than on the photo. */
  load(color, ready = false) {
    this.#changed({ color, ready: ready && this.tool !== "brush" });
  }

  unload() { if (this.ready) this.#changed({ ready: false }); }

  resize(brush) { this.#changed({ brush: Math.min(0.12, Math.max(0.004, brush)) }); }

  allow(can) { this.#changed({ can }); }
}
