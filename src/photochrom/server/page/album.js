import * as api from "./api.js";
import { sketch } from "./dom.js";
import { texts } from "./texts.js";
import { Photo } from "./photo.js";

const AT_ONCE = 2;
const THUMBNAIL = 320;

/** The photos on the table, in order, one of them current.
 *  Events: "photos" (added, removed), "current", and the events of its photos, with { photo } as detail. */
export class Album extends EventTarget {
  photos = [];
  current = null;
  #uploads = 0;
  #coloring = Promise.resolve();

  constructor(limits) {
    super();
    this.limits = limits;
  }

  add(files) {
    const added = [...files].map(
      (file) => new Photo(file, (type, detail) => this.#emit(type, detail)));
    if (!added.length) return;
    this.photos.push(...added);
    for (const photo of added) this.#sketch(photo);
    this.#emit("photos");
    this.select(added[0]);
    this.#pump();
  }

  select(photo) {
    if (photo === this.current) return;
    this.current = photo;
    this.#emit("current");
  }

  /** The neighbour of the current photo, -1 before or 1 after it. */
  step(by) {
    const next = this.photos[this.photos.indexOf(this.current) + by];
    if (next) this.select(next);
  }

  remove(photo) {
    const at = this.photos.indexOf(photo);
    if (at < 0) return;
    photo.leaving.abort();
    this.photos.splice(at, 1);
    // The server deletes a session that is left over when it expires.
    if (photo.isOpen) api.deleteSession(photo.session.id).catch(() => {});
    if (photo === this.current) this.select(this.photos[at] ?? this.photos[at - 1] ?? null);
    this.#emit("photos");
  }

  retry(photo) {
    if (photo.isOpen) {
      this.#color(photo);
    } else {
      photo.become("waiting");
      this.#pump();
    }
  }

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  /** A first picture of the file, where the browser can read it. */
  async #sketch(photo) {
    try {
      const picture = await createImageBitmap(photo.file, { resizeWidth: THUMBNAIL });
      if (photo.state !== "ready") sketch(photo.thumbnail, picture, THUMBNAIL);
      picture.close();
      photo.emit("state");
    } catch { /* TIFF and the like: the server's picture follows */ }
  }

  #pump() {
    while (this.#uploads < AT_ONCE) {
      const photo = this.photos.find((one) => one.state === "waiting");
      if (!photo) return;
      this.#uploads += 1;
      this.#upload(photo).finally(() => {
        this.#uploads -= 1;
        this.#pump();
      });
    }
  }

  async #upload(photo) {
    const most = this.limits.upload_bytes;
    if (photo.file.size > most) {
      photo.become("failed", texts.tooLarge(photo.file.size, most));
      return;
    }
    photo.progress = 0;
    photo.become("uploading");
    try {
      const session = await api.upload(photo.file, {
        signal: photo.leaving.signal,
        progress: (share) => { photo.progress = share; photo.become("uploading"); },
        waiting: (seconds, why) => photo.become("uploading", texts.waits(seconds, why)),
      });
      if (photo.leaving.signal.aborted) {
        api.deleteSession(session.id).catch(() => {});
        return;
      }
      photo.adopt(session);
      this.#color(photo);
    } catch (error) {
      if (error.name !== "AbortError") photo.become("failed", error.message);
    }
  }

  /** Colour photos for their thumbnails, one after the other; the preview colours the current one. */
  #color(photo) {
    photo.become("coloring");
    this.#coloring = this.#coloring.then(async () => {
      if (photo.state !== "coloring" || photo.leaving.signal.aborted) return;
      if (photo === this.current) return;
      try {
        const picture = await photo.ask((id) => api.preview(id, { longest: THUMBNAIL }));
        this.finish(photo, picture);
        picture.close();
      } catch (error) {
        photo.become("failed", error.message);
      }
    });
  }

  /** A coloured picture of the photo has been fetched. */
  finish(photo, picture) {
    sketch(photo.thumbnail, picture, THUMBNAIL);
    photo.become("ready");
  }
}
