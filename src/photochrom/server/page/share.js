import { byId, deliver } from "./dom.js";
import { displayed, framed, partOf } from "./framing.js";
import { texts } from "./texts.js";

const LONGEST = 1280; // of the photo in a picture to share
const GAP = 8;
const SECONDS = 4;
const FRAMES = 25; // a second
const GROUND = "#171717";
const KINDS = ["video/mp4", "video/webm;codecs=vp9", "video/webm"];

/** Where the line of a clip stands at a share of its time: it rests, goes to the left, and rests. */
function lineAt(share) {
  const way = Math.min(1, Math.max(0, (share - 0.2) / 0.55));
  return 1 - way * way * (3 - 2 * way);
}

/** Pictures of before and after at screen size, to show to others. They are made in the browser, and
 *  say that the colours are computed. */
export class SharePictures {
  constructor(album, preview, status) {
    Object.assign(this, { album, preview, status });
    byId("share-picture").addEventListener("click", () => this.#give("share-picture", () => this.#picture()));
    const clip = byId("share-clip");
    this.kind = window.MediaRecorder && KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    clip.hidden = !this.kind;
    clip.addEventListener("click", () => this.#give("share-clip", () => this.#clip()));
  }

  /** Canvas and pen with room for photos beside or below each other, and a line of text below. */
  #sheet(columns, rows) {
    const { original, picture } = this.preview;
    const shown = framed(picture.bitmap, this.album.current);
    const scale = Math.min(1, LONGEST / Math.max(shown.width, shown.height));
    // Videos take even sides only.
    const [width, height] = [shown.width, shown.height].map((side) => 2 * Math.round(side * scale / 2));
    // Copies, because the page drops a picture when the next one comes.
    const source = framed(original.bitmap, this.album.current);
    const [before, after] = [source, shown].map((bitmap) => {
      const copy = new OffscreenCanvas(width, height);
      const pen = copy.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(bitmap, 0, 0, width, height);
      return copy;
    });
    const size = Math.round(Math.max(14, Math.min(width * columns, height * rows) / 36));
    const canvas = document.createElement("canvas");
    canvas.width = columns * width + (columns - 1) * GAP;
    canvas.height = rows * height + (rows - 1) * GAP + 2 * size;
    const pen = canvas.getContext("2d");
    pen.fillStyle = GROUND;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.font = `${size}px sans-serif`;
    pen.textBaseline = "middle";
    pen.fillStyle = "#ededec";
    pen.fillText(texts.computed, size * 0.6, canvas.height - size, canvas.width - size);
    return { canvas, pen, width, height, size, before, after };
  }

  /** A word on a dark ground in an upper corner of a part of the picture. */
  #word({ pen, size }, words, x, y, fromRight = false) {
    const long = pen.measureText(words).width + size;
    const left = (fromRight ? x - long - size / 2 : x + size / 2);
    pen.fillStyle = "rgb(20 20 20 / .72)";
    pen.fillRect(left, y + size / 2, long, size * 1.6);
    pen.fillStyle = "#fff";
    pen.fillText(words, left + size / 2, y + size * 1.3);
  }

  async #picture() {
    const { current } = this.album;
    const { width: across, height: down } =
      displayed(partOf(current.look, current.size), current.look.turn);
    const beside = across < 1.2 * down;
    const sheet = this.#sheet(beside ? 2 : 1, beside ? 1 : 2);
    const { pen, width, height, before, after, canvas } = sheet;
    const second = beside ? [width + GAP, 0] : [0, height + GAP];
    pen.drawImage(before, 0, 0, width, height);
    pen.drawImage(after, ...second, width, height);
    this.#word(sheet, texts.before, 0, 0);
    this.#word(sheet, texts.after, ...second);
    return { blob: await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92)), suffix: "jpg" };
  }

  async #clip() {
    const sheet = this.#sheet(1, 1);
    const { canvas } = sheet;
    const recorder = new MediaRecorder(canvas.captureStream(FRAMES), { mimeType: this.kind,
      videoBitsPerSecond: 8e6 });
    const pieces = [];
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    const ended = new Promise((done) => recorder.addEventListener("stop", done));
    recorder.start();
    const start = performance.now();
    await new Promise((done) => {
      const draw = () => {
        const share = (performance.now() - start) / (1000 * SECONDS);
        this.#frame(sheet, lineAt(share));
        byId("download-note").textContent = texts.filming(Math.min(100, Math.round(100 * share)));
        if (share < 1) setTimeout(draw, 1000 / FRAMES);
        else done();
      };
      draw();
    });
    recorder.stop();
    await ended;
    return { blob: new Blob(pieces, { type: this.kind }), suffix: this.kind.slice(6, 10).replace(";", "") };
  }

  #frame(sheet, line) {
    const { pen, width, height, before, after } = sheet;
    pen.drawImage(after, 0, 0, width, height);
    if (line > 0) {
      pen.save();
      pen.beginPath();
      pen.rect(0, 0, line * width, height);
      pen.clip();
      pen.drawImage(before, 0, 0, width, height);
      pen.restore();
      pen.fillStyle = "#fff";
      pen.fillRect(line * width - 1.5, 0, 3, height);
    }
    if (line > 0.3) this.#word(sheet, texts.before, 0, 0);
    if (line < 0.7) this.#word(sheet, texts.after, width, 0, true);
  }

  async #give(id, make) {
    const button = byId(id);
    const { album: { current }, preview: { photo, original, picture, busy } } = this;
    if (button.classList.contains("busy")) return;
    if (photo !== current || !original.bitmap || !picture.bitmap || busy) return;
    button.classList.add("busy");
    await this.status.guard(async () => {
      const { blob, suffix } = await make();
      const name = `${current.name.replace(/\.[^.]*$/, "")}.before-after.${suffix}`;
      deliver(blob, name);
      byId("download-note").textContent = texts.downloaded(name);
    });
    button.classList.remove("busy");
  }
}
