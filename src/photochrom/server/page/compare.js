import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** Compare two looks of one photo: the pinned one, A, and the current one. */
export class Compare {
  constructor(album, preview, stage, status) {
    Object.assign(this, { album, preview, stage, status });
    byId("pin").addEventListener("click", () => this.pin());
    byId("swap").addEventListener("click", () => this.swap());
    byId("unpin").addEventListener("click", () => this.unpin());
  }

  get photo() { return this.album.current; }

  async pin() {
    const { photo } = this;
    if (!photo?.isOpen) return;
    await this.status.guard(async () => {
      await photo.settle();
      photo.pinned = { look: photo.look, revision: photo.revision };
      const focused = document.activeElement === byId("pin");
      this.sync();
      if (focused) byId("swap").focus();
      this.status.say(texts.pinnedNow);
      await this.preview.fetchPinned();
      if (this.stage.split < 0.02) this.stage.slideSplit(0.5);
    });
  }

  /** Swap A and the current look. */
  async swap() {
    const { photo } = this;
    await this.status.guard(async () => {
      await photo.settle();
      if (!photo.pinned) return;
      const { look } = photo.pinned;
      photo.pinned = { look: photo.look, revision: photo.revision };
      photo.change(look, texts.step.swap);
      await this.preview.fetchPinned();
    });
  }

  unpin() {
    const focused = document.activeElement === byId("unpin");
    this.photo.pinned = null;
    this.status.hush();
    this.preview.fetchPinned();
    this.sync();
    if (focused) byId("pin").focus();
  }

  toggle() {
    if (this.photo?.pinned) this.unpin();
    else this.pin();
  }

  sync() {
    const pinned = Boolean(this.photo?.pinned);
    byId("pin").hidden = byId("pin-help").hidden = pinned;
    byId("pinned").hidden = !pinned;
    byId("before-label").textContent = pinned ? texts.pinnedSide : texts.before;
    byId("after-label").textContent = pinned ? texts.nowSide : texts.after;
  }
}
