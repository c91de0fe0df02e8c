/** What the client gets when an application's run ended without a response. */
import type { PlaitError } from '../errors.ts'
import type { FailurePage } from '../resource/failure.ts'

/** Seconds after which a client that was refused for load may try again. */
const retryAfter = '5'

/**
 * The page for an outcome.
 * @param id by which the page and the log line find each other
 */
export function refusalPage(outcome: PlaitError, id: string, displayTracebacks: boolean): FailurePage {
  switch (outcome.code) {
    case 'PLAIT_POOL_FULL':
    case 'PLAIT_QUEUE_TIMEOUT':
    case 'PLAIT_POOL_STOPPED':
      return {
        status: 503,
        brief: 'Service Unavailable',
        detail: 'The server has more requests than it can serve now. Try again in a moment.',
        traceback: '',
        headers: ['Retry-After', retryAfter],
      }
    case 'PLAIT_HOST_LOST':
    case 'PLAIT_HOST_ENDED':
      return {
        status: 502,
        brief: 'Bad Gateway',
        detail: `The process that answered this request has ended. The failure is in the server's log under ${id}.`,
        traceback: '',
      }
    case 'PLAIT_TIMEOUT':
      return {
        status: 504,
        brief: 'Gateway Timeout',
        detail: `The application took too long to answer this request. Where it stood is in the server's log under ${id}.`,
        traceback: displayTracebacks ? (outcome.detail ?? '') : '',
      }
    default:
      return {
        status: outcome.status ?? 500,
        brief: 'Internal Server Error',
        detail: `The application could not answer this request. The failure is in the server's log under ${id}.`,
        traceback: displayTracebacks ? (outcome.detail ?? outcome.message) : '',
      }
  }
}
