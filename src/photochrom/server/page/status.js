import { element, iconButton } from "./dom.js";
import { texts } from "./texts.js";

const GOOD_MS = 6000;
const BAD_MS = 15_000;

/** One calm line at a time, seen and read out. */
export class Status {
  #timer = 0;

  constructor(node) { this.node = node; }

  say(words, name = "toast") {
    clearTimeout(this.#timer);
    this.node.replaceChildren(element("div", { class: name }, element("span", { text: words }),
      iconButton("close", texts.close, () => this.hush())));
    this.#timer = setTimeout(() => this.hush(), name === "toast bad" ? BAD_MS : GOOD_MS);
  }

  /** Something failed; it stays longer. */
  regret(words) { this.say(words, "toast bad"); }

  /** For those who listen: the others see it happen. */
  whisper(words) { this.say(words, "unseen"); }

  hush() {
    clearTimeout(this.#timer);
    this.node.replaceChildren();
  }

  /** Do something that may fail; what it fails with is said. */
  async guard(work) {
    try {
      return await work();
    } catch (error) {
      return this.regret(error.message);
    }
  }
}
