import { arrow, clamp, element, taken } from "./dom.js";
import { fitted, gamutSquare, hexOf, inGamut, labFromHex, srgbFromLab } from "./lab.js";
import { nameOf } from "./names.js";
import { texts } from "./texts.js";

const PIXELS = 176; // of the plane, each way

/** Mixes a colour: the plane of a and b at one lightness, where only what sRGB has is painted, and a
 *  field for "#rrggbb". Events: "input" while it moves, "change" when it rests. */
export class Mixer extends EventTarget {
  ab = [0, 0];
  lightness = 60;
  #square = null; // of the plane that is shown
  #painted = null; // the plane without its knob
  #grip = false;

  constructor() {
    super();
    this.plane = element("canvas", { class: "plane", tabindex: 0, role: "slider",
      width: PIXELS * 2, height: PIXELS * 2, "aria-label": texts.plane,
      "aria-valuemax": 360,
      on: { pointerdown: (event) => this.#down(event), pointermove: (event) => this.#move(event),
        lostpointercapture: () => this.#let(), keydown: (event) => this.#key(event) } });
    this.field = element("input", { type: "text", spellcheck: "false", autocomplete: "off",
      maxlength: 7, "aria-label": texts.hex, on: { change: () => this.#typed() } });
    this.swatch = element("span", { class: "swatch large" });
    this.words = element("span", { class: "soft" });
    this.node = element("div", { class: "mixer" }, this.plane,
      element("div", { class: "mixed" }, this.swatch, this.words,
        element("label", { class: "hex" }, element("span", { class: "soft", text: texts.hex }),
          this.field)),
      element("p", { class: "soft", text: texts.lightStays }));
  }

  /** Show a colour, at the lightness that it will be seen at. */
  set(lightness, ab) {
    if (lightness !== this.lightness || !this.#painted) {
      this.lightness = lightness;
      this.#square = gamutSquare(lightness);
      this.#painted = this.#paint();
    }
    this.ab = fitted(lightness, ab);
    this.#draw();
  }

  #paint() {
    const size = PIXELS;
    const picture = new ImageData(size, size);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1) {
        const ab = this.#colorAt((column + 0.5) / size, (row + 0.5) / size);
        if (!inGamut(this.lightness, ab)) continue;
        const [r, g, b] = srgbFromLab(this.lightness, ab);
        picture.data.set([r * 255, g * 255, b * 255, 255], 4 * (row * size + column));
      }
    const canvas = element("canvas", { width: size, height: size });
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas;
  }

  /** a and b of a place, 0..1 of the plane: a to the right, b upwards. */
  #colorAt(x, y) {
    const { a, b, reach } = this.#square;
    return [a + (2 * x - 1) * reach, b + (1 - 2 * y) * reach];
  }

  #placeOf([a, b]) {
    const { reach } = this.#square;
    return [((a - this.#square.a) / reach + 1) * PIXELS, (1 - (b - this.#square.b) / reach) * PIXELS];
  }

  #draw() {
    const pen = this.plane.getContext("2d");
    const size = PIXELS * 2;
    pen.clearRect(0, 0, size, size);
    pen.drawImage(this.#painted, 0, 0, size, size);
    const [a, b] = this.ab;
    const [x, y] = this.#placeOf(this.ab);
    const [greyX, greyY] = this.#placeOf([0, 0]);
    pen.fillStyle = this.lightness > 50 ? "rgb(0 0 0 / .6)" : "rgb(255 255 255 / .7)";
    pen.fillRect(greyX - 2, greyY - 2, 4, 4); // neutral
    const hex = hexOf(this.lightness, this.ab);
    for (const [radius, style] of [[19, "rgb(0 0 0 / .55)"], [17, "#fff"], [12, hex]]) {
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fillStyle = style;
      pen.fill();
    }
    const name = nameOf(this.lightness, this.ab);
    this.swatch.style.background = hex;
    this.words.textContent = name;
    if (document.activeElement !== this.field) this.field.value = hex;
    const hue = (Math.atan2(b, a) * 180 / Math.PI + 360) % 360;
    this.plane.setAttribute("aria-valuenow", Math.round(hue));
    this.plane.setAttribute("aria-valuetext", texts.planeAt(name));
  }

  #choose(ab, type) {
    this.ab = fitted(this.lightness, ab);
    this.#draw();
    this.dispatchEvent(new Event(type));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.#grip = true;
    this.plane.setPointerCapture(event.pointerId);
    this.#move(event);
  }

  #move(event) {
    if (!this.#grip) return;
    const { left, top, width, height } = this.plane.getBoundingClientRect();
    this.#choose(this.#colorAt(clamp((event.clientX - left) / width, 0, 1),
      clamp((event.clientY - top) / height, 0, 1)), "input");
  }

  #let() {
    if (!this.#grip) return;
    this.#grip = false;
    this.dispatchEvent(new Event("change"));
  }

  #key(event) {
    const way = arrow(event, 2, 10);
    const goal = way ? [this.ab[0] + way[0], this.ab[1] - way[1]]
      : event.key === "Home" ? [0, 0] : null;
    if (!goal) return;
    taken(event);
    this.#choose(goal, "change");
  }

  #typed() {
    const lab = labFromHex(this.field.value);
    this.field.setAttribute("aria-invalid", String(!lab));
    if (!lab) return;
    this.field.value = hexOf(this.lightness, fitted(this.lightness, lab.slice(1)));
    this.#choose(lab.slice(1), "change");
  }
}
