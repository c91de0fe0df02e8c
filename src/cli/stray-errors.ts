import { inspect } from 'node:util'
import type { Logger } from '../log/logger.ts'

/**
 * Logs what code of the user's throws where nobody catches it (in a timer, a listener, a promise that nobody waits for), and lives on, as Twisted's reactor does: a
 * mistake in one script must not end all that is served beside it.
 * @returns ends that
 */
export function surviveStrayErrors(log: Logger): () => void {
  const thrown = (error: unknown): void => log.error('An error that nobody caught', { error: described(error) })
  const rejected = (reason: unknown): void =>
    log.error('A promise was rejected that nobody waited for', { error: described(reason) })
  process.on('uncaughtException', thrown).on('unhandledRejection', rejected)
  return () => void process.off('uncaughtException', thrown).off('unhandledRejection', rejected)
}

/** Never throws, whatever was thrown. */
function described(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : inspect(error)
  } catch {
    return 'a value that cannot be shown'
  }
}
