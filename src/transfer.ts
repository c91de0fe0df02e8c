/** What moves from one thread to another, instead of being copied. */
import type { Transferable } from 'node:worker_threads'

const marked = new WeakMap<object, readonly Transferable[]>()

/**
 * Marks an argument of `callInThread`, or the result of a function that is called so: what is in the list moves to the other thread, and is empty here from then on.
 *
 *     await pool.deferToThread('./tasks.ts#resize', transfer(pixels, [pixels.buffer]))
 *
 * @param value what is given
 * @param list buffers, ports and the like in it (`postMessage`'s list of transferables)
 * @returns the same value
 */
export function transfer<Value extends object>(value: Value, list: readonly Transferable[]): Value {
  marked.set(value, list)
  return value
}

/** What was marked to move along with these values. */
export function transferOf(values: readonly unknown[]): Transferable[] {
  return values.flatMap((value) => (typeof value === 'object' && value !== null ? (marked.get(value) ?? []) : []))
}
