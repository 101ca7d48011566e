// Every word of the page, for translation.

const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function left(seconds) {
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${many(minutes, "minute", "minutes")} left`
    : `about ${many(Math.round(minutes / 60), "hour", "hours")} left`;
}

const percent = ({ done, total }) => `${Math.floor(100 * done / Math.max(1, total))} %`;

const share = (part) => (part < 0.0001 ? "Less than 0.01 %" : `${(100 * part).toFixed(2)} %`);

export const texts = {
  title: "Photochrom",
  tagline: "Bring old photographs into colour",
  invitation: "Drop black-and-white photos or a folder of them here, paste one, or choose some.",
  invitationTouch: "Choose black-and-white photos from this device.",
  choose: "Choose photos",
  chooseFolder: "Choose a folder",
  folder: (name, photos, others) => (photos
    ? `${name}: ${many(photos, "photo", "photos")}${others
      ? `; ${many(others, "other file was", "other files were")} passed over` : ""}.`
    : `${name}: there are no photos in this folder.`),
  privateHere: "Your photos stay on this machine. Nothing is sent anywhere else.",
  privateThere: "Your photos go to this server and no further.",
  dropHere: "Drop to add the photos",
  pastedName: "pasted.png",

  undo: "Undo",
  redo: "Redo",
  theme: "Light or dark",
  help: "Keyboard shortcuts",
  download: "Download",
  stage: "Photo",
  stageHelp: "Arrow keys move the crosshair, Enter chooses a colour for that place.",
  tools: "Tools",
  toolColor: "Colour a place",
  toolBrush: "Brush a colour onto the photo",
  toolHand: "Move the photo",
  toolCrop: "Crop and turn",
  turnLeft: "Turn to the left",
  turnRight: "Turn to the right",
  cropRatio: "Shape of the cut",
  cropFrame: "The part that stays: arrow keys move it",
  cropBorder: "Cut the border away",
  cropWhole: "Whole photo",
  cropDone: "Done",
  crop: {
    ratios: { free: "Any shape", photo: "As the photo", square: "Square" },
    handles: { nw: "Upper left corner", n: "Upper edge", ne: "Upper right corner", e: "Right edge",
      se: "Lower right corner", s: "Lower edge", sw: "Lower left corner", w: "Left edge" },
    size: (width, height) => `${width} × ${height}`,
    turnedBy: (degrees) => `Turned by ${degrees} degrees.`,
    border: "The frame lies around the photo without its border.",
    noBorder: "No border was found around this photo. Move the edges of the frame yourself.",
  },
  words: { color: "Colour", brush: "Brush", hand: "Move", crop: "Crop", split: "Compare", eye: "Original",
    sure: "How sure", fit: "Whole", full: "Full size" },
  views: "View",
  split: "Compare before and after",
  holdOriginal: "Hold to see the original",
  confidence: "Show how sure Photochrom is of each colour",
  zoomOut: "Zoom out",
  zoomIn: "Zoom in",
  fit: "Whole photo",
  fullSize: "Full size: every pixel of the photo",
  zoomAt: (percent) => `${percent} %`,
  divider: "Divider between before and after",
  dividerAt: (percent) => `${percent} % before, ${100 - percent} % after`,
  before: "Before",
  after: "After",
  pinnedSide: "A",
  nowSide: "Now",
  aGuess: "a guess",
  sure: "sure",
  overlay: "How strongly this map is shown",

  photos: "Photos",
  addPhotos: "Add photos",
  remove: (name) => `Remove ${name}`,
  removePhoto: "Remove this photo",
  removed: (photos) => (photos.length === 1 ? `${photos[0].name} is removed.`
    : `${photos.length} photos are removed.`),
  nameAndSize: (name, session) => (session ? `${name} · ${session.width} × ${session.height}` : name),
  overview: "All photos:",
  colored: (ready, all) => `${ready} of ${all} coloured`,
  orders: { opened: "As opened", name: "By name", size: "Largest first", state: "Unfinished first" },
  order: "Sort",
  openPhoto: (words) => `Show ${words}`,
  tileFacts: (session, state) => [session && `${session.width} × ${session.height}`,
    { waiting: "waiting", uploading: "being sent", coloring: "being coloured", ready: "coloured" }[state]]
    .filter(Boolean).join(" · "),
  chooseAll: "Choose all",
  chooseNone: "Choose none",
  removeChosen: (count) => (count ? `Remove the chosen ${count}` : "Remove the chosen"),
  applyLook: (name, count) => `Give ${count ? `the chosen ${count}` : "all photos"} the look of ${name}`,
  applyAll: "Give all photos this look",
  applied: (count) => `${many(count, "photo has", "photos have")} this look now.`,
  retry: "Try again",
  photoState: (name, state, progress, problem) => ({
    waiting: `${name}, waiting`,
    uploading: `${name}, ${problem || `sending, ${Math.round(progress * 100)} %`}`,
    coloring: `${name}, being coloured`,
    ready: name,
    failed: `${name}, failed: ${problem}`,
  })[state],
  waiting: "Waiting for its turn",
  uploading: (percent) => `Sending, ${percent} %`,
  coloring: "Colouring …",
  whatNext: "Drag the line to compare. Click a place in the photo to change its colour.",
  whatNextTouch: "Drag the line to compare. Tap a place in the photo to change its colour.",
  isReady: (name) => `${name} is coloured.`,
  waits: (seconds, why) => `${why ?? "The server is busy"}; trying again in ${seconds} s`,
  again: "The server had deleted this photo; it is being sent again.",
  unreadable: "the browser cannot read this file. Was it moved, renamed or deleted?",
  interrupted: "the connection broke while the file was being sent. Try again.",
  lost: (name) => `${name}: the server no longer has this photo. Open it again from your disk.`,
  lostBefore: (count) =>
    `${many(count, "photo", "photos")} of before are no longer on the server. Open them again.`,
  failures: "What went wrong",
  tooLarge: (size, most) => `${megabytes(size)}, but the server takes ${megabytes(most)} at most.`,
  facts: ({ width, height, format, bits, pages }) =>
    [`${width} × ${height}`, format.toUpperCase(), bits > 8 && `${bits} bit`,
      pages > 1 && many(pages, "page", "pages")].filter(Boolean).join(" · "),
  inColor: "This photo is in colour already; its colours are replaced by new ones.",
  severalPages: (pages) => `The first of ${pages} pages is shown; the download has all.`,

  panels: "Controls",
  look: "Look",
  colors: "Colours",
  variants: "Variants",
  control: {
    vividness: "Vividness", saturation: "Saturation", warmth: "Cool or warm", tint: "Green or pink",
    smooth: "Smooth blotches", size: "Detail of the guess", model: "Way of colouring",
    sensitivity: "Sensitivity",
  },
  about: {
    vividness: "how boldly colours are guessed",
    saturation: "how strong all colours are",
    smooth: "evens out patches of colour",
    size: "more finds small things, and can leave patches on faces",
    sensitivity: "more finds fainter marks, and can take details for damage",
  },
  auto: "Usual",
  pixels: (count) => `${count} px`,
  goodSizes: (from, to) => `Good for most photos: ${from} to ${to} px (the brighter part)`,
  resetOne: (name) => `Set ${name} back`,
  resetAll: "Back to the usual look",
  repairTitle: "Repair",
  repairOn: "Mend dust and scratches",
  repairShow: "Show the damage",
  repairLevels: "Stretch faded tones",
  repairHelp: "The brush can mark what was missed as damaged, and what is not damaged as sound.",
  repairClear: "Remove my brush strokes",
  repair: {
    searching: "Looking for damage …",
    found: (damaged, left) => (damaged === 0 ? "No damage was found."
      : `${share(damaged)} of the photo is damaged${left > 0
        ? `; ${share(left).toLowerCase()} is too wide to be filled and stays.` : "."}`),
    cleared: "brush strokes removed",
  },
  preset: {
    label: "Preset", none: "None", own: "Your own",
    names: { album: "Album", faithful: "Faithful", landscape: "Landscape", portrait: "Portrait", vivid: "Vivid" },
    save: "Save as preset", name: "Name of the preset", keep: "Save", remove: "Remove this preset",
    step: (name) => `the preset ${name}`,
  },
  compare: "Compare two looks",
  pin: "Keep this look as A",
  pinHelp: "Then change what you like: left of the divider you see A, right of it the new look.",
  pinnedNow: "This look is kept as A, left of the divider. What you change now shows on the right.",
  swap: "Swap A and now",
  unpin: "Stop comparing",

  colorFor: "Likely colours here",
  colorHere: "Your colour here",
  colorAny: "A colour for this place",
  now: "Keep this colour",
  neutral: "Grey",
  yours: "My colour",
  mix: "Choose another colour",
  lightStays: "The brightness of the place stays as it is: a dark place takes a dark tone of a colour.",
  plane: "All colours as bright as this place",
  planeAt: (name) => name,
  hex: "Colour code",
  radius: "Reach",
  likely: (name, percent) => `${name}, ${percent} % likely`,
  removeColor: "Remove this colour",
  close: "Close",
  yourColor: "My colour",
  yourColorHelp: "The brush paints with it, and every place of the photo offers it.",
  brushSize: "Brush size",
  fromPicture: "Take a colour from another picture",
  fromPictureHelp: "Open a colour picture and click a colour in it. The picture stays in this browser.",
  openPicture: "Open a colour picture",
  pickHere: "Colour picture: click, or move with the arrow keys and press Enter, to take a colour",
  picked: (name) => `${name} is picked. Click the place in the photo that should get it.`,
  pickedBrush: (name) => `The brush paints ${name}.`,
  cannotShow: (name) => `This browser cannot show ${name}.`,
  yourColors: "Colours you set",
  noColors: "None yet. Click a place in the photo to set its colour.",
  spot: (name, x, y) => `${name}, at ${x}, ${y}`,
  stroke: (name, count) => `${name}, a stroke of ${many(count, "point", "points")}`,
  saveHints: "Save as a file",
  loadHints: "Open a file",
  clearHints: "Remove all",
  hintsLoaded: (count) => `${many(count, "colour", "colours")} loaded.`,
  notJson: (name) => `${name} is not a file of saved colours.`,
  full: (most) => `A photo takes ${most} points of colour at most. Remove some first.`,

  variantsHelp: "Other colours that things in this photo may have had. Click one to take it.",
  usualVariant: "The likeliest colours",
  variant: (number) => `Variant ${number}`,
  moreVariants: "Show more variants",

  downloadTitle: "Download in colour",
  format: "Kind of file",
  asPhoto: (format) => `Same as the photo (${format.toUpperCase()})`,
  quality: "Quality",
  downloadOne: "Download this photo",
  downloadAll: (count) => `Download all ${count} as a zip`,
  preparing: "Preparing the full-size file …",
  downloaded: (name) => `${name} is downloaded.`,
  downloadedZip: (name, count) => `${name} is downloaded, with ${many(count, "photo", "photos")}.`,
  share: "To show to others",
  sharePicture: "Before and after, as a picture",
  shareClip: "As a short clip",
  computed: "A computer chose the colours (Photochrom)",
  filming: (percent) => `Filming, ${percent} %`,
  waitsForAll: (ready, all) =>
    `${ready} of ${all} photos are coloured. The download begins when all are.`,
  enough: (count) => `Download ${count === 1 ? "the one" : `these ${count}`} now`,
  zipping: (begun, all, bytes) => `Photo ${Math.max(1, begun)} of ${all}, ${megabytes(bytes)} so far …`,
  leftOut: (names) => `Not in the download: ${names.join(", ")}`,
  cancel: "Cancel",
  cancelled: "Cancelled.",
  mark: "Note in the file that a computer chose its colours",
  reversible: "Keep the black-and-white photo inside, so that the colour can be taken off again exactly",

  filmLabel: "Film",
  filmPreview: "Preview shot",
  filmDownload: "Download film",
  filmProgress: "How much of the film is coloured",
  filmTitle: "Colour the film",
  filmHow: "Each shot gets the colours that its picture in the strip has, from its first to its last picture. "
    + "This takes a while. You can go on working here, and stop at any time: what is done is kept.",
  filmStart: "Start",
  filmPicture: "Save only the picture of this shot",
  filmVideo: "Preview of the coloured film, without sound",
  noFilms: (name) => `${name} is a film. For films this server needs the extra "video": `
    + "pip install 'photochrom[video]'",
  film: {
    invitation: () => (matchMedia("(pointer: coarse)").matches
      ? "Choose black-and-white photos or films from this device."
      : "Drop black-and-white photos, a folder of them or a film here, paste a photo, or choose some."),
    reading: (done) => `Looking for the shots of the film, ${done} %`,
    whatNext: "Click a place in the picture to change its colour. The whole shot follows.",
    whatNextTouch: "Tap a place in the picture to change its colour. The whole shot follows.",
    shots: (count) => many(count, "shot", "shots"),
    applyAll: "Give all shots this look",
    applied: (count) => `${many(count, "shot has", "shots have")} this look now.`,
    found: (name, shots) => `${name} has ${many(shots, "shot", "shots")}.`,
    lost: (name) => `${name}: the server no longer has this film. Open it again from your disk.`,
    inColor: "This film is in colour already; its colours are replaced by new ones.",
    shotName: (name, start) => `${name} ${clock(start)}`,
    shotOf: (number, shots) => `Shot ${number} of ${shots}`,
    shotFrom: (number, shots, start, end) =>
      `Shot ${number} of ${shots}, ${clock(start)} to ${clock(Math.ceil(end))}`,
    about: (name, shots, pictures) =>
      `${name}: ${many(shots, "shot", "shots")}, ${many(pictures, "picture", "pictures")}`,
    color: "Colour the film",
    colorAgain: "Colour again",
    goOn: "Go on",
    kinds: { mp4: "MP4: plays everywhere", mkv: "MKV: keeps all sound and subtitles",
      lossless: "MKV without any loss: very large" },
    waits: "Waits until another film is done",
    coloring: (progress) => (progress.seconds_left === null ? "Begins with the first shot …"
      : progress.done === progress.total ? "Puts the film together …"
        : `${percent(progress)}, ${left(progress.seconds_left)}`),
    stopping: "Stops …",
    stopped: (progress) => `Stopped at ${percent(progress)}; what is done is kept`,
    finished: (name, pictures) => `${name} is in colour, all ${pictures} pictures.`,
    isFinished: (pictures, bytes) => `In colour: ${many(pictures, "picture", "pictures")}, ${
      bytes < 1e6 ? "less than 1 MB" : megabytes(bytes)}`,
    changed: "You changed colours since. Colour it again to have them in the film.",
    previewOf: (name) => `Preview: ${name}`,
    previewing: "Colours a few seconds of this shot …",
    previewIs: "A few seconds, smaller than the film and without its sound.",
    cannotPlay: "This browser cannot play the preview. The film itself can be coloured all the same.",
  },

  tokenTitle: "This server asks for a token",
  tokenHelp: "A token is like a password. Ask whoever runs this server for it (PHOTOCHROM_SERVER_TOKEN).",
  token: "Token",
  tokenGo: "Continue",
  tokenWrong: "The server refused this token.",

  undone: (what) => `Undone: ${what}`,
  redone: (what) => `Redone: ${what}`,
  step: {
    color: "a colour", stroke: "a stroke", recolor: "another colour", radius: "the reach of a colour",
    move: "a move", remove: "a colour removed", clear: "all colours removed",
    load: "colours loaded", reset: "the look reset", variant: "a variant", apply: "the look of another photo", swap: "A and now swapped",
    crop: "a cut", turn: "a turn", border: "the border cut away", whole: "the whole photo",
  },
  notReached: "The server cannot be reached. Is Photochrom still running?",
  // In the place of the texts above where photos are coloured in the browser.
  inBrowser: {
    privateHere: "Your photos stay in this browser. Nothing is sent anywhere.",
    waiting: "Waiting for its turn",
    uploading: (percent) => (percent < 100 ? `Loading what colours photos, ${percent} %` : "Opening …"),
    photoState: (name, state, progress, problem) => ({
      waiting: `${name}, waiting`,
      uploading: `${name}, being opened`,
      coloring: `${name}, being coloured`,
      ready: name,
      failed: `${name}, failed: ${problem}`,
    })[state],
    lostBefore: (count) => `${many(count, "photo", "photos")} of before must be opened again: the page `
      + "was loaded anew, and keeps nothing.",
    noFilms: (name) => `${name} is a film. The installed Photochrom colours films: `
      + "pip install 'photochrom[video]'",
    tooLarge: (size, most) => `${megabytes(size)}, but this browser has room for ${megabytes(most)} at most.`,
  },
  engine: {
    loading: (share, bytes) => `Loading what colours photos: ${Math.round(100 * share)} % of ${megabytes(bytes)}. `
      + "After that the page works without a network, too.",
    ready: ({ backend, threads, milliseconds }) => {
      const where = backend === "webgpu" ? "the graphics processor (WebGPU)"
        : `WebAssembly on ${many(threads, "thread", "threads")}`;
      return `Ready. Colours come from ${where}, in about ${(milliseconds / 1000).toFixed(1)} s a photo; `
        + "its full size takes a few seconds more.";
    },
    failed: (reason) => `This browser cannot colour photos: ${reason}`,
    stopped: "The page's worker has stopped, perhaps for want of memory. Reload the page.",
    elsewhere: "Repair of damage, other colourings to choose from, films, TIFF and folders of thousands are "
      + "in the installed Photochrom: pip install photochrom",
  },
  statusOf: (status) => `The server answered ${status}.`,
  maskChoice: "What the brush does",
  maskShare: "How strongly",
  mask: {
    effects: { color: "Paint my colour", erase: "Erase my colours", original: "As it was",
      saturation: "Colour strength", vividness: "Vividness", damaged: "Damaged", sound: "Sound" },
    withValue: (what, percent) => `${what}, ${percent} %`,
    removed: "a stroke removed",
    remove: "Remove this stroke",
    whole: "as far as the thing goes",
  },

  shortcutsTitle: "Keyboard shortcuts",
  shortcuts: [
    ["C  B  H  R", "Colour a place, brush a colour, move the photo, crop and turn it"],
    ["← ↑ → ↓", "Move the crosshair, the selected colour, the photo or the frame; with Shift further"],
    ["Enter", "Choose a colour for the place under the crosshair"],
    ["Del", "Remove the selected colour"],
    ["Esc", "Close, or cancel"],
    ["[  ]", "Smaller, larger brush"],
    ["Ctrl Z", "Undo"],
    ["Ctrl Shift Z", "Redo"],
    ["S", "Compare before and after, or not"],
    ["O", "Hold to see the original"],
    ["G", "Show how sure Photochrom is of each colour"],
    ["A", "Keep the look as A to compare with, or stop comparing"],
    ["+  −  0  1", "Zoom in, out, whole photo, full size"],
    ["Space", "Hold and drag to move the photo"],
    ["Page ↑  Page ↓", "The previous photo, the next one"],
    ["Ctrl S", "Download"],
    ["?", "This list"],
  ],
};

export { nameOf } from "./names.js";
