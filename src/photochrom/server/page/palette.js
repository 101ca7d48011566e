import { arrow, byId, clamp, outline, sketch, taken } from "./dom.js";
import { labFromSrgb } from "./lab.js";
import { nameOf } from "./names.js";
import { texts } from "./texts.js";

const LONGEST = 640;
const AROUND = 2; // pixels each way that a colour is averaged over

/** A colour picture beside the photo, to take colours from. It never leaves the browser. */
export class PalettePicture {
  #place = null; // of the keyboard, pixels of the canvas
  #bitmap = null;

  constructor(tools, status) {
    Object.assign(this, { tools, status });
    this.canvas = byId("palette");
    this.canvas.getContext("2d", { willReadFrequently: true });
    const input = byId("palette-input");
    byId("open-palette").addEventListener("click", () => input.click());
    byId("close-palette").addEventListener("click", () => this.#close());
    input.addEventListener("change", () => {
      const [file] = input.files;
      input.value = "";
      if (file) this.load(file);
    });
    this.canvas.addEventListener("click", (event) => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      this.#place = null;
      this.#pick({ x: (event.clientX - left) / width * this.canvas.width,
        y: (event.clientY - top) / height * this.canvas.height });
    });
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("blur", () => { this.#place = null; this.#draw(); });
  }

  async load(file) {
    try {
      const bitmap = await createImageBitmap(file);
      this.#bitmap?.close();
      this.#bitmap = bitmap;
    } catch {
      return this.status.regret(texts.cannotShow(file.name));
    }
    byId("palette-box").hidden = false;
    byId("palette-help").hidden = true;
    byId("close-palette").hidden = false;
    return this.#draw();
  }

  #close() {
    this.#bitmap?.close();
    this.#bitmap = null;
    byId("palette-box").hidden = true;
    byId("palette-help").hidden = false;
    byId("close-palette").hidden = true;
    byId("open-palette").focus();
  }

  #draw() {
    if (!this.#bitmap) return;
    sketch(this.canvas, this.#bitmap, LONGEST);
    if (!this.#place) return;
    const pen = this.canvas.getContext("2d");
    outline(pen, 3, () => pen.arc(this.#place.x, this.#place.y, 10, 0, 2 * Math.PI));
  }

  #key(event) {
    const way = arrow(event, 8, 40);
    const { width, height } = this.canvas;
    this.#place ??= { x: width / 2, y: height / 2 };
    if (way) {
      this.#place = { x: clamp(this.#place.x + way[0], 0, width - 1),
        y: clamp(this.#place.y + way[1], 0, height - 1) };
      this.#draw();
    } else if (event.key === "Enter" || event.key === " ") this.#pick(this.#place);
    else return;
    taken(event);
  }

  #pick({ x, y }) {
    sketch(this.canvas, this.#bitmap, LONGEST); // without the ring
    const size = 2 * AROUND + 1;
    const { data } = this.canvas.getContext("2d").getImageData(
      Math.round(x) - AROUND, Math.round(y) - AROUND, size, size);
    const sum = [0, 0, 0];
    let weight = 0;
    for (let at = 0; at < data.length; at += 4) {
      weight += data[at + 3];
      for (const band of [0, 1, 2]) sum[band] += data[at + band] * data[at + 3];
    }
    this.#draw();
    if (!weight) return;
    const [lightness, a, b] = labFromSrgb(sum.map((value) => value / weight / 255));
    this.tools.load([a, b], true);
    const name = nameOf(lightness, [a, b]);
    this.status.say(this.tools.kind === "brush" ? texts.pickedBrush(name) : texts.picked(name));
  }
}
