import * as api from "./api.js";
import { byId } from "./dom.js";

/** The map of how sure the colours are, over the photo. */
export class ConfidenceOverlay {
  #round = 0;
  #made = "";

  constructor(album, stage, status) {
    Object.assign(this, { album, stage, status, on: false });
    this.button = byId("confidence");
    this.strength = byId("overlay-strength");
    this.button.addEventListener("click", () => this.toggle());
    this.strength.addEventListener("input", () => {
      if (this.stage.overlay) this.stage.overlay.opacity = this.strength.value / 100;
      this.stage.invalidate();
    });
  }

  toggle() {
    if (this.button.disabled) return;
    this.on = !this.on;
    this.sync();
  }

  /** Fetch the map of the current revision, if it is shown and not fetched yet. */
  async sync() {
    const photo = this.album.current;
    const able = Boolean(photo?.isOpen && photo.can.confidence);
    this.button.disabled = !able;
    this.button.hidden = Boolean(photo?.isOpen) && !able;
    const shows = this.on && able;
    this.button.setAttribute("aria-pressed", String(shows));
    byId("legend").hidden = !shows;
    if (!shows) return this.#clear();
    if (photo.state !== "ready") return;
    const made = `${photo.session.id} ${photo.revision}`;
    if (made === this.#made) return;
    this.#made = made;
    const round = (this.#round += 1);
    try {
      const bitmap = await photo.ask((id) => api.confidence(id, { revision: photo.revision }));
      if (round !== this.#round) return bitmap.close();
      this.stage.overlay?.bitmap.close();
      this.stage.overlay = { bitmap, opacity: this.strength.value / 100 };
      this.stage.invalidate();
    } catch (error) {
      if (round !== this.#round) return;
      this.#made = "";
      this.status.regret(error.message);
    }
  }

  #clear() {
    this.#round += 1;
    this.#made = "";
    this.stage.overlay?.bitmap.close();
    this.stage.overlay = null;
    this.stage.invalidate();
  }

  /** Drop the map when another photo becomes current. */
  reset() {
    this.#clear();
    this.sync();
  }
}
