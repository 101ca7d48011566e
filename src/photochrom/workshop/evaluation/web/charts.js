import { element, shape } from "./dom.js";

const WIDTH = 400;
const HEIGHT = 290;
const MARGIN = { top: 14, right: 18, bottom: 44, left: 54 };
const COLOURS = 6;

/** A chart of lines and single marks.
 *  lines: {name, points: [{x, y, label}]}, in the order of their colours; marks: {name, x, y};
 *  alike: the x that the real photos have; below: labels stand below their points. */
export function lineChart({ title, xLabel, yLabel, lines, marks = [], alike = null, below = false }) {
  const all = [...lines.flatMap((line) => line.points), ...marks];
  const across = scale([...all.map(({ x }) => x), ...(alike === null ? [] : [alike])], MARGIN.left, WIDTH - MARGIN.right);
  const up = scale(all.map(({ y }) => y), HEIGHT - MARGIN.bottom, MARGIN.top);
  return shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
    axes(across, up, xLabel, yLabel),
    alike === null ? null : shape("line", { class: "alike", x1: across.at(alike), x2: across.at(alike),
      y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
    marks.map((mark) => referenceMark(mark, across, up)),
    lines.map((line, index) => plotted(line, index, across, up, below)));
}

/** The names of the lines with their colours. */
export function legend(names) {
  return element("ul", { class: "legend" }, names.map((name, index) =>
    element("li", {}, element("span", { class: `swatch c${index % COLOURS}` }), name)));
}

function axes(across, up, xLabel, yLabel) {
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  return shape("g", { class: "axes" },
    up.ticks.map((tick) => [
      shape("line", { x1: MARGIN.left, x2: right, y1: up.at(tick), y2: up.at(tick) }),
      shape("text", { x: MARGIN.left - 7, y: up.at(tick) + 4, "text-anchor": "end" },
        up.text(tick)),
    ]),
    across.ticks.map((tick) =>
      shape("text", { x: across.at(tick), y: bottom + 17, "text-anchor": "middle" },
        across.text(tick))),
    shape("text", { x: (MARGIN.left + right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, xLabel),
    shape("text", { transform: `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
      "text-anchor": "middle" }, yLabel));
}

function plotted({ points }, index, across, up, below) {
  const place = ({ x, y }) => `${across.at(x).toFixed(1)},${up.at(y).toFixed(1)}`;
  return shape("g", { class: `line c${index % COLOURS}` },
    shape("polyline", { points: points.map(place).join(" ") }),
    points.map(({ x, y, label }) => [
      shape("circle", { cx: across.at(x), cy: up.at(y), r: 3.2 }),
      label ? shape("text", { x: across.at(x) + 6, y: up.at(y) + (below ? 14 : -6) }, label) : null,
    ]));
}

function referenceMark({ name, x, y }, across, up) {
  const late = across.at(x) > WIDTH * 0.7;
  return shape("g", { class: "mark" },
    shape("circle", { cx: across.at(x), cy: up.at(y), r: 3.6 }),
    shape("text", { x: across.at(x) + (late ? -8 : 8), y: up.at(y) + 4,
      "text-anchor": late ? "end" : "start" }, name));
}

/** From values to places between `from` and `to`, with round ticks. */
function scale(values, from, to) {
  const least = Math.min(...values);
  const span = Math.max(...values) - least || 1;
  const low = least - span * 0.06;
  const high = least + span * 1.06;
  const step = roundStep((high - low) / 5);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let tick = Math.ceil(low / step); tick * step <= high; tick += 1) ticks.push(tick * step);
  return {
    ticks,
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    text: (value) => value.toFixed(digits).replace(/^-0(\.0+)?$/, "0").replace("-", "−"),
  };
}

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough - 1e-12);
}
