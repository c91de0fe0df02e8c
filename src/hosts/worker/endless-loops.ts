import { setFlagsFromString } from 'node:v8'

/** From this version on, Node's V8 unrolls loops in optimized code in a way that can take the check out of them by which a thread is ended from outside. */
const FIRST_NODE = 23

let done = false

/**
 * Sees to it that every thread can be ended, whatever it runs. `for (;;) new Array(1000)` cannot be in Node 24 and 26: neither by `worker.terminate()` nor by its memory limit,
 * which then takes the whole process along. Without the optimization it can.
 */
export function letLoopsEnd(): void {
  if (done || Number.parseInt(process.versions.node, 10) < FIRST_NODE) return
  done = true
  setFlagsFromString('--no-turboshaft-loop-unrolling')
}
