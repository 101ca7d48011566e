import { choice, element, scrollable } from "./dom.js";
import { PHOTO_FIGURES, written } from "./figures.js";
import { comparison, picture, shapeOf } from "./slider.js";

/** The photos: which of them, in which order, what is compared, whose figures are shown. */
export function gallery({ selections, photos, lead, record }) {
  const rows = record.rows.map((row) => row.name);
  const pictured = [...rows, "real"].filter((name) => name in photos[0].pictures);
  const state = { selection: selections[0], order: "selected", reversed: false,
    left: "grey", right: lead, row: lead };
  const words = element("p", { class: "facts", "aria-live": "polite" });
  const grid = element("div", { class: "grid" });
  const draw = () => {
    words.textContent = state.selection.words;
    const shown = ordered(state.selection.photos.map((index) => photos[index]), state);
    const open = (index) => openDialog(shown, index, state, rows, pictured);
    grid.replaceChildren(...shown.map((photo, index) => card(photo, state, () => open(index))));
  };
  const set = (name) => (value) => { state[name] = value; draw(); };
  draw();
  return [
    selectionButtons(selections, state, draw),
    element("div", { class: "controls" },
      choice("Left", options(pictured), state.left, set("left")),
      choice("Right", options(pictured), state.right, set("right")),
      choice("Figures of", options(rows), state.row, set("row")),
      choice("Sorted by", orders(photos), state.order, set("order")),
      reverseButton(state, draw)),
    words, grid];
}

function options(names) {
  return names.map((name) => ({ value: name, label: name }));
}

function orders(photos) {
  return [{ value: "selected", label: "the selection" }, { value: "key", label: "key" },
    ...PHOTO_FIGURES.map(({ key, label }) => ({ value: key, label })),
    ...("disagreement" in photos[0] ? [{ value: "disagreement", label: "disagreement" }] : [])];
}

function selectionButtons(selections, state, draw) {
  const buttons = selections.map((selection) => element("button", { type: "button",
    "aria-pressed": String(selection === state.selection),
    click: (event) => {
      state.selection = selection;
      for (const button of buttons)
        button.setAttribute("aria-pressed", String(button === event.currentTarget));
      draw();
    } }, selection.name));
  return element("div", { class: "buttons", role: "group", "aria-label": "Which photos" }, buttons);
}

function reverseButton(state, draw) {
  return element("button", { type: "button", class: "plain", "aria-pressed": "false",
    click: (event) => {
      state.reversed = !state.reversed;
      event.currentTarget.setAttribute("aria-pressed", String(state.reversed));
      draw();
    } }, "Reversed");
}

function ordered(photos, { order, row, reversed }) {
  const value = (photo) => photo.scores[row]?.[order] ?? Infinity;
  const by = {
    selected: () => 0,
    key: (a, b) => a.key.localeCompare(b.key, "en", { numeric: true }),
    disagreement: (a, b) => b.disagreement - a.disagreement,
  }[order] ?? ((a, b) => value(a) - value(b) || 0);
  const sorted = photos.toSorted(by);
  return reversed ? sorted.reverse() : sorted;
}

function card(photo, { left, right, row }, open) {
  return element("figure", { class: "card" },
    element("div", { class: "frame" }, comparison(photo, left, right, open)),
    element("figcaption", {},
      element("button", { type: "button", class: "key", title: "Show large", click: open },
        photo.key),
      element("dl", {}, PHOTO_FIGURES.map((figure) => element("div", {},
        element("dt", {}, figure.short),
        element("dd", {}, written(photo.scores[row]?.[figure.key], figure)))))));
}

/** One photo large: the same two pictures, then every picture and every row's figures. */
function openDialog(photos, start, { left, right }, rows, pictured) {
  let index = start;
  const title = element("h2", { tabindex: -1 });
  const body = element("div");
  const draw = () => {
    const photo = photos[index];
    title.textContent = photo.key;
    body.replaceChildren(
      element("div", { class: "large", style: shapeOf(photo) }, comparison(photo, left, right),
        element("p", { class: "ends" }, element("span", {}, left), element("span", {}, right))),
      element("div", { class: "strip" }, pictured.map((name) =>
        element("figure", {}, picture(photo, name, null),
          element("figcaption", {}, name)))),
      scoresTable(photo, [...rows, "real"]));
    previous.disabled = index === 0;
    next.disabled = index === photos.length - 1;
  };
  const step = (by) => () => { index += by; draw(); };
  const previous = element("button", { type: "button", class: "plain", click: step(-1) }, "Previous");
  const next = element("button", { type: "button", class: "plain", click: step(1) }, "Next");
  const close = element("button", { type: "button", class: "plain", click: () => dialog.close() },
    "Close");
  const dialog = element("dialog", { "aria-label": "One photo",
    close: () => dialog.remove(),
    click: (event) => { if (event.target === dialog) dialog.close(); } },
  element("div", { class: "inside" },
    element("header", {}, title, element("div", { class: "buttons" }, previous, next, close)),
    body));
  draw();
  document.body.append(dialog);
  dialog.showModal();
  title.focus();
}

function scoresTable(photo, names) {
  const head = element("tr", {}, element("th", { scope: "col" }, "Row"),
    PHOTO_FIGURES.map(({ label }) => element("th", { scope: "col" }, label)));
  const body = names.map((name) => element("tr", {}, element("th", { scope: "row" }, name),
    PHOTO_FIGURES.map((figure) =>
      element("td", {}, written(photo.scores[name][figure.key], figure)))));
  return scrollable("Figures of this photo",
    element("table", {}, element("thead", {}, head), element("tbody", {}, body)));
}
