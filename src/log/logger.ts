/**
 * The logger contract: what every room writes to. The command line passes a pino logger; tests pass a recorder.
 */

/** Fields that travel with a message (application, host, request id …). */
export type LogFields = Readonly<Record<string, unknown>>

/** Four levels, each taking a message and fields. Never throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** A logger that drops everything. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
})
