/** The network, run by ONNX Runtime: on the graphics processor where the browser lends it (WebGPU), else
 *  in WebAssembly. */
import { Field } from "./fields.js";

const MOST_THREADS = 8; // more gain nothing for a network this small
const ERRORS = 3; // of the severities of ONNX Runtime: its warnings are for developers
const GZIP = [0x1F, 0x8B];

/** Fetch a file of the site; progress: gets the bytes of each piece. A file that the server left packed
 *  is unpacked here. */
async function fetched(address, progress) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${new URL(address).pathname} is missing on this site`);
  const pieces = [];
  const reader = answer.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    progress(piece.value.length);
  }
  const whole = new Blob(pieces);
  const start = new Uint8Array(await whole.slice(0, 2).arrayBuffer());
  const packed = GZIP.every((byte, i) => start[i] === byte);
  const stream = packed ? whole.stream().pipeThrough(new DecompressionStream("gzip")) : whole.stream();
  return new Response(stream).arrayBuffer();
}

/** Whether the browser lends a graphics processor. */
async function hasGpu() {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    return Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
  } catch {
    return false;
  }
}

/** A loaded network. `backend` is "webgpu" or "wasm", `threads` what wasm has. */
export class Network {
  #runtime;
  #session;
  #turn = Promise.resolve(); // one run at a time

  /** files: { runtimes: { wasm, webgpu: { module, glue, binary, bytes } }, model: { address, bytes } }.
   *  contract: that of site.json. progress: gets the share of the bytes that were received. */
  static async load(files, contract, progress) {
    const threads = self.crossOriginIsolated
      ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
    const backends = await hasGpu() ? ["webgpu", "wasm"] : ["wasm"];
    let failure;
    let model;
    for (const backend of backends) {
      const { module, glue, binary, bytes } = files.runtimes[backend];
      let received = 0;
      const whole = bytes + files.model.bytes;
      const report = (count) => { received += count; progress(Math.min(1, received / whole)); };
      try {
        const network = new Network();
        const [runtime, wasm, graph] = await Promise.all([
          import(module), fetched(binary, report), model ?? fetched(files.model.address, report)]);
        model = graph;
        Object.assign(runtime.env.wasm, { wasmBinary: wasm, numThreads: threads, wasmPaths: { mjs: glue } });
        runtime.env.logLevel = "error";
        network.#runtime = runtime;
        network.#session = await runtime.InferenceSession.create(new Uint8Array(model), {
          executionProviders: [backend], graphOptimizationLevel: "all", logSeverityLevel: ERRORS,
          enableCpuMemArena: false, enableMemPattern: false });
        runtime.env.wasm.wasmBinary = undefined; // 14 MB that nothing needs any more
        Object.assign(network, { backend, threads, contract });
        await network.#measure();
        return network;
      } catch (error) {
        failure = error; // the graphics processor may have been promised only
      }
    }
    throw failure;
  }

  /** Run it once; a first run is slower, so the second one is measured. */
  async #measure() {
    const { size } = this.contract;
    const blank = new Field(size, size).map((_, i) => i % 100);
    await this.logits(blank);
    const start = performance.now();
    await this.logits(blank);
    this.milliseconds = performance.now() - start;
  }

  /** The distribution over ab bins, { data: (Q, h / s, w / s), height, width }, as trained.
   *  lightness: (h, w), 0..100. hints: { ab: (h, w, 2), mask: (h, w) } of the same size, or null. */
  logits(lightness, hints = null) {
    const run = this.#turn.catch(() => {}).then(() => this.#run(lightness, hints));
    this.#turn = run;
    return run;
  }

  async #run({ height, width, data }, hints) {
    const { Tensor } = this.#runtime;
    const pixels = height * width;
    const planes = new Float32Array(2 * pixels);
    const mask = hints ? hints.mask.data : new Float32Array(pixels);
    if (hints) for (let i = 0; i < 2 * pixels; i += 1)
      planes[(i % 2) * pixels + Math.floor(i / 2)] = hints.ab.data[i];
    const scalar = () => new Tensor("float32", Float32Array.of(1), []);
    const feeds = {
      L: new Tensor("float32", data, [1, 1, height, width]),
      hint_ab: new Tensor("float32", planes, [1, 2, height, width]),
      hint_mask: new Tensor("float32", mask, [1, 1, height, width]),
      gamma: scalar(),
      temperature: scalar(),
    };
    const CHROMA_POWER = "chroma_power"; // files of earlier versions do not take it
    if (this.#session.inputNames.includes(CHROMA_POWER)) feeds[CHROMA_POWER] = scalar();
    const { logits } = await this.#session.run(feeds, ["logits"]);
    const [, , rows, columns] = logits.dims;
    const values = await logits.getData();
    if (!values.every(Number.isFinite)) throw new Error("the network returned no numbers; reload the page");
    return { data: values, height: rows, width: columns };
  }
}
