/** The engine's worker: answers the page's messages, one after the other.
 *  A message is { id, name, parameters }; an answer { id, answer }, { id, failure } or { id, progress }. */
import { Kernel } from "./kernel.js";
import { Network } from "./network.js";
import { writtenFormats } from "./results.js";
import { Session } from "./session.js";
import { zipOf } from "./zip.js";

const SMALL_MEMORY = 4; // GiB that the browser reports, below which fewer pixels are taken
const MOST_PIXELS = { small: 24e6, usual: 80e6 };
const MOST_BYTES = 2 ** 31;

const sessions = new Map();
const stopped = new Set(); // ids of messages whose answer nobody wants any more
let engine = null;
let opened = 0;

function found(session) {
  const one = sessions.get(session);
  if (one) return one;
  throw Object.assign(new Error("this photo is no longer open; open it again"), { missing: true });
}

const of = (work) => ({ session, ...parameters }) => work(found(session), parameters);

const WORK = {
  /** Take the site's description; base: its address. Returns the formats and limits of this browser. */
  async describe({ base, description: { runtimes, model, contract, options, mostHints } }) {
    const at = (path) => new URL(path, base).href;
    const files = { model: { ...model, address: at(model.address) }, runtimes: Object.fromEntries(
      Object.entries(runtimes).map(([name, { module, glue, binary, bytes }]) =>
        [name, { module: at(module), glue: at(glue), binary: at(binary), bytes }])) };
    const small = (navigator.deviceMemory ?? SMALL_MEMORY) < SMALL_MEMORY;
    engine = { files, contract, ranges: options, mostHints, kernelAddress: at("engine/kernel.wasm"),
      formats: await writtenFormats(),
      limits: { pixels: small ? MOST_PIXELS.small : MOST_PIXELS.usual, upload_bytes: MOST_BYTES } };
    const { formats, limits } = engine;
    return { formats, limits };
  },
  /** Load the kernel and the network. */
  async load(_, progress) {
    const [kernel, network] = await Promise.all([Kernel.load(engine.kernelAddress),
      Network.load(engine.files, engine.contract, progress)]);
    Object.assign(engine, { kernel, network });
    const { backend, threads, milliseconds } = network;
    return { backend, threads, milliseconds };
  },
  async open({ file }) {
    opened += 1;
    const session = await Session.open(file, String(opened), engine);
    sessions.set(session.id, session);
    return session.record();
  },
  close({ session }) {
    sessions.get(session)?.close();
    sessions.delete(session);
  },
  record: of((session) => session.record()),
  change: of((session, { changes }) => session.change(changes)),
  preview: of((session, parameters) => session.preview(parameters)),
  region: of((session, parameters) => session.region(parameters)),
  confidence: of((session, parameters) => session.confidence(parameters)),
  suggestions: of((session, parameters) => session.suggestions(parameters)),
  border: of((session) => session.border()),
  result: of((session, parameters) => session.result(parameters)),
  async archive({ ids, how }, progress, wanted) {
    const files = [];
    let bytes = 0;
    for (const session of ids) {
      if (!wanted()) throw new DOMException("", "AbortError");
      progress([files.length + 1, bytes]);
      const file = await found(session).result(how);
      bytes += file.blob.size;
      files.push(file);
    }
    return { blob: await zipOf(files), name: "photochrom.zip" };
  },
};

/** Memory of the kernel is a stack, so work is done in turn. */
let turn = Promise.resolve();

async function answer({ id, name, parameters }) {
  const wanted = () => !stopped.has(id);
  try {
    if (!wanted()) throw new DOMException("", "AbortError");
    const progress = (share) => self.postMessage({ id, progress: share });
    const result = await WORK[name](parameters, progress, wanted);
    self.postMessage({ id, answer: result }, result instanceof ImageBitmap ? [result] : []);
  } catch (error) {
    const { message, missing = false } = error;
    self.postMessage({ id, failure: { message, missing, aborted: error.name === "AbortError" } });
  }
  stopped.delete(id);
}

self.addEventListener("message", ({ data }) => {
  if (data.stop) stopped.add(data.stop);
  else turn = turn.then(() => answer(data));
});
