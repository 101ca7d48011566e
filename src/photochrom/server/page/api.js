import { texts } from "./texts.js";

const BASE = new URL("../api/v1", import.meta.url).pathname; // behind a proxy it has a prefix
const TOKEN = "photochrom-token";
const TRIES = 6;
/** Whether photos are coloured in this browser; the static site has another module of this name, which
 *  says so. */
export const local = false;
/** How long the server keeps a photo of an open page without a request or a renewal. */
export const LEASE_S = 600;

/** A failed request: one line for people, and the status (0: the server was not reached). */
class ApiError extends Error {
  constructor(status, { detail, problem, type } = {}, wait = 0) {
    super(detail || texts.statusOf(status));
    Object.assign(this, { status, problem, type, wait });
  }

  /** Whether the session is missing on the server, and not a revision of it. */
  get sessionMissing() { return this.type === "urn:photochrom:not-found"; }

  get revisionMissing() { return this.type === "urn:photochrom:no-such-revision"; }
}

let token = sessionStorage.getItem(TOKEN) ?? "";
let askForToken = async () => "";

export function setToken(words) {
  token = words;
  sessionStorage.setItem(TOKEN, words);
}

export const hasToken = () => token !== "";

/** Set the function that is called when the server refuses the token; it resolves to another. */
export function onRefusal(ask) { askForToken = ask; }

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function query(parameters) {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

function refusal(status, body, retryAfter) {
  let problem = {};
  try { problem = JSON.parse(body); } catch { /* not JSON: a proxy's page */ }
  return new ApiError(status, problem, Number(retryAfter) || 2);
}

const busy = (error) => error.status === 429 || error.status === 503;

async function once(path, { method = "GET", body, signal, keepalive = false } = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(BASE + path, { method, headers, signal, keepalive, cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: texts.notReached });
  }
  if (!answer.ok)
    throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

/** Send a request; repeat it when a busy server names a time, or with a new token after a 401. */
async function request(path, options = {}) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(path, options);
    } catch (error) {
      if (error.status === 401) setToken(await askForToken());
      else if (busy(error) && tries < TRIES) await pause(error.wait);
      else throw error;
    }
  }
}

const json = async (path, options) => (await request(path, options)).json();
const bitmap = async (path, options) =>
  createImageBitmap(await (await request(path, options)).blob());
const session = (id) => `/sessions/${encodeURIComponent(id)}`;

export const about = () => json("/about");
export const models = () => json("/models");
export const presets = () => json("/presets");
export const getSession = (id) => json(session(id));
export const border = (id) => json(`${session(id)}/border`);
export const patchSession = (id, part) => json(session(id), { method: "PATCH", body: part });
/** Keep `{ sessions, films }` for so long; a request that outlives the page where it is `closing`. */
export const renew = (kept, seconds, closing) => {
  const options = { method: "POST", body: { ...kept, seconds }, keepalive: closing };
  return closing ? once("/leases", options) : request("/leases", options);
};
export const deleteSession = (id) => request(session(id), { method: "DELETE" });

/** Pictures, as ImageBitmap. */
export const preview = (id, parameters, signal) =>
  bitmap(`${session(id)}/preview${query(parameters)}`, { signal });
export const region = (id, parameters, signal) =>
  bitmap(`${session(id)}/region${query(parameters)}`, { signal });
export const confidence = (id, parameters) =>
  bitmap(`${session(id)}/confidence${query(parameters)}`);

/** What a repair takes for damage: { bitmap, damaged, filled }, shares of the photo. */
export async function damage(id, parameters) {
  const answer = await request(`${session(id)}/damage${query(parameters)}`);
  const [damaged, filled] = ["Damaged", "Filled"].map(
    (name) => Number(answer.headers.get(`Photochrom-${name}`)));
  return { bitmap: await createImageBitmap(await answer.blob()), damaged, filled };
}

export const suggestions = (id, parameters) =>
  json(`${session(id)}/suggestions${query(parameters)}`);

/** Download a file; resolves to its content and its name. */
async function file(path, { signal, progress } = {}) {
  const answer = await request(path, { signal });
  const disposition = answer.headers.get("Content-Disposition") ?? "";
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  const plain = /filename="?([^";]+)"?/i.exec(disposition);
  const name = coded ? decodeURIComponent(coded[1]) : plain?.[1];
  return { blob: progress ? await collected(answer, progress) : await answer.blob(), name };
}

/** The content of a zip; `progress` gets how many files of it have begun, and how many bytes came.
 *  Files begin alike: "PK" 3 4 and four bytes that are the same for all of them. */
async function collected(answer, progress) {
  const pieces = [];
  let [begun, bytes, tail, start] = [0, 0, new Uint8Array(0), null];
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces, { type: answer.headers.get("Content-Type") });
    pieces.push(value);
    bytes += value.length;
    start ??= value.slice(0, 8);
    const seam = new Uint8Array([...tail, ...value.subarray(0, 7)]); // a start may lie across two
    begun += occurrences(start, seam.subarray(0, tail.length + 7)) + occurrences(start, value);
    tail = value.slice(-7);
    progress(begun, bytes);
  }
}

function occurrences(start, bytes) {
  let count = 0;
  for (let at = bytes.indexOf(start[0]); at >= 0; at = bytes.indexOf(start[0], at + 1))
    if (start.every((byte, i) => bytes[at + i] === byte)) count += 1;
  return count;
}

export const result = (id, parameters) => file(`${session(id)}/result${query(parameters)}`);
export const archive = (ids, parameters, options) => {
  const list = new URLSearchParams(ids.map((id) => ["session", id]));
  return file(`/archive?${list}&${query(parameters).slice(1)}`, options);
};

const film = (id) => `/films/${encodeURIComponent(id)}`;

export const getFilm = (id) => json(film(id));
export const deleteFilm = (id) => request(film(id), { method: "DELETE" });
/** The key picture of a shot, as a photo. */
export const openShot = (id, number) =>
  json(`${film(id)}/shots/${number}${query({ lease: LEASE_S })}`, { method: "POST" });
/** A few seconds of a film in colour, as a Blob. */
export const filmPreview = async (id, look, signal) =>
  (await request(`${film(id)}/preview`, { method: "POST", body: look, signal })).blob();
export const render = (id, how) => json(`${film(id)}/render`, { method: "POST", body: how });
export const cancelRender = (id) => json(`${film(id)}/render`, { method: "DELETE" });
/** Where the browser itself may download a coloured film; it sends no token. */
export const filmAddress = (id) => `${BASE}${film(id)}/result`;
export const filmResult = (id) => file(`${film(id)}/result`);

/** Send a photo; `progress` gets 0..1. Waits and tries again while the server is busy. */
export const upload = (photo, options) => sent("/sessions", photo, options);
export const uploadFilm = (one, options) => sent("/films", one, options);

/** XMLHttpRequest, because fetch does not report how much has been sent. */
async function sent(path, photo, { progress, waiting, signal }) {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await send(path, photo, progress, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error.status === 401) setToken(await askForToken());
      else if (busy(error)) {
        waiting(error.wait, error.problem);
        await pause(error.wait);
      } else throw error;
    }
  }
}

/** Why sending a file came to nothing: the file, the connection or the server. */
async function whyLost(photo) {
  try {
    const reader = photo.stream().getReader();
    await reader.read();
    await reader.cancel();
  } catch {
    return texts.unreadable;
  }
  try {
    await once("/about");
  } catch {
    return texts.notReached;
  }
  return texts.interrupted;
}

function send(path, photo, progress, signal) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    const about = new URLSearchParams({ name: photo.name, lease: LEASE_S });
    call.open("POST", `${BASE}${path}?${about}`);
    if (token) call.setRequestHeader("Authorization", `Bearer ${token}`);
    call.setRequestHeader("Content-Type", "application/octet-stream");
    call.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    call.addEventListener("load", () => {
      if (call.status === 201) resolve(JSON.parse(call.responseText));
      else reject(refusal(call.status, call.responseText, call.getResponseHeader("Retry-After")));
    });
    call.addEventListener("error", async () => reject(new ApiError(0, { detail: await whyLost(photo) })));
    call.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => call.abort());
    call.send(photo);
  });
}
