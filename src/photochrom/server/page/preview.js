import * as api from "./api.js";
import { clamp, sketch } from "./dom.js";
import { labFromSrgb } from "./lab.js";

const DRAFT = 640; // long side while a slider moves
const LEAST = 640;
const MOST = 2560; // the server gives no larger preview
const LIGHTNESS_SIZE = 400;

/** One picture of the current photo: all of it at the size of the screen, a sharp piece over that. */
class Layer {
  bitmap = null;
  piece = null; // { bitmap, x, y, w, h }
  revision = 0;

  put(bitmap, revision = 0) {
    this.bitmap?.close();
    this.bitmap = bitmap;
    if (this.piece && revision !== this.revision) this.putPiece(null);
    this.revision = revision;
  }

  putPiece(piece) {
    this.piece?.bitmap.close();
    this.piece = piece;
  }
}

/** The lightness of a photo, 0..100, from a small copy of it. */
class Lightness {
  constructor(bitmap, { width, height }) {
    const canvas = document.createElement("canvas");
    sketch(canvas, bitmap, LIGHTNESS_SIZE);
    this.scale = canvas.width / width;
    this.down = canvas.height / height;
    this.pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  }

  at({ x, y }) {
    const { width, height, data } = this.pixels;
    const column = clamp(Math.floor((x + 0.5) * this.scale), 0, width - 1);
    const row = clamp(Math.floor((y + 0.5) * this.down), 0, height - 1);
    const start = 4 * (row * width + column);
    return labFromSrgb([...data.subarray(start, start + 3)].map((code) => code / 255))[0];
  }
}

/** Keeps the pictures of the current photo up to date. A photo has one request at a time under way;
 *  when it is done, the newest request is next, and those between are left out.
 *  Events: "change" (something to draw), "picture" (a full one was fetched), "busy", "failure". */
export class Preview extends EventTarget {
  original = new Layer();
  picture = new Layer();
  pinned = new Layer();
  photo = null;
  #asked = null; // the photo whose original was asked for
  #lines = new WeakMap(); // of each photo: { running, wanted }

  /** `longest` returns the long side, in device pixels, at which a whole photo is shown. */
  constructor(album, longest) {
    super();
    this.album = album;
    this.longest = () => clamp(Math.ceil(longest() / 64) * 64, LEAST, MOST);
  }

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  get busy() { return Boolean(this.photo && this.#lines.get(this.photo)?.running); }

  /** The left side of the divider: the pinned look, else the photo as it came. */
  get before() { return this.pinned.bitmap ? this.pinned : this.original; }

  /** Make a photo the current one; null clears the table. */
  show(photo) {
    this.photo = photo;
    this.#asked = null;
    for (const layer of [this.original, this.picture, this.pinned]) {
      layer.put(null, -1);
      layer.putPiece(null);
    }
    this.#emit("change");
    if (!photo?.isOpen) return;
    this.fetchPinned();
    this.refresh();
  }

  refresh(draft = false) {
    const { photo } = this;
    if (!photo?.isOpen) return;
    if (this.#asked !== photo) this.#fetchInto(this.original, () => ({ original: true }));
    this.#asked = photo;
    const line = this.#lines.get(photo) ?? { running: false, wanted: null };
    this.#lines.set(photo, line);
    line.wanted = { draft };
    if (!line.running) this.#run(photo, line);
  }

  async #run(photo, line) {
    line.running = true;
    this.#emit("busy");
    while (line.wanted) {
      const { draft } = line.wanted;
      line.wanted = null;
      try {
        await this.#fetchPicture(photo, draft);
      } catch (error) {
        if (photo.leaving.signal.aborted) break;
        if (photo.state === "coloring") photo.become("failed", error.message);
        else this.#emit("failure", error.message);
      }
    }
    line.running = false;
    this.#emit("busy");
  }

  async #fetchPicture(photo, draft) {
    await photo.settle();
    const longest = draft ? Math.min(DRAFT, this.longest()) : this.longest();
    let revision;
    const bitmap = await photo.ask((id) => {
      revision = photo.revision;
      return api.preview(id, { revision, longest });
    });
    if (!draft || photo.state !== "ready") this.album.finish(photo, bitmap);
    if (photo !== this.photo) return bitmap.close();
    this.picture.put(bitmap, revision);
    this.#emit("change");
    if (!draft) this.#emit("picture", photo);
  }

  /** The look pinned to compare with, or null. */
  fetchPinned() {
    const wanted = this.photo?.pinned;
    if (wanted)
      return this.#fetchInto(this.pinned, () => ({ revision: wanted.revision }),
        (photo) => photo.pinned === wanted);
    this.pinned.put(null, -1);
    return this.#emit("change");
  }

  /** Fetch a picture that the look does not change, if it is still `wanted` when it comes. */
  async #fetchInto(layer, parameters, wanted = () => true) {
    const { photo } = this;
    try {
      const bitmap = await photo.ask((id) =>
        api.preview(id, { longest: this.longest(), ...parameters() }));
      if (photo !== this.photo || !wanted(photo)) return bitmap.close();
      layer.put(bitmap, parameters().revision);
      if (layer === this.original) photo.lightness ??= new Lightness(bitmap, photo.size);
      this.#emit("change");
    } catch (error) {
      if (layer === this.original && photo === this.photo) this.#asked = null; // the next refresh tries again
      if (photo === this.photo && photo.state === "ready") this.#emit("failure", error.message);
    }
  }
}
