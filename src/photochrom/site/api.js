/** The page's interface to the engine in this browser: the same functions as the server's api.js. */
import { texts } from "./texts.js";

const SITE = new URL("..", import.meta.url);
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

const worker = new Worker(new URL("../engine/worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let messages = 0;

worker.addEventListener("message", ({ data: { id, answer, failure, progress } }) => {
  const { done, fail, progress: report } = waiting.get(id) ?? {};
  if (progress !== undefined) return report?.(progress);
  waiting.delete(id);
  if (failure?.aborted) fail?.(new DOMException("", "AbortError"));
  else if (failure) fail?.(new ApiError(failure.missing ? 404 : 422, failure.message, failure.missing));
  else done?.(answer);
  return undefined;
});
worker.addEventListener("error", (event) => {
  event.preventDefault();
  for (const { fail } of waiting.values()) fail(new ApiError(0, texts.site.stopped));
  waiting.clear();
});

function ask(name, parameters, { signal, progress } = {}) {
  messages += 1;
  const id = messages;
  return new Promise((done, fail) => {
    if (signal?.aborted) throw new DOMException("", "AbortError");
    waiting.set(id, { done, fail, progress });
    signal?.addEventListener("abort", () => {
      worker.postMessage({ stop: id });
      if (waiting.delete(id)) fail(new DOMException("", "AbortError"));
    });
    worker.postMessage({ id, name, parameters });
  });
}

let description = null;
let started = null;

/** Describe the site, and begin to load the network: { progress(share) } follows it. */
export async function load(progress) {
  description ??= await (await fetch(new URL("site.json", SITE))).json();
  started ??= ask("start", { base: SITE.href, description }, { progress });
  return started;
}

export function setToken() { /* nobody else is there */ }
export const hasToken = () => true;
export function onRefusal() { /* nothing is refused */ }

export async function about() {
  const { formats, limits } = await load();
  return { version: description.version, token_needed: false, films: false, formats,
    lossy: formats.filter((format) => format !== "png"), reads: [], options: description.options,
    limits: { ...limits, hints: description.mostHints } };
}

export async function models() {
  return { default: description.contract.name, models: description.models };
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

export const upload = (file, { signal }) => ask("open", { file }, { signal });

const elsewhere = async () => { throw new ApiError(501, texts.site.elsewhere); };
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
