import { element, iconButton } from "./dom.js";
import { texts } from "./texts.js";

const GOOD_MS = 6000;
const BAD_MS = 15_000;

/** One line at a time, shown and read out by screen readers. */
export class Status {
  #timer = 0;

  constructor(node) { this.node = node; }

  say(words, name = "toast") {
    clearTimeout(this.#timer);
    this.node.replaceChildren(element("div", { class: name }, element("span", { text: words }),
      iconButton("close", texts.close, () => this.hush())));
    this.#timer = setTimeout(() => this.hush(), name === "toast bad" ? BAD_MS : GOOD_MS);
  }

  /** Show a failure, for longer. */
  regret(words) { this.say(words, "toast bad"); }

  /** Only for screen readers, where the change is visible. */
  whisper(words) { this.say(words, "unseen"); }

  hush() {
    clearTimeout(this.#timer);
    this.node.replaceChildren();
  }

  /** Run a function that may fail, and show its error. */
  async guard(work) {
    try {
      return await work();
    } catch (error) {
      return this.regret(error.message);
    }
  }
}
