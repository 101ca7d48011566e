import * as api from "./api.js";

const REST_MS = 160; // how long the view must stand still
const WORTH = 1.05; // how much finer the screen must be than what is shown
const MOST_PIXELS = 4e6; // of one piece

/** Fetches the visible part of the photo from full resolution, for the sides that show. */
export class Detail {
  #timer = 0;
  #running = null; // AbortController of the request

  constructor(preview, stage) {
    this.preview = preview;
    this.stage = stage;
  }

  /** Schedule a fetch after the view moved or the picture changed. */
  want() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), REST_MS);
  }

  async #fetch() {
    const { preview, stage } = this;
    const { photo } = preview;
    if (!photo?.isOpen || preview.busy) return;
    this.#running?.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const sides = stage.sides(preview).filter((layer) => this.#worth(layer));
    try {
      await Promise.all(sides.map((layer) => this.#fetchPiece(photo, layer, signal)));
    } catch { /* the preview stays; the next move tries again */ }
  }

  #worth(layer) {
    const { view } = this.stage;
    if (!layer.bitmap) return false;
    const have = layer.bitmap.width / view.photo.width;
    const need = Math.min(1, view.scale * devicePixelRatio);
    if (need < have * WORTH) return false;
    const { piece } = layer;
    const part = view.visible;
    const inside = piece && part.x >= piece.x && part.y >= piece.y
      && part.x + part.w <= piece.x + piece.w && part.y + part.h <= piece.y + piece.h;
    return !(inside && piece.bitmap.width / piece.w >= need * 0.98);
  }

  async #fetchPiece(photo, layer, signal) {
    const { view } = this.stage;
    const part = view.visible;
    const fine = Math.min(1, view.scale * devicePixelRatio);
    const most = Math.sqrt(MOST_PIXELS * part.w / part.h);
    const width = Math.max(1, Math.floor(Math.min(part.w, Math.ceil(part.w * fine), most)));
    const { id } = photo.session;
    const original = layer === this.preview.original;
    const revision = original ? undefined : layer.revision;
    const bitmap = await photo.ask((session) => api.region(session,
      { ...part, width, revision, original: original || undefined }, signal));
    const late = signal.aborted || photo !== this.preview.photo || photo.session.id !== id
      || (!original && layer.revision !== revision);
    if (late) return bitmap.close();
    layer.putPiece({ bitmap, ...part });
    this.stage.invalidate();
  }
}
