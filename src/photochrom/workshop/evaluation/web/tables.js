import { choice, element, scrollable } from "./dom.js";
import { BASELINES, FIGURES, badness, bestOf, figureText, valueOf, written } from "./figures.js";

const MUCH_WORSE_PERCENT = 15;

/** The table of figures: rows of the record, a choice of subset, columns that sort. */
export function figuresTable(record) {
  const box = element("div");
  const state = { subset: "all", figure: null, worstFirst: false };
  const sort = (figure) => {
    state.worstFirst = figure !== null && state.figure === figure && !state.worstFirst;
    state.figure = figure;
    draw();
  };
  const draw = () => {
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.figure;
    box.replaceChildren(scrollable("Table of figures", figuresOf(record, state, sort)));
    if (focused) box.querySelector(`[data-figure="${focused}"]`)?.focus();
  };
  draw();
  const subsets = Object.entries(record.subsets)
    .map(([value, photos]) => ({ value, label: `${value} (${photos})` }));
  const chosen = (subset) => { state.subset = subset; draw(); };
  return subsets.length > 1 ? [choice("Photos", subsets, state.subset, chosen), box] : [box];
}

function figuresOf(record, state, sort) {
  const rows = record.rows.filter((row) => state.subset in row);
  const of = (row) => row[state.subset];
  const figures = FIGURES.filter((figure) =>
    rows.some((row) => valueOf(of(row), row.name, figure) !== undefined));
  const best = new Map(figures.map((figure) => {
    const values = rows.map((row) => valueOf(of(row), row.name, figure));
    return [figure, new Map(bestOf(values, figure).map((is, index) => [rows[index], is]))];
  }));
  const head = element("tr", {},
    sortableHead({ key: "name", label: "Row" }, state.figure === null ? "none" : null,
      () => sort(null)),
    figures.map((figure) => sortableHead(
      { ...figure, unit: besideHead(record, state.subset, figure) },
      state.figure === figure ? sortOf(figure, state.worstFirst) : null,
      () => sort(figure))));
  const body = sorted(rows, of, state).map((row) => element("tr", {}, rowHead(row.name),
    figures.map((figure) => figureCell(of(row), row.name, figure, best.get(figure).get(row)))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, body));
}

/** What stands small in a column's head: what the real photos reach, or the figure's unit. */
function besideHead(record, subset, figure) {
  const [word, reached] = {
    frechet: ["floor", subset === "all" ? record.frechet_floor : undefined],
    accuracy_percent: ["real", record.real?.[subset]?.accuracy_percent],
  }[figure.key] ?? [];
  return reached === undefined ? figure.unit : `${word} ${written(reached, figure)}`;
}

function sorted(rows, of, { figure, worstFirst }) {
  if (figure === null) return rows;
  const order = (row) => {
    const value = valueOf(of(row), row.name, figure);
    return value === undefined ? Infinity : badness(value, figure) * (worstFirst ? -1 : 1);
  };
  return rows.toSorted((a, b) => order(a) - order(b) || 0);
}

/** What aria-sort says of a column: best first is descending where high is good. */
function sortOf(figure, worstFirst) {
  if (figure.better === "one") return "other";
  return (figure.better === "high") === worstFirst ? "ascending" : "descending";
}

function sortableHead(figure, direction, clicked) {
  const arrow = { ascending: " ↑", descending: " ↓", other: " ↕" }[direction] ?? "";
  return element("th", { scope: "col", "aria-sort": direction },
    element("button", { type: "button", "data-figure": figure.key, title: figure.meaning,
      click: clicked },
      element("span", {}, figure.label, element("span", { "aria-hidden": "true" }, arrow)),
      element("small", {}, figure.unit ?? "")));
}

function rowHead(name, beside = null) {
  return element("th", { scope: "row", class: BASELINES.includes(name) ? "baseline" : null }, name,
    beside === null ? null : element("small", {}, beside));
}

function figureCell(row, name, figure, best) {
  const { main, beside } = figureText(row, name, figure);
  return element("td", { class: best ? "best" : null }, main,
    best ? element("span", { class: "unseen" }, " (best)") : null,
    beside === null ? null : element("small", {}, beside));
}

/** Kinds down, rows of the record across, one figure that is chosen. */
export function kindsTable(record) {
  const kinds = Object.entries(record.kinds);
  const figures = FIGURES.filter((figure) =>
    kinds.some(([, kind]) => kind.rows.some((row) =>
      valueOf(row, row.name, figure) !== undefined)));
  const names = namesIn(record, kinds.flatMap(([, kind]) => kind.rows));
  const box = element("div");
  const draw = (key) => {
    const figure = figures.find((one) => one.key === key);
    const head = element("tr", {}, columnHead("Kind"), names.map(columnHead));
    const body = kinds.map(([kind, { photos, rows }]) => {
      const ordered = names.map((name) => rows.find((row) => row.name === name));
      const best = bestOf(ordered.map((row, at) => valueOf(row, names[at], figure)), figure);
      return element("tr", {}, rowHead(kind, `${photos} photos`),
        ordered.map((row, at) => figureCell(row, names[at], figure, best[at])));
    });
    box.replaceChildren(scrollable("Figures by kind",
      element("table", {}, element("thead", {}, head), element("tbody", {}, body))));
  };
  const start = (figures.find((figure) => figure.key === "ab_error") ?? figures[0]).key;
  draw(start);
  const options = figures.map(({ key, label }) => ({ value: key, label }));
  return [choice("Figure", options, start, draw), box];
}

/** Degradations down, rows of the record across: ab error and how far above the clean photos'. */
export function tracksTable(record) {
  const tracks = Object.entries(record.tracks);
  const names = namesIn(record, tracks.flatMap(([, rows]) => rows));
  const head = element("tr", {}, columnHead("Degradation"), names.map(columnHead));
  const clean = names.map((name) =>
    tracks.map(([, rows]) => rows.find((row) => row.name === name)?.clean).find(Number.isFinite));
  const first = element("tr", {}, element("th", { scope: "row", class: "baseline" }, "clean photos"),
    clean.map((value) => element("td", {}, written(value, { digits: 2 }))));
  const body = tracks.map(([track, rows]) => element("tr", {}, rowHead(track),
    names.map((name) => trackCell(rows.find((row) => row.name === name)))));
  return [scrollable("ab error by degradation",
    element("table", {}, element("thead", {}, head), element("tbody", {}, first, body)))];
}

function trackCell(row) {
  if (row === undefined) return element("td", {}, "–");
  const much = row.above_clean_percent > MUCH_WORSE_PERCENT;
  const above = written(row.above_clean_percent, { digits: 1, signed: true, suffix: " %" });
  return element("td", { class: much ? "much" : null }, written(row.ab_error, { digits: 2 }),
    element("small", {}, much ? `▲ ${above}` : above));
}

function columnHead(name) {
  return element("th", { scope: "col" }, name);
}

function namesIn(record, rows) {
  const present = new Set(rows.map((row) => row.name));
  return record.rows.map((row) => row.name).filter((name) => present.has(name));
}

/** The numbers behind a chart: columns are {label, key, digits}, rows are named points. */
export function pointsTable(lines, columns) {
  const head = element("tr", {}, columnHead("Row"), columns.map(({ label }) => columnHead(label)));
  const body = lines.flatMap(([name, points]) => points.map((point) =>
    element("tr", {}, rowHead(name),
      columns.map((column) => element("td", {}, written(point[column.key], column))))));
  return element("details", {}, element("summary", {}, "The numbers"),
    scrollable("The numbers",
      element("table", {}, element("thead", {}, head), element("tbody", {}, body))));
}
