import { legend, lineChart } from "./charts.js";
import { element } from "./dom.js";
import { BASELINES, FIGURES, valueOf, written } from "./figures.js";
import { gallery } from "./gallery.js";
import { figuresTable, kindsTable, pointsTable, tracksTable } from "./tables.js";

const ALL_LABELLED = 6;
const data = JSON.parse(document.getElementById("data").textContent);
const { record } = data;

function facts() {
  const vividness = new Map();
  for (const row of record.rows.filter((one) => one.model !== null))
    vividness.set(row.model, [...(vividness.get(row.model) ?? []), row.vividness]);
  const models = [...vividness].map(([model, values]) => {
    const known = values.filter((value) => value !== null);
    return known.length ? `${model} at vividness ${known.join(", ")}` : model;
  });
  const others = record.rows
    .filter((row) => row.model === null && !BASELINES.includes(row.name)).map((row) => row.name);
  return `${record.photos} photos of ${record.sources.join(", ")}. ` +
    `Compared: ${[...models, ...others].join("; ")}.`;
}

function meanings() {
  const known = FIGURES.filter((figure) =>
    record.rows.some((row) => valueOf(row.all, row.name, figure) !== undefined));
  return known.map(({ label, meaning }) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, meaning)));
}

function calibration() {
  const rows = Object.entries(record.calibration);
  const lines = rows.map(([name, bins]) =>
    ({ name, points: bins.map((bin) => ({ x: bin.confidence, y: bin.ab_error })) }));
  const correlation = (name) => record.confidence_rank_correlation?.[name];
  const named = rows.map(([name]) => correlation(name) === undefined ? name
    : `${name} (rank correlation ${written(correlation(name), { digits: 2 })})`);
  return [legend(named),
    element("div", { class: "charts" }, lineChart({ lines, xLabel: "confidence", yLabel: "ab error",
      title: "ab error against confidence, in ten bins of equally many pixels" })),
    pointsTable(rows, [{ label: "Confidence", key: "confidence", digits: 3 },
      { label: "ab error", key: "ab_error", digits: 2 }])];
}

/** The vividness of a point; of many points only every second says it. */
function labelOf({ vividness }, index, points) {
  return points.length <= ALL_LABELLED || index % 2 === 0 ? String(vividness) : null;
}

function curve() {
  const models = Object.entries(record.curves);
  const panel = (key, yLabel, below) => lineChart({
    alike: 1, below,
    lines: models.map(([name, points]) => ({ name, points: points.map((point, index) =>
      ({ x: point.colorfulness_ratio, y: point[key], label: labelOf(point, index, points) })) })),
    marks: record.rows.filter((row) => row.model === null).map((row) =>
      ({ name: row.name, x: row.all.colorfulness_ratio, y: row.all[key] })),
    xLabel: "colorfulness, of the real photos'", yLabel,
    title: `${yLabel} against colorfulness, by vividness` });
  return [legend(models.map(([name]) => name)),
    element("div", { class: "charts" }, panel("psnr", "PSNR, dB", false),
      panel("ab_error", "ab error", true)),
    pointsTable(models, [{ label: "Vividness", key: "vividness", digits: 2 },
      { label: "Colourfulness", key: "colorfulness_ratio", digits: 2 },
      { label: "PSNR", key: "psnr", digits: 2 }, { label: "ab error", key: "ab_error", digits: 2 }])];
}

const measured = (part) => Object.keys(part ?? {}).length > 0;

const SECTIONS = [
  { id: "figures", heading: "Figures", present: true, build: () => figuresTable(record),
    words: "Means over photos; the best of a column is bold. A gain no larger than the best " +
      "constant's is a tint, not a result. A click on a column's head sorts by it." },
  { id: "curve", heading: "Error against colorfulness", present: measured(record.curves), build: curve,
    words: "One point for each vividness. Errors reward caution, so they are read together with " +
      "colorfulness: up (PSNR) or down (ab error) and towards the dashed line is better." },
  { id: "kinds", heading: "Kinds of photos", present: measured(record.kinds), build: () => kindsTable(record) },
  { id: "degradations", heading: "Degradations", present: measured(record.tracks),
    build: () => tracksTable(record),
    words: "ab error on photos degraded before they were coloured, and how far it lies above the " +
      "clean photos'; more than 15 % is marked ▲." },
  { id: "calibration", heading: "Calibration", present: measured(record.calibration), build: calibration,
    words: "Where a model says it is sure, its error should be small: each point is a tenth of all " +
      "pixels, from the least to the most confident. The rank correlation of confidence and " +
      "smaller error is 1 where the surer is always the better." },
  { id: "photos", heading: "Photos", present: data.photos.length > 0, build: () => gallery(data),
    words: "Drag the divider, or focus it and use the arrow keys; a click shows a photo large." },
].filter(({ present }) => present);

document.getElementById("facts").textContent = facts();
document.getElementById("meanings").append(...meanings());
for (const { id, heading, words, build } of SECTIONS) {
  document.getElementById("contents").append(element("a", { href: `#${id}` }, heading));
  document.querySelector("main").append(element("section", { id, "aria-labelledby": `${id}-head` },
    element("h2", { id: `${id}-head` }, heading), words ? element("p", {}, words) : null,
    ...build()));
}
