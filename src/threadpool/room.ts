import { PlaitError } from '../errors.ts'
import type { JobQueue } from './job-queue.ts'

/**
 * Called when queues are full: the first job whose client seems to have gone leaves them. Who closes a page closes the connection, and that looks like a client which half-closes and waits for
 * its answer. While there is room both are served; when there is none, those who surely wait come first.
 * @returns false when there is no such job
 */
export function makesRoom(queues: readonly JobQueue[]): boolean {
  for (const queue of queues) {
    for (let job = queue.first; job !== undefined; job = job.next) {
      if (job.sink.seemsGone !== true) continue
      queue.remove(job)
      const message =
        'The queue is full, and another request got the place of this one: its client has sent a FIN, so it may have gone'
      job.refuse(new PlaitError('PLAIT_POOL_FULL', message, { status: 503 }))
      return true
    }
  }
  return false
}
