import { byId, element, iconButton, taken } from "./dom.js";
import { texts } from "./texts.js";

const LINE = 32; // pixels

/** The film strip: a button for each photo with its picture and progress. */
export class Strip {
  #items = new Map(); // photo -> { node, button, meter }
  #pictures = new WeakMap(); // thumbnail -> photo

  constructor(album, remove) {
    Object.assign(this, { album, remove, list: byId("films") });
    album.addEventListener("photos", () => this.#arrange());
    album.addEventListener("current", () => this.#arrange());
    album.addEventListener("state", ({ detail }) => this.#show(detail.photo));
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries)
        if (isIntersecting) album.want(this.#pictures.get(target));
    });
    this.list.addEventListener("wheel", (event) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      event.preventDefault();
      this.list.scrollLeft += event.deltaY * (event.deltaMode === 1 ? LINE : 1);
    }, { passive: false });
  }

  /** Take the pictures back that the overview had borrowed. */
  takeBack() { for (const [photo, { button }] of this.#items) button.prepend(photo.thumbnail); }

  #arrange() {
    for (const [photo, { node }] of this.#items)
      if (!this.album.photos.includes(photo)) {
        node.remove();
        this.seen.unobserve(photo.thumbnail);
        this.#items.delete(photo);
      }
    for (const photo of this.album.photos) {
      if (!this.#items.has(photo)) this.#add(photo);
      this.#show(photo);
    }
    const nodes = this.album.photos.map((photo) => this.#items.get(photo).node);
    if (nodes.some((node, at) => node !== this.list.children[at])) this.list.append(...nodes);
    this.#items.get(this.album.current)?.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #add(photo) {
    const meter = element("span", { class: "meter" });
    const button = element("button", { type: "button", class: "film", on: {
      click: () => this.album.select(photo),
      keydown: (event) => this.#key(event, photo) } }, photo.thumbnail, meter);
    const { film } = photo;
    const node = element("li", { class: film && (photo.shot ? "shot" : "shot first") }, button,
      iconButton("close", texts.remove((film ?? photo).name),
      () => this.remove(photo), { class: "tiny away" }));
    this.#items.set(photo, { node, button, meter });
    this.#pictures.set(photo.thumbnail, photo);
    this.seen.observe(photo.thumbnail);
    this.list.append(node);
  }

  #key(event, photo) {
    const at = this.album.photos.indexOf(photo);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = this.album.photos[at + by];
    if (next) this.#items.get(next).button.focus();
    else if (event.key === "Delete") this.remove(photo);
    else return;
    taken(event);
  }

  #show(photo) {
    const item = this.#items.get(photo);
    if (!item) return;
    const { node, button, meter } = item;
    const current = photo === this.album.current;
    node.dataset.state = photo.state;
    button.title = texts.nameAndSize(photo.name, photo.session);
    if (current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.setAttribute("aria-label",
      texts.photoState(photo.name, photo.state, photo.progress, photo.problem));
    meter.style.setProperty("--share", photo.state === "uploading" ? photo.progress : 1);
  }
}
