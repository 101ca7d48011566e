// Hints of one photo as a list that is never changed, only replaced. A hint belongs to a mark: a dot
// has a mark of its own, all points of a brush stroke share one. The server knows no marks.

import { clamp, outline } from "./dom.js";

/** Of the short side; the server's own radius of a hint that names none. */
const USUAL_RADIUS = 0.01;

/** How far a stroke's colour spreads, in radii of the brush. */
export const STROKE_REACH = 8;

let lastMark = 0;

export const newMark = () => (lastMark += 1);

export const usualRadius = ({ width, height }) => USUAL_RADIUS * Math.min(width, height);

const tidy = (value, digits) => Number(value.toFixed(digits));

/** Hints as the server and the files have them. */
export const plainHints = (hints) => hints.map(({ x, y, ab, radius, reach = null }) => ({
  x: tidy(x, 1), y: tidy(y, 1), ab: ab.map((value) => tidy(value, 2)),
  radius: radius === null ? null : tidy(radius, 2),
  reach: reach === null ? null : tidy(reach, 2) }));

/** Hints of the server or a file, each with a mark of its own. */
export const markedHints = (hints) =>
  hints.map(({ radius = null, reach = null, ...hint }) =>
    ({ ...hint, radius, reach, mark: newMark() }));

/** The marks in the order they were set: { mark, points, ab, radius, reach }. */
export function marksOf(hints) {
  const marks = new Map();
  for (const hint of hints) {
    const known = marks.get(hint.mark);
    if (known) known.points.push(hint);
    else marks.set(hint.mark, { ...hint, points: [hint] });
  }
  return [...marks.values()];
}

export const markOf = (hints, mark) => marksOf(hints).find((one) => one.mark === mark) ?? null;

export const without = (hints, mark) => hints.filter((hint) => hint.mark !== mark);

/** Give a mark another colour or reach. */
export const changed = (hints, mark, part) =>
  hints.map((hint) => (hint.mark === mark ? { ...hint, ...part } : hint));

/** Move a mark as a whole, as far as the photo reaches. */
export function moved(hints, mark, dx, dy, { width, height }) {
  const points = hints.filter((hint) => hint.mark === mark);
  const [xs, ys] = [points.map((p) => p.x), points.map((p) => p.y)];
  const right = clamp(dx, -Math.min(...xs), width - 1 - Math.max(...xs));
  const down = clamp(dy, -Math.min(...ys), height - 1 - Math.max(...ys));
  return hints.map((hint) => (hint.mark === mark
    ? { ...hint, x: hint.x + right, y: hint.y + down } : hint));
}

/** Points along a stroke of the brush, `spacing` apart; the ends of the stroke among them. */
export function alongStroke(path, spacing) {
  const points = [path[0]];
  let rest = spacing;
  for (let i = 1; i < path.length; i += 1) {
    let [from, to] = [path[i - 1], path[i]];
    let length = Math.hypot(to.x - from.x, to.y - from.y);
    while (length >= rest) {
      const share = rest / length;
      from = { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
      points.push(from);
      length -= rest;
      rest = spacing;
    }
    rest -= length;
  }
  const last = path.at(-1);
  const before = points.at(-1);
  if (Math.hypot(last.x - before.x, last.y - before.y) > spacing / 2) points.push(last);
  return points;
}

/** A hint at a place, clamped to the photo; `rest` has its ab, radius, reach and mark. */
export const hintAt = ({ x, y }, { width, height }, rest) => ({
  x: clamp(x, 0, width - 1), y: clamp(y, 0, height - 1), radius: null, reach: null, ...rest });

/** The hint nearest to a place on the screen, within `reach` of it; the selected mark goes first. */
export function hintNear(hints, view, at, reach, selected) {
  let best = null;
  let least = reach;
  for (const hint of hints) {
    const spot = view.toScreen(hint);
    const far = Math.hypot(spot.x - at.x, spot.y - at.y) - (hint.mark === selected ? 4 : 0);
    if (far < least) [best, least] = [hint, far];
  }
  return best;
}

/** Draw the dots of all marks, each ringed, the selected one with the border of its reach. */
export function drawHints(pen, view, hints, { selected, colorOf }) {
  for (const { mark, points, reach } of marksOf(hints)) {
    const chosen = mark === selected;
    const spots = points.map((hint) => view.toScreen(hint));
    if (chosen && reach !== null) drawReach(pen, spots, reach * view.scale);
    if (spots.length > 1)
      outline(pen, chosen ? 3 : 1.5, () => spots.forEach(({ x, y }) => pen.lineTo(x, y)));
    points.forEach((hint, i) => {
      drawDot(pen, spots[i], colorOf(hint), chosen, spots.length > 1);
    });
  }
}

/** The border of the band beyond which nothing changes; drawn on a canvas of its own, where the
 *  inside can be cut out. */
function drawReach(pen, spots, radius) {
  const sheet = new OffscreenCanvas(pen.canvas.width, pen.canvas.height);
  const line = sheet.getContext("2d");
  line.setTransform(pen.getTransform());
  line.lineCap = line.lineJoin = "round";
  for (const [more, style] of [[1.5, "rgb(0 0 0 / .6)"], [0.5, "#fff"], [-1, null]]) {
    line.globalCompositeOperation = style ? "source-over" : "destination-out";
    line.lineWidth = 2 * (radius + more);
    line.strokeStyle = style ?? "#000";
    line.beginPath();
    for (const { x, y } of [spots[0], ...spots]) line.lineTo(x, y);
    line.stroke();
  }
  pen.save();
  pen.resetTransform();
  pen.drawImage(sheet, 0, 0);
  pen.restore();
}

function drawDot(pen, { x, y }, color, chosen, small) {
  const size = small ? 3 : chosen ? 8 : 6.5;
  const rings = [[size + 3, "rgb(0 0 0 / .5)"], [size + (small ? 1.5 : 2), "#fff"], [size, color]];
  if (chosen && !small) rings.unshift([size + 5, "#fff"]);
  for (const [radius, style] of rings) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = style;
    pen.fill();
  }
}
