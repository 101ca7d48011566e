/** The package's C kernel (`photochrom/pipeline/full_size.c`), compiled to WebAssembly. */

const ALIGNED = 16; // bytes
const PAGE = 2 ** 16;
const VERSION = 4n; // of the structs, as in `photochrom._system.kernel`

/** Its memory is handed out in a stack: `scoped` frees what was placed during its work. */
export class Kernel {
  #end;

  constructor(exports) {
    Object.assign(this, { exports });
    this.#end = exports.__heap_base.value;
    if (exports.photochrom_kernel_version() !== VERSION)
      throw new Error("kernel.wasm is of another version: build the site again");
  }

  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} is missing on this site`);
    const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer());
    return new Kernel(instance.exports);
  }

  get #buffer() { return this.exports.memory.buffer; }

  /** Room for so many bytes; returns its address. */
  reserve(bytes) {
    const start = Math.ceil(this.#end / ALIGNED) * ALIGNED;
    this.#end = start + bytes;
    const missing = this.#end - this.#buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / PAGE));
    return start;
  }

  /** Copy a typed array into the memory; returns its address. */
  place(array) {
    const start = this.reserve(array.byteLength);
    new array.constructor(this.#buffer, start, array.length).set(array);
    return start;
  }

  /** A view of `length` numbers of a kind at an address; valid until more memory is taken. */
  view(Kind, start, length) { return new Kind(this.#buffer, start, length); }

  /** Run `work`, then free what it placed. */
  scoped(work) {
    const before = this.#end;
    try {
      return work();
    } finally {
      this.#end = before;
    }
  }

  /** The same for work that waits; only one at a time may. */
  async scopedAsync(work) {
    const before = this.#end;
    try {
      return await work();
    } finally {
      this.#end = before;
    }
  }

  /** Write a C struct; fields: pairs of a kind ("i32", "i64", "f32", "pointer") and a number, or
   *  several of a kind. Returns its address. */
  struct(fields) {
    const sizes = { i32: 4, i64: 8, f32: 4, pointer: 4 };
    let bytes = 0;
    const places = fields.flatMap(([kind, ...values]) => values.map((value) => {
      bytes = Math.ceil(bytes / sizes[kind]) * sizes[kind];
      bytes += sizes[kind];
      return { kind, value, at: bytes - sizes[kind] };
    }));
    const start = this.reserve(bytes);
    const view = new DataView(this.#buffer, start, bytes);
    for (const { kind, value, at } of places) {
      if (kind === "f32") view.setFloat32(at, value, true);
      else if (kind === "i64") view.setBigInt64(at, BigInt(value), true);
      else view.setInt32(at, value, true);
    }
    return start;
  }
}
