/** How much memory a worker thread has. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ResourceLimits, Worker } from 'node:worker_threads'
import { evaluateIn } from './inspected-threads.ts'

const MIB = 1024 ** 2
/** What V8 may take before it collects garbage, beside a multiple of what lives. */
const SLACK_MIB = 32
/** What a thread may allocate at once, in one call that cannot be interrupted. */
const LEAP_MIB = 1024
/** With a larger heap V8 lets far more garbage lie: see `MemoryController::MaxGrowingFactor` there. */
const MODEST_HEAP_MIB = 2047
/** Asks that little is wanted of an application that has its own ideas of `process`. */
const USAGE = `(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())`

/** What the memory of a thread is measured by. */
export interface MemoryLimit {
  /** As the user gave it. */
  readonly mebibytes: number
  /** Bytes that it may keep: more than that when garbage was collected, and it is replaced. */
  readonly kept: number
  /** Bytes, with garbage, beyond which it is ended at once. */
  readonly most: number
  /**
   * V8's own. Far above: V8 ends the whole process where one allocation leaps over its limit, and a limit that is watched from outside is noticed late. But not so far that
   * it lets garbage lie until `most`.
   */
  readonly resourceLimits: ResourceLimits
}

/** The limits of a thread that is to have so many MiB. */
export function memoryLimit(mebibytes: number): MemoryLimit {
  const most = 2 * mebibytes + SLACK_MIB
  const heap = Math.min(most + LEAP_MIB, Math.max(MODEST_HEAP_MIB, most + LEAP_MIB / 2))
  return { mebibytes, kept: mebibytes * MIB, most: most * MIB, resourceLimits: { maxOldGenerationSizeMb: heap } }
}

/** In Node from 22.16 and 24. */
interface Measurable {
  getHeapStatistics?: () => Promise<{ readonly used_heap_size: number; readonly external_memory: number }>
}

/**
 * Bytes in the heap of a thread, garbage included, and in its buffers outside. Also while it runs a loop without end; not before it is online.
 * @returns undefined when it ends before it can answer
 */
export async function memoryOf(worker: Worker): Promise<number | undefined> {
  const measurable: Worker & Measurable = worker
  if (measurable.getHeapStatistics === undefined) return numberOf(await evaluateIn(worker, USAGE))
  try {
    const { used_heap_size, external_memory } = await measurable.getHeapStatistics()
    return used_heap_size + external_memory
  } catch {
    return undefined
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}

let collectGarbage: (() => void) | undefined

/** Collects the garbage of this thread. @returns bytes that are left */
export function collected(): number {
  for (let tries = 0; collectGarbage === undefined && tries < 10; tries++) collectGarbage = findCollector()
  collectGarbage?.()
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

/** Undefined when another thread has been in the way: flags are the process's. */
function findCollector(): (() => void) | undefined {
  // Of a program that was started with --expose-gc.
  if (typeof globalThis.gc === 'function') return globalThis.gc as () => void
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  return typeof found === 'function' ? (found as () => void) : undefined
}
