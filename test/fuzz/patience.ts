/**
 * Calls `end` after so many seconds, unless it was cancelled. Second by second, so that what has come is taken in between: on a busy machine a timer may be due long before this process gets to run.
 * @returns cancels
 */
export function patience(seconds: number, end: () => void): () => void {
  let left = seconds
  let timer: NodeJS.Timeout
  const wait = (): void => {
    timer = setTimeout(() => (--left > 0 ? wait() : end()), 1000)
  }
  wait()
  return () => clearTimeout(timer)
}
