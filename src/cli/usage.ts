import { CommanderError } from 'commander'

/** Exit code of a command line that makes no sense. */
export const USAGE_ERROR = 2

/** An error in the command line: one line, and exit code 2. */
export function usage(message: string): CommanderError {
  return new CommanderError(USAGE_ERROR, 'plait.usage', `error: ${message}`)
}
