// Rectangles { x, y, width, height } inside `room`, { width, height }, that handles change.

import { clamp } from "./dom.js";

/** The rectangle with its handle at a point. `handle` names sides by n, s, w, e; `ratio` is width by
 *  height, or null; `least` is the least side. */
export function resized(box, handle, point, ratio, room, least) {
  const [west, east, north, south] = [..."wens"].map((side) => handle.includes(side));
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  if (ratio) return inRatio(box, { west, east, north, south }, point, ratio, room, least);
  const x = west ? clamp(point.x, 0, right - least) : box.x;
  const y = north ? clamp(point.y, 0, bottom - least) : box.y;
  return { x, y, width: (east ? clamp(point.x, x + least, room.width) : right) - x,
    height: (south ? clamp(point.y, y + least, room.height) : bottom) - y };
}

function inRatio(box, { west, east, north, south }, point, ratio, room, least) {
  const [across, down] = [west || east, north || south];
  // What stays where it is: the opposite corner, or of one side the middle of the other.
  const at = { x: west ? box.x + box.width : east ? box.x : box.x + box.width / 2,
    y: north ? box.y + box.height : south ? box.y : box.y + box.height / 2 };
  const free = { width: west ? at.x : east ? room.width - at.x : 2 * Math.min(at.x, room.width - at.x),
    height: north ? at.y : south ? room.height - at.y : 2 * Math.min(at.y, room.height - at.y) };
  const wanted = Math.max(across ? Math.abs(point.x - at.x) : 0,
    down ? Math.abs(point.y - at.y) * ratio : 0);
  const most = Math.min(free.width, free.height * ratio);
  const width = clamp(wanted, Math.min(most, least * Math.max(1, ratio)), most);
  const height = width / ratio;
  return { x: at.x - (west ? width : east ? 0 : width / 2),
    y: at.y - (north ? height : south ? 0 : height / 2), width, height };
}

export const moved = (box, dx, dy, room) => ({ ...box,
  x: clamp(box.x + dx, 0, room.width - box.width), y: clamp(box.y + dy, 0, room.height - box.height) });

/** The largest rectangle of a ratio inside another, in its middle. */
export function fitted({ x, y, width, height }, ratio) {
  if (!ratio) return { x, y, width, height };
  const [w, h] = width / height > ratio ? [height * ratio, height] : [width, width / ratio];
  return { x: x + (width - w) / 2, y: y + (height - h) / 2, width: w, height: h };
}

/** Whole pixels. */
export function whole(box, room) {
  const [x, y] = [Math.round(box.x), Math.round(box.y)];
  return { x, y, width: clamp(Math.round(box.x + box.width) - x, 1, room.width - x),
    height: clamp(Math.round(box.y + box.height) - y, 1, room.height - y) };
}
