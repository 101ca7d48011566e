import * as api from "./api.js";
import { byId, element, sketch } from "./dom.js";
import { displayed, framed, partOf } from "./framing.js";
import { texts } from "./texts.js";

const MORE = 3; // variants that are added at a time
const MOST = 24;
const LONGEST = 320;

/** Small pictures of other plausible colourings, to choose from. More of them are added to those that
 *  are there. */
export class VariantPanel {
  #round = 0; // of fetching; older answers are dropped
  #shown = ""; // the look and the cards of the pictures, as JSON

  constructor(album, preview, status) {
    Object.assign(this, { album, preview, status, open: false });
    byId("more-variants").addEventListener("click", () => {
      this.#add(this.seed + 1);
      this.sync();
    });
    this.#restart(0);
  }

  /** The likeliest colours, and the variants of one seed. */
  #restart(seed) {
    this.cards = [this.#card(0, 0)];
    byId("variant-cards").replaceChildren(this.cards[0].node);
    this.#add(seed);
  }

  #add(seed) {
    this.seed = seed;
    const cards = Array.from({ length: MORE }, (_, at) => this.#card(at + 1, seed));
    this.cards.push(...cards);
    byId("variant-cards").append(...cards.map(({ node }) => node));
    byId("more-variants").disabled = this.cards.length + MORE > MOST;
  }

  #card(variant, seed) {
    const words = variant ? texts.variant(this.cards.length + variant - 1) : texts.usualVariant;
    const canvas = element("canvas", { width: 4, height: 3 });
    const node = element("button", { type: "button", class: "card waiting", "aria-pressed": "false",
      on: { click: () => this.album.current.change({ variant, seed }, texts.step.variant) } },
    canvas, element("span", { text: words }));
    return { node, canvas, variant, seed, made: "" };
  }

  /** Mark the chosen one, and fetch the pictures that are missing or of another look. */
  sync() {
    const photo = this.album.current;
    if (!photo?.look) return;
    const { variant, seed, ...rest } = photo.look;
    for (const card of this.cards) {
      const chosen = card.variant === variant && (variant === 0 || seed === card.seed);
      card.node.setAttribute("aria-pressed", String(chosen));
    }
    if (!this.open || photo.state !== "ready" || this.preview.busy) return;
    const made = JSON.stringify([photo.session.id, this.cards.length, rest]);
    if (made === this.#shown) return;
    this.#shown = made;
    this.#fetch(photo, JSON.stringify([photo.session.id, rest]));
  }

  async #fetch(photo, made) {
    const round = (this.#round += 1);
    const wanted = this.cards.filter((card) => card.made !== made);
    for (const { node } of wanted) node.classList.add("waiting");
    const { width, height } = displayed(partOf(photo.look, photo.size), photo.look.turn);
    byId("variant-cards").style.setProperty("--shape", width / height);
    for (const card of wanted) {
      const { node, canvas, variant, seed } = card;
      try {
        const picture = await photo.ask((id) => api.preview(id,
          { longest: LONGEST, variant, seed, revision: photo.revision }));
        if (round !== this.#round) return picture.close();
        sketch(canvas, framed(picture, photo), LONGEST);
        picture.close();
        card.made = made;
        node.classList.remove("waiting");
      } catch (error) {
        if (round !== this.#round) return;
        this.#shown = "";
        return this.status.regret(error.message);
      }
    }
  }

  show(open) {
    this.open = open;
    this.sync();
  }

  /** Begin anew with another photo and its own seed. */
  reset() {
    this.#shown = "";
    this.#round += 1;
    this.#restart(this.album.current?.look?.seed ?? 0);
    this.sync();
  }
}
