// The part of a photo that its result shows, and its turn: crop "WxH+X+Y" or null, in pixels of the
// upright photo, then degrees clockwise, as the server has them.

const sideways = (turn) => turn % 180 !== 0;

/** Width and height of a part once it is turned. */
export const displayed = ({ width, height }, turn) =>
  (sideways(turn) ? { width: height, height: width } : { width, height });

/** The part of a photo of this size that a look shows: { x, y, width, height }. */
export function partOf(look, { width, height }) {
  if (!look?.crop) return { x: 0, y: 0, width, height };
  const [w, h, x, y] = look.crop.match(/\d+/g).map(Number);
  return { x, y, width: w, height: h };
}

/** The crop that a part stands for; null for the whole photo. */
export const cropOf = (part, size) =>
  (part.width === size.width && part.height === size.height ? null
    : `${part.width}x${part.height}+${part.x}+${part.y}`);

/** A part as it lies in the turned photo, and the reverse with the turn the other way round; `size`
 *  is that of the photo before the turn. */
export function turned({ x, y, width, height }, turn, size) {
  const [right, below] = [size.width - x - width, size.height - y - height];
  return { 0: { x, y, width, height }, 90: { x: below, y: x, width: height, height: width },
    180: { x: right, y: below, width, height },
    270: { x: y, y: right, width: height, height: width } }[turn];
}

/** A picture of the whole photo as its result shows it. */
export function framed(picture, photo) {
  const { crop, turn } = photo.look ?? { crop: null, turn: 0 };
  if (!crop && !turn) return picture;
  const part = partOf(photo.look, photo.size);
  const [across, down] = [picture.width / photo.size.width, picture.height / photo.size.height];
  const [width, height] = [Math.max(1, Math.round(part.width * across)),
    Math.max(1, Math.round(part.height * down))];
  const canvas = document.createElement("canvas");
  Object.assign(canvas, displayed({ width, height }, turn));
  const pen = canvas.getContext("2d");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(turn * Math.PI / 180);
  pen.drawImage(picture, part.x * across, part.y * down, part.width * across, part.height * down,
    -width / 2, -height / 2, width, height);
  return canvas;
}
