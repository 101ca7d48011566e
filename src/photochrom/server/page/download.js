import * as api from "./api.js";
import { byId, deliver, element } from "./dom.js";
import { texts } from "./texts.js";

/** The dialog that downloads full-size files. */
export class DownloadDialog {
  constructor(album, { formats, lossy }, status) {
    Object.assign(this, { album, status });
    this.lossy = new Set(lossy);
    this.dialog = byId("download-dialog");
    this.format = byId("format");
    this.quality = byId("quality");
    this.one = byId("download-one");
    this.all = byId("download-all");
    this.same = element("option", { value: "" });
    this.format.append(this.same,
      ...formats.map((format) => element("option", { value: format, text: format.toUpperCase() })));
    this.format.addEventListener("change", () => this.#sync());
    this.quality.addEventListener("input", () => this.#sync());
    this.one.addEventListener("click", () => this.#give(this.one, () => this.#single()));
    this.all.addEventListener("click", () => this.#give(this.all, () => this.#zip()));
  }

  open() {
    if (this.album.current?.state !== "ready" || this.dialog.open) return;
    this.#sync();
    this.dialog.showModal();
  }

  get #ready() { return this.album.photos.filter((photo) => photo.state === "ready"); }

  #sync() {
    const own = this.album.current.session.format;
    this.same.textContent = texts.asPhoto(own);
    byId("quality-row").hidden = !this.lossy.has(this.format.value || own);
    byId("quality-value").textContent = this.quality.value;
    byId("reversible-row").hidden = own !== "jpg" || !["", "jpg"].includes(this.format.value);
    const count = this.#ready.length;
    this.all.hidden = count < 2;
    this.all.textContent = texts.downloadAll(count);
  }

  get #reversible() { return byId("reversible").checked && !byId("reversible-row").hidden; }

  get #how() {
    return { format: this.format.value, quality: this.quality.value,
      mark: byId("mark").checked ? undefined : false,
      reversible: this.#reversible ? true : undefined };
  }

  async #single() {
    const photo = this.album.current;
    await photo.settle();
    const { blob, name } = await photo.ask((id) =>
      api.result(id, { ...this.#how, revision: photo.revision }));
    return { blob, name: name ?? photo.name, photos: [photo] };
  }

  async #zip() {
    const photos = this.#ready;
    for (const photo of photos) {
      await photo.settle();
      await photo.ask(api.getSession); // a session that expired is opened again
    }
    const { blob, name } = await api.archive(photos.map((photo) => photo.session.id), this.#how);
    return { blob, name: name ?? "photochrom.zip", photos };
  }

  async #give(button, fetched) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.classList.add("busy");
    byId("download-note").textContent = texts.preparing;
    try {
      const { blob, name, photos } = await fetched();
      deliver(blob, name);
      for (const photo of photos) photo.saved = true;
      this.dialog.close();
      this.status.say(texts.downloaded(name));
      byId("download-note").textContent = "";
    } catch (error) {
      byId("download-note").textContent = error.message;
    } finally {
      button.removeAttribute("aria-disabled");
      button.classList.remove("busy");
    }
  }
}
