import type { LogFields, Logger } from '../log/logger.ts'

/** One message with its level and fields. */
export interface LogRecord {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps what it is told. */
export class RecordingLogger implements Logger {
  /** Everything logged, oldest first. */
  readonly records: LogRecord[] = []

  debug(message: string, fields: LogFields = {}): void {
    this.records.push({ level: 'debug', message, fields })
  }

  info(message: string, fields: LogFields = {}): void {
    this.records.push({ level: 'info', message, fields })
  }

  warn(message: string, fields: LogFields = {}): void {
    this.records.push({ level: 'warn', message, fields })
  }

  error(message: string, fields: LogFields = {}): void {
    this.records.push({ level: 'error', message, fields })
  }

  /** The records of one level. */
  of(level: LogRecord['level']): LogRecord[] {
    return this.records.filter((record) => record.level === level)
  }
}
