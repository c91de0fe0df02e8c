const LONGEST = 5000

/**
 * Lets the event loop turn until `condition` holds: until a request has come as far as a test wants it.
 * @param what shown when 5 seconds have passed without it
 * @throws Error then
 */
export async function until(condition: () => boolean, what: string = condition.toString()): Promise<void> {
  const deadline = performance.now() + LONGEST
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${LONGEST / 1000} s for this, in vain: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
