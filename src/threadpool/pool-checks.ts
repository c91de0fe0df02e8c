/** What is wrong with the options of a pool, and what it says when it has stopped. */
import { PlaitError } from '../errors.ts'

/** @throws PlaitError `PLAIT_CONFIGURATION` for sizes that make no sense */
export function checkSizes(minThreads: number, maxThreads: number): void {
  if (isCount(minThreads) && isCount(maxThreads) && maxThreads >= 1 && minThreads <= maxThreads) return
  throw misfit(
    `minThreads and maxThreads must be whole numbers, 0 ≤ minThreads ≤ maxThreads, 1 ≤ maxThreads, not ${minThreads} and ${maxThreads}`,
  )
}

/** @throws PlaitError `PLAIT_CONFIGURATION` for limits that make no sense */
export function checkLimits(
  processes: number,
  limits: { maxQueue?: number; maxStreams?: number; queueTimeout?: number; startTimeout?: number },
): void {
  const { maxQueue = 0, maxStreams = 0, queueTimeout = 0, startTimeout = 0 } = limits
  if (!isCount(processes) || processes < 1) throw misfit(`processes must be a whole number from 1, not ${processes}`)
  if (!isCount(maxQueue)) throw misfit(`maxQueue must be a whole number from 0, not ${maxQueue}`)
  if (!isCount(maxStreams)) throw misfit(`maxStreams must be a whole number from 0, not ${maxStreams}`)
  if (!(startTimeout >= 0)) throw misfit(`startTimeout must be a number of seconds from 0, not ${startTimeout}`)
  if (!(queueTimeout >= 0)) throw misfit(`queueTimeout must be a number of seconds from 0, not ${queueTimeout}`)
}

/** For requests that come too late. */
export function stopped(): PlaitError {
  return new PlaitError('PLAIT_POOL_STOPPED', 'The thread pool has been stopped', { status: 503 })
}

/** For a request that may not even wait. @param whose queue, in words */
export function queueFull(whose: string, requests: number): PlaitError {
  return new PlaitError('PLAIT_POOL_FULL', `The queue of ${whose} is full: ${requests} requests wait in it`, { status: 503 })
}

/** A whole number from 0. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function misfit(message: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot make the pool: ${message}`)
}
