import { PlaitError } from '../errors.ts'
import { accessFields, oneWordFields, type AccessField, type LineTime } from './access-fields.ts'
import type { AccessRecord } from './access-log.ts'
import { escaped, oneWord } from './log-text.ts'

/** Makes the line of a request, without its end. */
export type AccessFormat = (record: AccessRecord, time: LineTime) => string

/** One object of JSON: the fields that say something. */
export function jsonLine(record: AccessRecord, time: LineTime): string {
  const line: Record<string, string | number> = {}
  for (const name in accessFields) {
    const value = (accessFields[name] as AccessField)(record, time)
    if (value !== undefined) line[name] = value
  }
  return JSON.stringify(line)
}

/**
 * Reads a format of the user's own: text with fields in braces, `{client} {method} {status} {queue} "{field:accept-language}"`. `{{` is a brace. What says nothing
 * is `-`, and what could end the line or a quotation is escaped.
 * @throws PlaitError `PLAIT_CONFIGURATION` for a field that there is not
 */
export function readFormat(format: string): AccessFormat {
  const parts: (string | AccessField)[] = []
  let end = 0
  for (const match of format.matchAll(/\{\{|\{([^{}]*)\}/g)) {
    parts.push(format.slice(end, match.index), match[1] === undefined ? '{' : textOf(match[1], format))
    end = match.index + match[0].length
  }
  parts.push(format.slice(end))
  if (/[\r\n]/.test(format)) throw unusable(format, 'it has more than one line')
  return (record, time) => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(record, time)
    return line
  }
}

function textOf(name: string, format: string): AccessField {
  const [, header] = /^field:([!#$%&'*+.^`|~\w-]+)$/.exec(name) ?? []
  const field: AccessField | undefined =
    header === undefined
      ? Object.hasOwn(accessFields, name)
        ? accessFields[name]
        : undefined
      : (record) => record.getHeader(header)
  if (field === undefined) {
    throw unusable(format, `there is no {${name}}. There are ${Object.keys(accessFields).join(', ')}, and field:NAME`)
  }
  const text = oneWordFields.has(name) ? oneWord : escaped
  return (record, time) => {
    const value = field(record, time)
    return value === undefined || value === '' ? '-' : typeof value === 'number' ? value : text(value)
  }
}

function unusable(format: string, why: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot use the format ${JSON.stringify(format)} of the access log: ${why}`)
}
