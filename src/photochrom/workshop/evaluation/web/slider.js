import { element } from "./dom.js";

const CLICK_PIXELS = 4;
const MIDDLE = 50;

/** Two pictures of one photo on top of each other with a divider between them.
 *  Dragging moves it, and so do the arrow keys (a range input carries the focus); a click calls
 *  `clicked`, or without it puts the divider there. */
export function comparison(photo, left, right, clicked = null) {
  const range = element("input", { type: "range", min: 0, max: 100, value: MIDDLE,
    "aria-label": `${photo.key}: divider between ${left} and ${right}` });
  const box = element("div", { class: "compare", style: shapeOf(photo) },
    picture(photo, right, "under"), picture(photo, left, "over"),
    element("span", { class: "divider" }), range);
  const move = (percent) => {
    const value = Math.min(100, Math.max(0, percent));
    range.value = value;
    range.setAttribute("aria-valuetext", `${Math.round(value)} % ${left}`);
    box.style.setProperty("--at", `${value}%`);
  };
  range.addEventListener("input", () => move(Number(range.value)));
  if (clicked)
    range.addEventListener("keydown", (event) => { if (event.key === "Enter") clicked(); });
  followPointer(box, move, clicked);
  move(MIDDLE);
  return box;
}

function followPointer(box, move, clicked) {
  let start = null;
  let dragged = false;
  const place = (event) => {
    const { left, width } = box.getBoundingClientRect();
    return (100 * (event.clientX - left)) / width;
  };
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = event.clientX;
    dragged = false;
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (start === null) return;
    dragged ||= Math.abs(event.clientX - start) > CLICK_PIXELS;
    if (dragged) move(place(event));
  });
  box.addEventListener("pointerup", (event) => {
    if (start !== null && !dragged) clicked ? clicked() : move(place(event));
    start = null;
  });
  box.addEventListener("pointercancel", () => { start = null; });
}

/** One picture of a photo. */
export function picture(photo, name, kind) {
  return element("img", { class: kind, src: photo.pictures[name], alt: `${photo.key}, ${name}`,
    width: photo.width, height: photo.height, draggable: "false", decoding: "async" });
}

/** The photo's aspect ratio for the style sheet. */
export function shapeOf({ width, height }) {
  return `--ratio: ${(width / height).toFixed(4)}`;
}
