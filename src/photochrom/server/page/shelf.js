import * as api from "./api.js";

const KEY = "photochrom-photos";

/** Remembers in the tab's storage which photos the page has, so that they come back after it was
 *  loaded again. The photos themselves lie on the server. */
export class Shelf {
  constructor(album) {
    this.album = album;
    this.before = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  }

  /** Open the photos of before again; resolves to how many the server no longer has. */
  async open() {
    const answers = await Promise.allSettled(
      this.before.map(async ({ id, saved }) => ({ session: await api.getSession(id), saved })));
    const kept = answers.flatMap(({ value }) => value ?? []);
    if (kept.length) {
      this.album.takeBack(kept);
      const current = this.before.find((one) => one.current)?.id;
      const { photos } = this.album;
      this.album.select(photos.find(({ session }) => session.id === current) ?? photos[0]);
    }
    for (const type of ["photos", "current"])
      this.album.addEventListener(type, () => this.#keep());
    this.album.addEventListener("state", ({ detail: { photo } }) => {
      if (photo.state !== "uploading") this.#keep(); // which comes with every piece that is sent
    });
    window.addEventListener("pagehide", () => this.#keep());
    this.#keep();
    return this.before.length - kept.length;
  }

  #keep() {
    const { photos, current } = this.album;
    sessionStorage.setItem(KEY, JSON.stringify(photos.filter((photo) => photo.isOpen).map(
      (photo) => ({ id: photo.session.id, saved: photo.colored && photo.saved, current: photo === current }))));
  }
}
