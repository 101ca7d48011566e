import * as api from "./api.js";
import { byId, element } from "./dom.js";
import { texts } from "./texts.js";

const COUNT = 4;
const LONGEST = 320;

/** Small pictures of other plausible colourings, to choose from. */
export class VariantPanel {
  #round = 0; // of fetching; older answers are dropped
  #shown = ""; // the look of the pictures, as JSON

  constructor(album, preview, status) {
    Object.assign(this, { album, preview, status, open: false, seed: 0 });
    this.cards = Array.from({ length: COUNT }, (_, variant) => this.#card(variant));
    byId("variant-cards").append(...this.cards.map(({ node }) => node));
    byId("more-variants").addEventListener("click", () => {
      this.seed += 1;
      this.sync();
    });
  }

  #card(variant) {
    const words = variant ? texts.variant(variant) : texts.usualVariant;
    const canvas = element("canvas", { width: 4, height: 3 });
    const node = element("button", { type: "button", class: "card", "aria-pressed": "false",
      on: { click: () => this.#choose(variant) } },
    canvas, element("span", { text: words }));
    return { node, canvas, variant };
  }

  #choose(variant) {
    const seed = variant ? this.seed : 0;
    this.album.current.change({ variant, seed }, texts.step.variant);
  }

  /** Mark the chosen one, and fetch the pictures again where the rest of the look has changed. */
  sync() {
    const photo = this.album.current;
    if (!photo?.look) return;
    const { variant, seed, ...rest } = photo.look;
    for (const card of this.cards) {
      const chosen = card.variant === variant && (variant === 0 || seed === this.seed);
      card.node.setAttribute("aria-pressed", String(chosen));
    }
    if (!this.open || photo.state !== "ready" || this.preview.busy) return;
    const made = JSON.stringify([photo.session.id, this.seed, rest]);
    if (made === this.#shown) return;
    this.#shown = made;
    this.#fetch(photo);
  }

  async #fetch(photo) {
    const round = (this.#round += 1);
    for (const { node } of this.cards) node.classList.add("waiting");
    const { width, height } = photo.size;
    byId("variant-cards").style.setProperty("--shape", width / height);
    for (const { node, canvas, variant } of this.cards) {
      try {
        const picture = await photo.ask((id) => api.preview(id,
          { longest: LONGEST, variant, seed: this.seed, revision: photo.revision }));
        if (round !== this.#round) return picture.close();
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d").drawImage(picture, 0, 0);
        picture.close();
        node.classList.remove("waiting");
      } catch (error) {
        this.#shown = "";
        return this.status.regret(error.message);
      }
    }
  }

  show(open) {
    this.open = open;
    this.sync();
  }

  /** Continue with another photo's own seed. */
  reset() {
    this.seed = this.album.current?.look?.seed ?? 0;
    this.#shown = "";
    this.#round += 1;
    this.sync();
  }
}
