import * as api from "./api.js";
import { byId, deliver, element } from "./dom.js";
import { texts } from "./texts.js";

/** The dialog that downloads full-size files: of one photo, or of all in a zip. */
export class DownloadDialog {
  #work = null; // AbortController of what is being prepared

  constructor(album, { formats, lossy }, status) {
    Object.assign(this, { album, status });
    this.lossy = new Set(lossy);
    this.dialog = byId("download-dialog");
    this.format = byId("format");
    this.quality = byId("quality");
    this.one = byId("download-one");
    this.all = byId("download-all");
    this.now = byId("download-now");
    this.stop = byId("download-stop");
    this.same = element("option", { value: "" });
    this.format.append(this.same,
      ...formats.map((format) => element("option", { value: format, text: format.toUpperCase() })));
    this.format.addEventListener("change", () => this.#sync());
    this.quality.addEventListener("input", () => this.#sync());
    this.one.addEventListener("click", () => this.#give(this.one, () => this.#single()));
    this.all.addEventListener("click", () => this.#give(this.all, () => this.#zip()));
    this.now.addEventListener("click", () => this.album.dispatchEvent(new Event("enough")));
    this.stop.addEventListener("click", () => this.#cancel());
    this.dialog.addEventListener("close", () => this.#cancel());
    for (const type of ["state", "photos"]) album.addEventListener(type, () => this.#sync());
  }

  get able() { return this.album.byState.ready.length > 0; }

  open() {
    if (!this.able || this.dialog.open) return;
    byId("download-note").textContent = "";
    this.dialog.showModal();
    this.#sync();
  }

  #sync() {
    if (!this.dialog.open) return;
    const { current } = this.album;
    const [ready, coming] = this.#those("ready", "coming");
    if (current?.film && current.state === "ready") ready.push(current);
    const own = (ready.includes(current) ? current : ready[0])?.session.format ?? "";
    this.same.textContent = texts.asPhoto(own);
    byId("quality-row").hidden = !this.lossy.has(this.format.value || own);
    byId("quality-value").textContent = this.quality.value;
    // A reversible file holds the whole photo.
    const cut = ready.some(({ look }) => look.crop || look.turn);
    byId("reversible-row").hidden = cut || own !== "jpg" || !["", "jpg"].includes(this.format.value);
    const count = ready.length + coming.length - (current?.film ? 1 : 0);
    this.one.hidden = byId("share").hidden = !ready.includes(current);
    this.all.hidden = count < 2;
    this.all.textContent = texts.downloadAll(count);
  }

  /** Photos by their states; shots of films are no photos. */
  #those(...states) {
    const { byState } = this.album;
    return states.map((state) => byState[state].filter(({ film }) => !film));
  }

  get #reversible() { return byId("reversible").checked && !byId("reversible-row").hidden; }

  get #how() {
    return { format: this.format.value, quality: this.quality.value,
      mark: byId("mark").checked ? undefined : false,
      reversible: this.#reversible ? true : undefined };
  }

  #say(words) { byId("download-note").textContent = words; }

  async #single() {
    const photo = this.album.current;
    await photo.settle();
    const { blob, name } = await photo.ask((id) =>
      api.result(id, { ...this.#how, revision: photo.revision }));
    return { blob, name: name ?? photo.name, photos: [photo] };
  }

  async #zip() {
    const { signal } = this.#work;
    await this.#coming(signal);
    const [photos, failed, coming] = this.#those("ready", "failed", "coming");
    this.#say(texts.preparing);
    for (const photo of photos) {
      await photo.settle();
      await photo.ask(api.getSession); // a session that expired is opened again
      signal.throwIfAborted();
    }
    const { blob, name } = await api.archive(photos.map((photo) => photo.session.id), this.#how,
      { signal, progress: (begun, bytes) => this.#say(texts.zipping(begun, photos.length, bytes)) });
    return { blob, name: name ?? "photochrom.zip", photos, left: [...failed, ...coming] };
  }

  /** Wait until no photo is still to come, or the person has enough of them. */
  #coming(signal) {
    const { album, now } = this;
    return new Promise((done, fail) => {
      const listening = new AbortController();
      const end = (how) => {
        listening.abort();
        now.hidden = true;
        how();
      };
      const look = () => {
        const [ready, coming] = this.#those("ready", "coming");
        if (!coming.length) return end(done);
        now.hidden = !ready.length;
        now.textContent = texts.enough(ready.length);
        return this.#say(texts.waitsForAll(ready.length, ready.length + coming.length));
      };
      for (const type of ["state", "photos"])
        album.addEventListener(type, look, { signal: listening.signal });
      album.addEventListener("enough", () => end(done), { signal: listening.signal });
      signal.addEventListener("abort", () => end(() => fail(signal.reason)));
      look();
    });
  }

  #cancel() { this.#work?.abort(); }

  async #give(button, fetched) {
    if (this.#work) return;
    const work = this.#work = new AbortController();
    const buttons = [this.one, this.all];
    for (const one of buttons) one.setAttribute("aria-disabled", "true");
    button.classList.add("busy");
    this.stop.hidden = false;
    this.#say(texts.preparing);
    try {
      const { blob, name, photos, left = [] } = await fetched();
      work.signal.throwIfAborted();
      deliver(blob, name);
      for (const photo of photos) photo.saved = true;
      this.dialog.close();
      this.status.say(photos.length > 1 || left.length
        ? texts.downloadedZip(name, photos.length) : texts.downloaded(name));
      if (left.length) this.status.regret(texts.leftOut(left.map((photo) => photo.name)));
    } catch (error) {
      this.#say(work.signal.aborted ? texts.cancelled : error.message);
    } finally {
      this.#work = null;
      for (const one of buttons) one.removeAttribute("aria-disabled");
      button.classList.remove("busy");
      this.stop.hidden = this.now.hidden = true;
    }
  }
}
