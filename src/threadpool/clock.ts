/** The little of a reactor's time that a pool needs; any `Reactor` fits, and a test's `Clock`. */
export interface PoolClock {
  seconds(): number
  callLater(seconds: number, callable: () => void): { cancel(): void }
}

/** Real time. Its timers do not keep the process alive. */
export const systemClock: PoolClock = Object.freeze({
  seconds: () => performance.now() / 1000,
  callLater(seconds: number, callable: () => void) {
    const timer = setTimeout(callable, seconds * 1000)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
})
