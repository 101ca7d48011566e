import { texts } from "./texts.js";

export const byId = (id) => document.getElementById(id);
export const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** Whether the controls fold up and panels dock at an edge: narrow or low, as in layouts.css. */
export const compact = matchMedia("(max-width: 760px) and (min-height: 481px), (max-width: 480px), "
  + "(min-width: 481px) and (max-height: 480px)");
export const coarse = matchMedia("(pointer: coarse)");
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Create an element; `class`, `text` and `on` (listeners) stand among its attributes. */
export function element(tag, { class: name, text, on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  for (const [key, value] of Object.entries(attributes))
    if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  for (const [type, listener] of Object.entries(on)) node.addEventListener(type, listener);
  node.append(...children.filter(Boolean));
  return node;
}

/** An icon of index.html, hidden from screen readers. */
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button of an icon alone; its name is its tooltip too. */
export function iconButton(name, label, listener, more = {}) {
  const { class: extra = "", ...rest } = more;
  return element("button", { type: "button", class: `round ${extra}`, "aria-label": label,
    title: label, on: { click: listener }, ...rest }, icon(name));
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Where an arrow key points, right and down, times `step` or with Shift `far`; else undefined. */
export const arrow = ({ key, shiftKey }, step, far) =>
  ARROWS[key]?.map((way) => way * (shiftKey ? far : step));

/** Stop an event's default action and its propagation. */
export function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** Stroke a path so that it is seen on dark and on light. */
export function outline(pen, width, path) {
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  path();
  for (const [more, style] of [[2, "rgb(0 0 0 / .55)"], [0, "#fff"]]) {
    pen.lineWidth = width + more;
    pen.strokeStyle = style;
    pen.stroke();
  }
}

/** The names of keys in the page's language; `keys` are separated by spaces. */
export const keyNames = (keys) => keys.split(/ +/).map((key) => texts.keys[key] ?? key);

/** Put the texts and icons into the elements of index.html that name them. */
export function fill(root = document) {
  for (const node of root.querySelectorAll("[data-text]"))
    node.append(texts[(coarse.matches && node.dataset.touch) || node.dataset.text]);
  for (const node of root.querySelectorAll("[data-label]")) {
    const { label, keys } = node.dataset;
    node.setAttribute("aria-label", texts[label]);
    if (node.matches("button")) node.title = keys ? `${texts[label]}  (${keyNames(keys).join(" ")})` : texts[label];
  }
  for (const node of root.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
  for (const node of root.querySelectorAll("#tools [data-icon]"))
    if (texts.words[node.dataset.icon])
      node.append(element("span", { class: "word", text: texts.words[node.dataset.icon],
        "aria-hidden": "true" }));
}

/** Draw a small copy of a picture into a canvas, which takes its shape. */
export function sketch(canvas, picture, longest) {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** Save a file by the browser's download. */
export function deliver(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
