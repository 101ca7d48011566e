import { byId, element } from "./dom.js";
import { SHARED } from "./look.js";
import { texts } from "./texts.js";

const natural = (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true });
const pixels = ({ session }) => (session ? session.width * session.height : 0);
const STATES = ["failed", "waiting", "uploading", "coloring", "ready"];
const ORDERS = {
  opened: (one, other) => one.number - other.number,
  name: natural,
  size: (one, other) => pixels(other) - pixels(one),
  state: (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state),
};

/** All photos in a grid: their states, a choice of several, and what can be done with those.
 *  While it is open, it borrows the pictures of the strip. */
export class Overview {
  #chosen = new Set();
  #last = null; // the photo whose box was ticked last: a range begins there
  #tiles = new Map(); // photo -> { node, button, box, facts }

  constructor(album, strip, { remove, apply }) {
    Object.assign(this, { album, strip, apply });
    this.dialog = byId("overview-dialog");
    this.list = byId("tiles");
    this.order = byId("order");
    this.order.append(...Object.keys(ORDERS).map(
      (name) => element("option", { value: name, text: texts.orders[name] })));
    this.order.addEventListener("change", () => album.sort(ORDERS[this.order.value]));
    byId("overview").addEventListener("click", () => this.open());
    byId("choose-all").addEventListener("click", () => this.#chooseAll());
    byId("apply-look").addEventListener("click", () => this.apply(this.#targets));
    byId("apply-all").addEventListener("click", () => this.apply(this.#others));
    byId("remove-chosen").addEventListener("click", () => remove([...this.#chosen]));
    this.dialog.addEventListener("close", () => {
      strip.takeBack();
      document.body.append(byId("status"));
    });
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["photos", "current"]) album.addEventListener(type, () => this.#arrange());
    album.addEventListener("state", ({ detail }) => {
      this.#show(detail.photo);
      this.#count();
    });
    album.addEventListener("look", () => this.#count());
  }

  open() {
    if (this.album.photos.length < 2 || this.dialog.open) return;
    this.dialog.append(byId("status")); // what is outside a modal dialog cannot be pressed
    this.dialog.showModal();
    this.#arrange();
    this.#tiles.get(this.album.current)?.button.focus();
  }

  /** The other photos, or where a shot is shown the other shots of its film. */
  get #others() {
    const { photos, current } = this.album;
    return photos.filter((photo) => photo !== current && photo.film === current?.film);
  }

  /** The photos that the look of the current one goes to: the chosen ones, or all. */
  get #targets() {
    const { photos, current } = this.album;
    return this.#chosen.size ? photos.filter((photo) => this.#chosen.has(photo) && photo !== current)
      : this.#others;
  }

  #arrange() {
    const { photos } = this.album;
    for (const photo of this.#chosen) if (!photos.includes(photo)) this.#chosen.delete(photo);
    if (this.dialog.open) {
      if (!photos.length) this.dialog.close();
      for (const photo of photos) if (!this.#tiles.has(photo)) this.#add(photo);
      for (const photo of this.#tiles.keys()) if (!photos.includes(photo)) this.#tiles.delete(photo);
      const focused = document.activeElement;
      this.list.replaceChildren(...photos.map((photo) => this.#tiles.get(photo).node));
      for (const photo of photos) {
        this.#tiles.get(photo).button.prepend(photo.thumbnail);
        this.#show(photo);
      }
      if (focused.isConnected) focused.focus();
    }
    this.#count();
  }

  #add(photo) {
    const button = element("button", { type: "button", class: "tile", on: {
      click: () => {
        this.album.select(photo);
        this.dialog.close();
      } } });
    const box = element("input", { type: "checkbox", on: {
      click: (event) => this.#tick(photo, box.checked, event.shiftKey) } });
    const facts = element("span", { class: "soft" });
    const node = element("li", {}, button, element("label", { class: "check" }, box,
      element("span", {}, element("span", { class: "name", text: photo.name }), facts)));
    this.#tiles.set(photo, { node, button, box, facts });
  }

  /** Choose a photo, or with Shift all from the one before. */
  #tick(photo, on, range) {
    const { photos } = this.album;
    const [from, to] = [photos.indexOf(range && this.#last ? this.#last : photo), photos.indexOf(photo)];
    for (const one of photos.slice(Math.min(from, to), Math.max(from, to) + 1))
      this.#chosen[on ? "add" : "delete"](one);
    this.#last = photo;
    this.#showChosen();
  }

  #chooseAll() {
    const all = this.#chosen.size === this.album.photos.length;
    this.#chosen = new Set(all ? [] : this.album.photos);
    this.#showChosen();
  }

  #showChosen() {
    for (const photo of this.#tiles.keys()) this.#show(photo);
    this.#count();
  }

  #show(photo) {
    const tile = this.#tiles.get(photo);
    if (!tile || !this.dialog.open) return;
    const { node, button, box, facts } = tile;
    node.dataset.state = photo.state;
    node.classList.toggle("current", photo === this.album.current);
    box.checked = this.#chosen.has(photo);
    const state = texts.photoState(photo.name, photo.state, photo.progress, photo.problem);
    button.setAttribute("aria-label", texts.openPhoto(state));
    facts.textContent = photo.state === "failed" ? photo.problem
      : texts.tileFacts(photo.session, photo.state);
  }

  /** How many are coloured, and what the buttons would do. */
  #count() {
    const { photos, current, byState } = this.album;
    const words = photos.every(({ film }) => film) ? texts.film.shots(photos.length)
      : texts.colored(byState.ready.length, photos.length);
    byId("overview").hidden = photos.length < 2;
    byId("apply-all").hidden = !this.#others.length;
    byId("apply-all").textContent = current?.film ? texts.film.applyAll : texts.applyAll;
    byId("overview-count").textContent = words;
    if (!this.dialog.open) return;
    byId("overview-title").textContent = words;
    byId("choose-all").textContent = this.#chosen.size === photos.length
      ? texts.chooseNone : texts.chooseAll;
    byId("apply-look").textContent = texts.applyLook(current?.name, this.#chosen.size);
    byId("apply-look").disabled = !current?.look || !this.#targets.length;
    byId("remove-chosen").textContent = texts.removeChosen(this.#chosen.size);
    byId("remove-chosen").disabled = !this.#chosen.size;
  }

  /** Arrow keys go from photo to photo, Ctrl+A chooses all. */
  #key(event) {
    if (event.target.matches("select")) return;
    const tiles = [...this.list.children];
    const at = tiles.findIndex((tile) => tile.contains(document.activeElement));
    const across = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") this.#chooseAll();
    else if (by && at >= 0)
      tiles[at + by]?.querySelector(document.activeElement.matches("input") ? "input" : "button").focus();
    else return;
    event.preventDefault();
  }
}

/** What a look gives to other photos: not the colours or the damage of places, nor a variant. */
export function sharedPart(photo) {
  const part = Object.fromEntries(SHARED.map((key) => [key, photo.look[key]]));
  if (part.repair) part.repair = { ...part.repair, strokes: [] };
  return photo.fitting(part);
}
