/** The page's interface to the engine in this browser: the same functions as the server's api.js. */
import { texts } from "./texts.js";

const SITE = new URL("..", import.meta.url);
const TAKES_OVER_MS = 4000; // that a new service worker has for it
export const LEASE_S = 600;
/** Whether photos are coloured in this browser. */
export const local = true;

/** A failed request, with the status that the server would answer. */
class ApiError extends Error {
  constructor(status, detail, sessionMissing = false) {
    super(detail);
    Object.assign(this, { status, sessionMissing, revisionMissing: false });
  }
}

const waiting = new Map();
let messages = 0;

/** Register the service worker, and wait until a new one has taken over, so that it keeps what is fetched. */
async function registerServiceWorker() {
  const container = navigator.serviceWorker;
  if (!container || container.controller) return;
  const takenOver = new Promise((done) => container.addEventListener("controllerchange", done, { once: true }));
  try {
    await container.register(new URL("service_worker.js", SITE));
    await Promise.race([takenOver, new Promise((done) => setTimeout(done, TAKES_OVER_MS))]);
  } catch { /* without one the page works all the same, while there is a network */ }
}

function receive({ data: { id, answer, failure, progress } }) {
  const { done, fail, progress: report } = waiting.get(id) ?? {};
  if (progress !== undefined) return report?.(progress);
  waiting.delete(id);
  if (failure?.aborted) fail?.(new DOMException("", "AbortError"));
  else if (failure) fail?.(new ApiError(failure.missing ? 404 : 422, failure.message, failure.missing));
  else done?.(answer);
  return undefined;
}

async function startWorker() {
  await registerServiceWorker();
  const worker = new Worker(new URL("engine/worker.js", SITE), { type: "module" });
  worker.addEventListener("message", receive);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    for (const { fail } of waiting.values()) fail(new ApiError(0, texts.engine.stopped));
    waiting.clear();
  });
  return worker;
}

let starting = null;

async function ask(name, parameters, { signal, progress } = {}) {
  starting ??= startWorker();
  const worker = await starting;
  signal?.throwIfAborted();
  messages += 1;
  const id = messages;
  return new Promise((done, fail) => {
    waiting.set(id, { done, fail, progress });
    signal?.addEventListener("abort", () => {
      worker.postMessage({ stop: id });
      if (waiting.delete(id)) fail(new DOMException("", "AbortError"));
    });
    worker.postMessage({ id, name, parameters });
  });
}

let described = null;

/** site.json, and what this browser can do. */
function describe() {
  described ??= (async () => {
    const answer = await fetch(new URL("site.json", SITE));
    if (!answer.ok) throw new ApiError(answer.status, texts.statusOf(answer.status));
    const description = await answer.json();
    return { ...description, ...await ask("describe", { base: SITE.href, description }) };
  })();
  described.catch(() => { described = null; });
  return described;
}

let loading = null;
const followers = new Set();

/** Load the network, once; `progress` gets the share that has come. Resolves to { bytes, backend,
 *  threads, milliseconds }. */
export function load(progress = () => {}) {
  followers.add(progress);
  loading ??= (async () => {
    const { runtimes, model } = await describe();
    const bytes = model.bytes + runtimes.wasm.bytes;
    const report = (share) => { for (const follower of followers) follower(share, bytes); };
    return ask("load", {}, { progress: report });
  })();
  loading.catch(() => { loading = null; }); // what was interrupted is loaded again by the next photo
  return loading.finally(() => followers.delete(progress));
}

export function setToken() { /* nobody else is there */ }
export const hasToken = () => true;
export function onRefusal() { /* nothing is refused */ }

export async function about() {
  const { version, formats, limits, options, mostHints } = await describe();
  return { version, token_needed: false, films: false, formats,
    lossy: formats.filter((format) => format !== "png"), reads: [], options,
    limits: { ...limits, hints: mostHints } };
}

export async function models() {
  const { contract, models: known } = await describe();
  return { default: contract.name, models: known };
}

export async function presets() {
  const { presets: known } = await describe();
  return { presets: known };
}

export const getSession = (session) => ask("record", { session });
export const border = (session) => ask("border", { session });
export const patchSession = (session, changes) => ask("change", { session, changes });
export const renew = async () => ({});
export const deleteSession = (session) => ask("close", { session });

export const preview = (session, parameters, signal) => ask("preview", { session, ...parameters }, { signal });
export const region = (session, parameters, signal) => ask("region", { session, ...parameters }, { signal });
export const confidence = (session, parameters) => ask("confidence", { session, ...parameters });
export const suggestions = (session, parameters) => ask("suggestions", { session, ...parameters });
export const result = (session, parameters) => ask("result", { session, ...parameters });
export const archive = (ids, how, { signal, progress }) => ask("archive", { ids, how },
  { signal, progress: ([begun, bytes]) => progress(begun, bytes) });

/** Open a photo; `progress` gets the share of the network that has come. */
export async function upload(file, { signal, progress }) {
  await load(progress);
  return ask("open", { file }, { signal });
}

const elsewhere = async () => { throw new ApiError(501, texts.engine.elsewhere); };
export const damage = elsewhere;
export const getFilm = elsewhere;
export const deleteFilm = elsewhere;
export const openShot = elsewhere;
export const filmPreview = elsewhere;
export const render = elsewhere;
export const cancelRender = elsewhere;
export const filmAddress = () => "";
export const filmResult = elsewhere;
export const uploadFilm = elsewhere;
