import { element, iconButton } from "./dom.js";
import { texts } from "./texts.js";

const GOOD_MS = 6000;
const BAD_MS = 15_000;

/** What happened, shown and read out by screen readers: one line at a time, and beside it the
 *  failures, each a line of its own until it is closed or a while has passed. */
export class Status {
  #timers = {};
  #toasts = {}; // by kind: "good", "bad", "whisper"
  #failures = [];
  #end = null; // what to do once the line's deed can no longer be undone

  constructor(node) { this.node = node; }

  /** Show a line in place of the one before. `back` undoes what it tells of, with a button for as long
   *  as the line is there; `end` is called once it is too late for that. */
  say(words, { back = null, end = null } = {}) {
    this.hush();
    this.#remove("whisper");
    this.#end = end;
    const undo = back && element("button", { type: "button", class: "quiet", text: texts.undo, on: {
      click: () => {
        this.#end = null;
        this.hush();
        back();
      } } });
    this.#put("good", back ? BAD_MS : GOOD_MS, "toast", element("span", { text: words }), undo);
  }

  /** Show a failure, for longer; those that are shown already stay. */
  regret(words) {
    if (!this.#failures.includes(words)) this.#failures.push(words);
    const lines = this.#failures.map((line) => element("li", { text: line }));
    this.#put("bad", BAD_MS, "toast bad",
      element("ul", lines.length > 3 ? { tabindex: 0, "aria-label": texts.failures } : {}, ...lines));
  }

  /** Whether a line can be read. */
  get speaks() { return Boolean(this.#toasts.good); }

  /** Only for screen readers, where the change is visible. */
  whisper(words) { this.#put("whisper", GOOD_MS, "unseen", element("span", { text: words })); }

  #put(kind, duration, name, ...content) {
    const close = name !== "unseen"
      && iconButton("close", texts.close, () => this.#remove(kind));
    const toast = element("div", { class: name }, ...content, close);
    if (this.#toasts[kind]) this.#toasts[kind].replaceWith(toast);
    else this.node.append(toast);
    this.#toasts[kind] = toast;
    clearTimeout(this.#timers[kind]);
    this.#timers[kind] = setTimeout(() => this.#remove(kind), duration);
  }

  #remove(kind) {
    clearTimeout(this.#timers[kind]);
    this.#toasts[kind]?.remove();
    this.#toasts[kind] = null;
    if (kind === "bad") this.#failures = [];
    else if (kind === "good") {
      const end = this.#end;
      this.#end = null;
      end?.();
    }
  }

  /** Remove the line; failures stay. */
  hush() { this.#remove("good"); }

  /** Run a function that may fail, and show its error. */
  async guard(work) {
    try {
      return await work();
    } catch (error) {
      return this.regret(error.message);
    }
  }
}
