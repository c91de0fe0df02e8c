/**
 * Waits for `condition` to give something true, and gives that.
 * @param what shown when `seconds` have passed without it
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  seconds = 20,
): Promise<Exclude<T, undefined | false | null | 0 | ''>> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const value = await condition()
    if (value) return value as Exclude<T, undefined | false | null | 0 | ''>
    if (performance.now() > deadline) throw new Error(`Waited ${seconds} s for this, in vain: ${what}`)
    await pause(0.02)
  }
}

/** Waits `seconds`. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}
