import * as api from "./api.js";
import { byId, element, iconButton, sketch } from "./dom.js";
import { Photo } from "./photo.js";
import { MOST_REFERENCES, Reference, ledToo } from "./references.js";
import { texts } from "./texts.js";

const LONGEST = 144;

/** Put nodes into a list without taking the focus from those that stay. */
function arrange(list, nodes) {
  for (const node of [...list.children]) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, at) => {
    if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
  });
}

/** The photos that lead the colours of the current one, and the choice of others. */
export class ReferencePanel {
  #coming = new Map(); // photos that are being sent, by which photo they shall lead
  #rows = new Map(); // of the leading photos: { node, canvas, words }
  #offers = new Map(); // of the open photos: { node, button, canvas }

  /** `reads`: the suffixes of photos that the server opens. */
  constructor(album, reads, status) {
    Object.assign(this, { album, status });
    this.node = byId("references");
    this.offered = byId("open-photos");
    const input = byId("references-input");
    input.accept = ["image/*", ...reads].join(",");
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      this.#add(files);
    });
    byId("add-reference").addEventListener("click", () => input.click());
    byId("lead-others").addEventListener("click", () => this.#leadOthers());
    this.offered.addEventListener("toggle", () => this.#offer());
    for (const type of ["photos", "references"]) album.addEventListener(type, () => this.show());
    album.addEventListener("state", ({ detail: { photo } }) => { if (photo.isOpen) this.show(); });
    this.#takeDrops();
  }

  get photo() { return this.album.current; }

  get able() { return Boolean(this.photo?.look && !this.node.hidden && this.photo.can.references); }

  /** What leads a photo: of the look, and what is on its way. */
  get #leaders() {
    const coming = [...this.#coming].filter(([, led]) => led === this.photo).map(([photo]) => photo);
    return [...this.photo.look.references.map(({ photo }) => photo), ...coming];
  }

  /** The photos that a photo could lead. */
  #othersOf(leader) {
    return this.album.photos.filter((photo) => photo !== leader && photo.isOpen && !photo.film
      && !photo.session.in_color && photo.can.references);
  }

  #takeDrops() {
    const listen = (type, over, deed) => this.node.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !this.able) return;
      this.node.classList.toggle("over", over);
      deed?.(event);
    });
    listen("dragover", true);
    listen("dragleave", false);
    listen("drop", false, (event) => {
      event.preventDefault();
      this.#add([...event.dataTransfer.files]);
    });
  }

  /** Send colour photos; each of them leads the current photo when it is there. */
  async #add(files) {
    const { photo } = this;
    const room = Math.max(0, MOST_REFERENCES - this.#leaders.length);
    const leaders = files.slice(0, room).map((file) => new Photo(file, () => this.show()));
    for (const leader of leaders) this.#coming.set(leader, photo);
    this.show();
    for (const leader of leaders) await this.status.guard(() => this.#send(leader, photo));
  }

  async #send(leader, photo) {
    const { references } = this.album;
    try {
      await references.open(leader, (share) => {
        leader.progress = share;
        this.show();
      });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      return;
    } finally {
      this.#coming.delete(leader);
      this.show();
    }
    references.keep(leader);
    this.#lead(photo, new Reference(leader));
  }

  #lead(photo, reference) {
    this.album.apply([photo], (led) => ({ references: ledToo(led.look, reference) }), texts.step.reference);
    this.status.whisper(texts.reference.leads(reference.photo.name));
  }

  /** Let an open photo lead the current one, or no longer. */
  async #toggle(leader) {
    const { photo } = this;
    if (this.#leaders.includes(leader)) this.#remove(leader);
    else await this.status.guard(async () => {
      await leader.settle(); // the server takes the colours that it knows of
      this.#lead(photo, new Reference(leader));
    });
  }

  #remove(leader) {
    if (this.#coming.delete(leader)) {
      leader.leaving.abort();
      return this.show();
    }
    const references = this.photo.look.references.filter(({ photo }) => photo !== leader);
    return this.photo.change({ references }, texts.step.unreference);
  }

  /** Let the current photo lead all others that are grey. */
  async #leadOthers() {
    const { photo } = this;
    await this.status.guard(async () => {
      await photo.settle();
      const others = this.#othersOf(photo);
      const reference = new Reference(photo);
      const back = this.album.apply(others, ({ look }) => ({ references: ledToo(look, reference) }),
        texts.step.reference);
      this.status.say(texts.reference.led(others.length), { back });
    });
  }

  /** Show what leads the current photo. */
  show() {
    const { photo } = this;
    if (!photo?.look) return;
    this.node.hidden = Boolean(photo.film) || api.local;
    const able = Boolean(photo.can.references);
    this.node.classList.toggle("unable", !able);
    byId("references-how").hidden = !able;
    byId("references-help").textContent = able ? texts.referencesHelp
      : texts.reference.cannot(photo.look.model);
    if (!able) return;
    const leaders = this.#leaders;
    for (const leader of this.#rows.keys()) if (!leaders.includes(leader)) this.#dropRow(leader);
    arrange(byId("leaders"), leaders.map((leader) => this.#row(leader)));
    byId("add-reference").disabled = leaders.length >= MOST_REFERENCES;
    byId("lead-others").hidden = !this.#othersOf(photo).length;
    this.#offer();
  }

  #row(leader) {
    if (!this.#rows.has(leader)) {
      const canvas = element("canvas", { width: 4, height: 3 });
      const words = element("span", { class: "name" });
      const node = element("li", { title: leader.name }, canvas, words,
        iconButton("close", texts.reference.remove(leader.name), () => this.#remove(leader), { class: "tiny" }));
      this.#rows.set(leader, { node, canvas, words });
    }
    const { node, canvas, words } = this.#rows.get(leader);
    sketch(canvas, leader.thumbnail, LONGEST);
    words.textContent = this.#coming.has(leader) ? texts.uploading(Math.round(100 * leader.progress)) : leader.name;
    return node;
  }

  #dropRow(leader) {
    const { node } = this.#rows.get(leader);
    this.#rows.delete(leader);
    const focused = node.contains(document.activeElement);
    node.remove();
    if (focused) byId("add-reference").focus();
  }

  /** The open photos to choose from, while their list is open. */
  #offer() {
    const { photo } = this;
    const offered = this.album.photos.filter((one) => one !== photo && one.isOpen);
    this.offered.hidden = !offered.length;
    if (!this.offered.open) return;
    const leaders = this.#leaders;
    for (const one of this.#offers.keys()) if (!this.album.photos.includes(one)) this.#offers.delete(one);
    arrange(byId("candidates"), offered.map((one) => {
      if (!this.#offers.has(one)) this.#offers.set(one, this.#offerOf(one));
      const { node, button, canvas } = this.#offers.get(one);
      sketch(canvas, one.thumbnail, LONGEST);
      button.setAttribute("aria-pressed", String(leaders.includes(one)));
      button.disabled = leaders.length >= MOST_REFERENCES && !leaders.includes(one);
      return node;
    }));
  }

  #offerOf(photo) {
    const canvas = element("canvas", { width: 4, height: 3 });
    const button = element("button", { type: "button", title: photo.name, on: { click: () => this.#toggle(photo) } },
      canvas, element("span", { class: "name", text: photo.name }));
    return { node: element("li", {}, button), button, canvas };
  }
}
