const TOGETHER_MS = 900;

/** The looks of one photo, to go back and forth between.
 *  Steps with the same `key` in quick succession (arrow keys on a slider) count as one. */
export class History {
  #steps;
  #at = 0;

  constructor(look) {
    this.#steps = [{ look, label: "", key: null, time: 0 }];
  }

  get canUndo() { return this.#at > 0; }

  get canRedo() { return this.#at < this.#steps.length - 1; }

  get look() { return this.#steps[this.#at].look; }

  /** Whether a look of the steps, undone ones among them, passes a test. */
  some(test) { return this.#steps.some(({ look }) => test(look)); }

  commit(look, label, key = null) {
    const now = performance.now();
    const last = this.#steps[this.#at];
    if (JSON.stringify(look) === JSON.stringify(last.look)) return;
    const joins = key !== null && last.key === key && now - last.time < TOGETHER_MS;
    if (joins) this.#at -= 1;
    this.#steps.length = this.#at + 1;
    this.#steps.push({ look, label, key, time: now });
    this.#at += 1;
  }

  /** Step back; returns the look, and the label of the undone step. */
  undo() {
    const { label } = this.#steps[this.#at];
    this.#at -= 1;
    return { look: this.look, label };
  }

  redo() {
    this.#at += 1;
    return this.#steps[this.#at];
  }

  /** Remove the newest step if it led to `look`. */
  forget(look) {
    if (this.#at === 0 || this.look !== look) return;
    this.#steps.splice(this.#at);
    this.#at -= 1;
  }
}
