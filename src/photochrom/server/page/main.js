import * as api from "./api.js";
import { Album } from "./album.js";
import { Arrivals } from "./arrivals.js";
import { Brush } from "./brush.js";
import { ColorPanel } from "./colors.js";
import { Compare } from "./compare.js";
import { ConfidenceOverlay } from "./confidence.js";
import { CropTool } from "./crop.js";
import { Crosshair } from "./crosshair.js";
import { Detail } from "./detail.js";
import { askForToken, closeByClick, fillShortcuts, offerLanguages, tokenOfAddress } from "./dialogs.js";
import { Divider } from "./divider.js";
import { showEngine } from "./engine.js";
import { FilmBar } from "./filmbar.js";
import { byId, fill } from "./dom.js";
import { DownloadDialog } from "./download.js";
import { Gestures } from "./gestures.js";
import { HintsFile } from "./hintsfile.js";
import { Keys } from "./keys.js";
import { keepLeases } from "./lease.js";
import { LookPanel } from "./look.js";
import { BrushEffects } from "./masks.js";
import { Marks } from "./marks.js";
import { Overview } from "./overview.js";
import { PalettePicture } from "./palette.js";
import { Panels } from "./panels.js";
import { PlacePanel } from "./place.js";
import { Preview } from "./preview.js";
import { PrintPicture } from "./print.js";
import { ReferencePanel } from "./referencepanel.js";
import { RepairPanel } from "./repair.js";
import { SharePictures } from "./share.js";
import { Shelf } from "./shelf.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Strip } from "./strip.js";
import { Table } from "./table.js";
import { loadTexts, texts } from "./texts.js";
import { Tools } from "./tools.js";
import { VariantPanel } from "./variants.js";

/** Build the page, once the server's limits and models are known. */
function lay(about, { models }, { presets }, status) {
  const album = new Album(about.limits);
  const tools = new Tools();
  const marks = new Marks(album, about.limits.hints);
  const viewport = byId("viewport");
  let stage = null;
  const preview = new Preview(album, () => {
    const { photo, fitting } = stage.view; // of the whole photo, a part of it may be shown
    return Math.max(photo.width, photo.height) * fitting * devicePixelRatio;
  });
  stage = new Stage(viewport, byId("canvas"), preview);
  const divider = new Divider(byId("divider"), stage);
  const crosshair = new Crosshair(stage);
  const place = new PlacePanel({ marks, tools, stage, status });
  const look = new LookPanel(models, presets, about.options,
    (part, label, how) => album.current?.change(part, label, how));
  const colors = new ColorPanel(marks, tools, place, stage);
  const compare = new Compare(album, preview, stage, status);
  const confidence = new ConfidenceOverlay(album, stage, status);
  const repair = new RepairPanel(album, preview, stage, status);
  const references = new ReferencePanel(album, about.reads, status);
  const variants = new VariantPanel(album, preview, status);
  const panels = new Panels((name) => variants.show(name === "variants"));
  const download = new DownloadDialog(album, about, status);
  const detail = new Detail(preview, stage);
  const brush = new Brush({ stage, tools, marks, place, crosshair });
  const crop = new CropTool({ album, stage, tools, status });
  const film = new FilmBar(album, about.options, download, status);
  const desk = { brush, crop, film, album, tools, marks, stage, preview, divider, crosshair, place, look, colors,
    compare, confidence, repair, references, variants, panels, download, detail, status };
  const table = new Table(desk);
  desk.gestures = new Gestures(stage, tools, table.gestures);
  brush.gestures = desk.gestures;
  album.addEventListener("current", () => desk.gestures.letGo());
  new Keys({ ...desk, deeds: table.deeds });
  keepLeases(album);
  new BrushEffects(tools);
  new PalettePicture(tools, status);
  new HintsFile(album, status);
  new SharePictures(album, preview, status);
  const strip = new Strip(album, (photo) => table.remove([photo]));
  new Overview(album, strip, { remove: (photos) => table.remove(photos),
    apply: (photos) => table.applyLook(photos) });
  new PrintPicture(album, preview);
  new Arrivals((files) => album.add(files), about, status);
  if (about.films) byId("invitation").textContent = texts.film.invitation();
  return new Shelf(album).open();
}

async function start() {
  await loadTexts(api.local);
  fill();
  fillShortcuts();
  offerLanguages();
  closeByClick();
  tokenOfAddress();
  const status = new Status(byId("status"));
  const here = api.local || ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  byId("privacy").append(here ? texts.privateHere : texts.privateThere);
  api.onRefusal(askForToken);
  if (api.local) showEngine();
  try {
    const about = await api.about();
    if (about.token_needed && !api.hasToken()) api.setToken(await askForToken());
    const lost = await lay(about, ...await Promise.all([api.models(), api.presets()]), status);
    if (lost) status.regret(texts.lostBefore(lost));
    document.body.dataset.ready = "";
  } catch (error) {
    status.regret(error.message);
  }
}

start();
