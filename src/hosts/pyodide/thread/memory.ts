/** The memory of the interpreter, and the two buffers in it through which it and we exchange bytes. */
import type { Pyodide, PythonObject } from './pyodide.ts'

const PAGE = 64 * 1024

/** `WebAssembly.Memory`, which is in the types of browsers only. */
interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/**
 * Keeps interpreters of this thread from growing beyond `mebibytes`: then Python raises MemoryError. Call it before one is made.
 */
export function limitMemory(mebibytes: number): void {
  const { prototype } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly.Memory
  const grow = Reflect.get(prototype, 'grow') as WasmMemory['grow']
  prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE > mebibytes * 1024 ** 2) throw new RangeError('the memory limit is reached')
    return grow.call(this, pages)
  }
}

/** Emscripten's module, which Pyodide does not count among its public parts; the file system does not lead to the memory. */
function moduleOf(pyodide: Pyodide): { readonly HEAPU8: Uint8Array } {
  return Reflect.get(pyodide, '_module') as { readonly HEAPU8: Uint8Array }
}

/** A `bytearray` of Python that both sides see. Its place never changes: an export keeps it where it is. */
export class SharedBytes {
  readonly size: number
  readonly #pyodide: Pyodide
  readonly #start: number
  #heap: Buffer = Buffer.alloc(0)

  constructor(pyodide: Pyodide, object: PythonObject) {
    const { data } = object.getBuffer('u8')
    this.#pyodide = pyodide
    this.#start = data.byteOffset
    this.size = data.length
  }

  /** The memory as it is now: when it grows, it is another object. */
  get #memory(): Buffer {
    const { HEAPU8 } = moduleOf(this.#pyodide)
    if (HEAPU8.buffer !== this.#heap.buffer) this.#heap = Buffer.from(HEAPU8.buffer)
    return this.#heap
  }

  writeText(text: string): void {
    this.#memory.write(text, this.#start, this.size, 'latin1')
  }

  write(bytes: Uint8Array): void {
    this.#memory.set(bytes, this.#start)
  }

  /** A view, good until Python runs again. */
  view(start: number, end: number): Buffer {
    return this.#memory.subarray(this.#start + start, this.#start + end)
  }

  text(start: number, end: number): string {
    return this.#memory.toString('latin1', this.#start + start, this.#start + end)
  }

  copy(start: number, end: number): Uint8Array {
    return new Uint8Array(this.view(start, end))
  }
}
