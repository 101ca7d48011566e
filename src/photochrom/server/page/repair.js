import * as api from "./api.js";
import { byId } from "./dom.js";
import { Slider, percent } from "./look.js";
import { texts } from "./texts.js";

const USUAL = { sensitivity: 0.5, levels: false, strokes: [] };
const RED = [255, 40, 40];
const OPACITY = 0.7;

/** A picture of damage, white on black, as a red layer that is clear elsewhere. */
function redLayer(bitmap) {
  const { width, height } = bitmap;
  const layer = new OffscreenCanvas(width, height);
  const pen = layer.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const image = pen.getImageData(0, 0, width, height);
  const { data } = image;
  for (let at = 0; at < data.length; at += 4) {
    data[at + 3] = OPACITY * data[at];
    [data[at], data[at + 1], data[at + 2]] = RED;
  }
  pen.putImageData(image, 0, 0);
  return layer;
}

/** The repair of the current photo: its options, what was found, and the red layer that shows it. */
export class RepairPanel {
  #round = 0;
  #answer = null; // { id, repair, damaged, filled, layer }: of a session and a repair of its look
  #last = new WeakMap(); // the repair of a photo before it was switched off
  shows = false; // whether the damage is shown

  constructor(album, preview, stage, status) {
    Object.assign(this, { album, preview, stage, status });
    this.on = byId("repair-on");
    this.levels = byId("repair-levels");
    this.layer = byId("repair-show");
    this.sensitivity = new Slider("sensitivity",
      { min: 0, max: 1, usual: USUAL.sensitivity, say: percent }, (name, value, draft) => {
        // Each value fills the photo anew, which is too slow to follow a moving hand.
        if (!draft) this.#change({ sensitivity: value }, texts.control.sensitivity, "look sensitivity");
      });
    byId("repair-sensitivity").append(this.sensitivity.node);
    this.on.addEventListener("change", () => this.#switch());
    this.levels.addEventListener("change", () =>
      this.#change({ levels: this.levels.checked }, texts.repairLevels));
    this.layer.addEventListener("change", () => {
      this.shows = this.layer.checked;
      this.#draw();
    });
    byId("repair-clear").addEventListener("click", () => {
      this.#change({ strokes: [] }, texts.repair.cleared);
      this.on.focus(); // the button has gone
    });
  }

  get photo() { return this.album.current; }

  get repair() { return this.photo?.look?.repair ?? null; }

  #change(part, label, key = null) {
    this.photo.change({ repair: { ...this.repair, ...part } }, label, { key });
  }

  #switch() {
    const { photo, repair } = this;
    if (repair) this.#last.set(photo, repair);
    photo.change({ repair: this.on.checked ? this.#last.get(photo) ?? USUAL : null },
      texts.repairOn);
  }

  /** Whether the answer is of the present repair. */
  get #current() {
    const { photo, repair } = this;
    return this.#answer?.repair === repair && this.#answer?.id === photo.session?.id;
  }

  /** Show the current look. */
  show() {
    const { photo, repair } = this;
    byId("repair").hidden = Boolean(photo.film) || api.local;
    byId("repair-how").hidden = !repair;
    this.on.checked = Boolean(repair);
    if (!repair) return this.#clear();
    this.sensitivity.show(repair.sensitivity);
    this.levels.checked = repair.levels;
    byId("repair-clear").hidden = !repair.strokes.length;
    return this.#draw();
  }

  /** Fetch what is damaged, if it is not known of the present repair. */
  async sync() {
    const { photo } = this;
    if (!this.repair || photo.state !== "ready" || this.#current) return;
    const round = (this.#round += 1);
    const late = () => round !== this.#round;
    try {
      let look;
      do {
        ({ look } = photo);
        await photo.settle(); // so that the revision is that of the look
        if (late()) return;
      } while (photo.look !== look);
      if (!look.repair) return;
      const { bitmap, ...shares } = await photo.ask((id) =>
        api.damage(id, { revision: photo.revision, longest: this.preview.longest() }));
      const { repair } = look;
      if (!late()) this.#answer = { id: photo.session.id, repair, layer: redLayer(bitmap), ...shares };
      bitmap.close();
      if (!late()) this.#draw();
    } catch (error) {
      if (!late()) this.status.regret(error.message);
    }
  }

  #draw() {
    const { damaged, filled, layer } = this.#answer ?? {};
    byId("repair-found").textContent = this.#current ? texts.repair.found(damaged, damaged - filled)
      : texts.repair.searching;
    this.stage.damage = this.shows && this.repair ? layer : null;
    this.stage.invalidate();
  }

  #clear() {
    this.#round += 1;
    this.#answer = null;
    this.stage.damage = null;
    this.stage.invalidate();
  }

  /** Forget the damage when another photo becomes current. */
  reset() { this.#clear(); }
}
