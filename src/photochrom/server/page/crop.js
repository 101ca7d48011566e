import * as api from "./api.js";
import { fitted, moved, resized, whole } from "./cropbox.js";
import { arrow, byId, element, taken } from "./dom.js";
import { cropOf, displayed, partOf, turned } from "./framing.js";
import { texts } from "./texts.js";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const RATIOS = { free: null, photo: "photo", square: 1, "5:4": 5 / 4, "4:3": 4 / 3, "3:2": 3 / 2,
  "16:9": 16 / 9 };
const LEAST = 16; // pixels of the photo
const FAR = 10; // steps of an arrow key with Shift

/** The tool that cuts and turns: the whole photo with a frame around the part that stays. Elsewhere
 *  the stage shows that part alone. */
export class CropTool {
  #box = null; // the frame while a hand moves it, pixels of the turned photo
  #grip = null; // { handle, pointer, from, box }
  #upright = false; // whether the ratio is that of a picture higher than wide

  constructor({ album, stage, tools, status }) {
    Object.assign(this, { album, stage, tools, status });
    this.frame = byId("crop");
    this.ratio = byId("crop-ratio");
    this.ratio.append(...Object.keys(RATIOS).map((name) =>
      element("option", { value: name, text: texts.crop.ratios[name] ?? name })));
    this.frame.append(...HANDLES.map((handle) => element("button", { type: "button",
      class: `grip ${handle}`, "data-handle": handle, "aria-label": texts.crop.handles[handle] })));
    this.frame.addEventListener("pointerdown", (event) => this.#down(event));
    this.frame.addEventListener("pointermove", (event) => this.#move(event));
    this.frame.addEventListener("pointerup", () => this.#drop());
    this.frame.addEventListener("pointercancel", () => this.#letGo());
    this.frame.addEventListener("keydown", (event) => this.#key(event));
    this.frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      stage.canvas.dispatchEvent(new WheelEvent("wheel", event));
    }, { passive: false });
    stage.addEventListener("moved", () => this.#place());
    this.ratio.addEventListener("change", () => this.#chooseRatio());
    byId("turn-left").addEventListener("click", () => this.#turn(270));
    byId("turn-right").addEventListener("click", () => this.#turn(90));
    byId("crop-border").addEventListener("click", () => this.#propose());
    byId("crop-whole").addEventListener("click", () => this.#reset());
    byId("crop-done").addEventListener("click", () => this.#done());
  }

  get photo() { return this.album.current; }

  get active() { return this.tools.kind === "crop" && Boolean(this.photo?.isOpen); }

  /** What the stage shows of the photo: all of it while it is being cut. */
  get shown() {
    const { photo } = this;
    const turn = photo.look?.turn ?? 0;
    return { part: partOf(this.active ? null : photo.look, photo.size), turn };
  }

  /** Show the photo as its look is cut and turned, or the frame. */
  sync() {
    if (!this.photo) return;
    const { part, turn } = this.shown;
    const { view } = this.stage;
    const same = turn === view.turn
      && Object.entries(part).every(([key, value]) => view.part[key] === value);
    if (!same) this.stage.reframe({ part, turn });
    this.#place();
  }

  /** The turned photo's size. */
  get #room() { return displayed(this.photo.size, this.photo.look.turn); }

  /** The frame, pixels of the turned photo. */
  get #now() {
    const { look, size } = this.photo;
    return this.#box ?? turned(partOf(look, size), look.turn, size);
  }

  get #ratio() {
    const value = RATIOS[this.ratio.value];
    const { width, height } = this.#room;
    if (value === "photo") return width / height;
    return value && (this.#upright ? 1 / value : value);
  }

  #place() {
    this.frame.hidden = !this.active;
    byId("crop-row").hidden = this.tools.kind !== "crop";
    if (!this.active) return;
    const { x, y, width, height } = this.#now;
    const { view } = this.stage;
    const { style } = this.frame;
    style.left = `${view.x + x * view.scale}px`;
    style.top = `${view.y + y * view.scale}px`;
    style.width = `${width * view.scale}px`;
    style.height = `${height * view.scale}px`;
    byId("crop-size").textContent = texts.crop.size(Math.round(width), Math.round(height));
    byId("crop-whole").disabled = !this.photo.look.crop && !this.photo.look.turn;
  }

  // Hands

  #down(event) {
    if (event.button !== 0 || this.#grip) return;
    const { handle = null } = event.target.dataset;
    this.frame.setPointerCapture(event.pointerId);
    this.#grip = { handle, pointer: event.pointerId, from: [event.clientX, event.clientY],
      box: this.#now };
    event.target.focus({ preventScroll: true });
    event.preventDefault();
  }

  #move(event) {
    if (this.#grip?.pointer !== event.pointerId) return;
    const { from, handle, box } = this.#grip;
    const { scale } = this.stage.view;
    const [dx, dy] = [(event.clientX - from[0]) / scale, (event.clientY - from[1]) / scale];
    this.#box = this.#changed(box, handle, dx, dy);
    this.#place();
  }

  #changed(box, handle, dx, dy) {
    const room = this.#room;
    if (!handle) return moved(box, dx, dy, room);
    const point = { x: (handle.includes("w") ? box.x : box.x + box.width) + dx,
      y: (handle.includes("n") ? box.y : box.y + box.height) + dy };
    return resized(box, handle, point, this.#ratio, room, Math.min(LEAST, room.width, room.height));
  }

  #drop() {
    this.#grip = null;
    if (this.#box) this.#commit(this.#box);
  }

  #letGo() {
    this.#grip = this.#box = null;
    this.#place();
  }

  #key(event) {
    const step = Math.max(1, Math.round(1 / this.stage.view.scale));
    const way = arrow(event, step, FAR * step);
    if (!way || event.ctrlKey || event.metaKey) return;
    taken(event);
    const { handle = null } = event.target.dataset;
    this.#commit(this.#changed(this.#now, handle, ...way), "crop");
  }

  #commit(box, key = null) {
    this.#box = null;
    const { photo } = this;
    const { turn } = photo.look;
    const part = turned(whole(box, this.#room), (360 - turn) % 360, this.#room);
    photo.change({ crop: cropOf(part, photo.size) }, texts.step.crop, { key });
    this.#place();
  }

  // Buttons

  #chooseRatio() {
    const box = this.#now;
    this.#upright = box.height > box.width;
    this.#commit(fitted(box, this.#ratio));
  }

  #turn(by) {
    const { photo } = this;
    this.#upright = !this.#upright;
    photo.change({ turn: (photo.look.turn + by) % 360 }, texts.step.turn);
    this.status.whisper(texts.crop.turnedBy(photo.look.turn));
  }

  async #propose() {
    const { photo } = this;
    const button = byId("crop-border");
    if (button.classList.contains("busy")) return;
    button.classList.add("busy");
    await this.status.guard(async () => {
      const { crop } = await photo.ask(api.border);
      if (!crop) return this.status.say(texts.crop.noBorder);
      this.ratio.value = "free";
      photo.change({ crop }, texts.step.border);
      return this.status.whisper(texts.crop.border);
    });
    button.classList.remove("busy");
  }

  #reset() {
    this.ratio.value = "free";
    this.photo.change({ crop: null, turn: 0 }, texts.step.whole);
    byId("crop-ratio").focus();
  }

  #done() {
    this.status.hush();
    this.tools.take("color");
    byId("tool-crop").focus();
  }
}
