/** The head of a script's output (RFC 3875 section 6.2 and 6.3). */
import { STATUS_CODES } from 'node:http'
import { PlaitError } from '../../errors.ts'
import { isFieldName, isFieldValue } from '../../http/response-fields.ts'

/** What a script said of its response. */
export interface ScriptHead {
  readonly status: number
  readonly reason: string
  /** Flat, latin-1. */
  readonly fields: readonly string[]
  /** Content-Length; undefined when there was none. */
  readonly length: number | undefined
}

/** Bytes of a head. */
const LONGEST = 64 * 1024
const LF = 10
const CR = 13

/** The server's own affair. */
const dropped: ReadonlySet<string> = new Set([
  'server',
  'date',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
])

/** Finds the end of the head in a script's output. */
export class ScriptHeadReader {
  #parts: Buffer[] = []
  #size = 0
  /** Bytes of the line at hand, a CR at its end included. */
  #lineLength = 0
  #last = 0

  /** The output so far, for the log. */
  get seen(): string {
    return Buffer.concat(this.#parts).toString('latin1', 0, 200)
  }

  /**
   * Takes output.
   * @returns the head and what came behind it; undefined while more is to come
   * @throws PlaitError `PLAIT_APPLICATION` when it is no head
   */
  take(chunk: Buffer): { head: ScriptHead; rest: Buffer } | undefined {
    const end = this.#endIn(chunk)
    this.#parts.push(end < 0 ? chunk : chunk.subarray(0, end))
    this.#size += end < 0 ? chunk.length : end
    if (this.#size > LONGEST) throw malformed(`its head has more than ${LONGEST} bytes`)
    if (end < 0) return undefined
    return { head: parseScriptHead(Buffer.concat(this.#parts).toString('latin1')), rest: chunk.subarray(end) }
  }

  /** Behind the first empty line, or -1. */
  #endIn(chunk: Buffer): number {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number
      if (byte !== LF) {
        this.#lineLength++
        this.#last = byte
      } else if (this.#lineLength === 0 || (this.#lineLength === 1 && this.#last === CR)) return index + 1
      else this.#lineLength = 0
    }
    return -1
  }
}

/** @param text the lines with their ends, and the empty one behind them */
export function parseScriptHead(text: string): ScriptHead {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  let status: [number, string] | undefined
  let length: number | undefined
  let location = false
  const fields: string[] = []
  const [first = ''] = lines
  // What scripts say that speak HTTP themselves (section 5); the framing stays the server's.
  const statusLine = /^HTTP\/1\.[01] (\d{3}.*)$/.exec(first)?.[1]
  if (statusLine !== undefined) {
    status = parseStatus(statusLine)
    lines.shift()
  }
  if (lines.length === 0 && status === undefined) throw malformed('its head has no field')
  for (const line of lines) {
    const [name, value] = parseField(line)
    const lower = name.toLowerCase()
    if (lower === 'transfer-encoding') throw malformed('it gave a Transfer-Encoding: the framing is that of the server')
    if (lower === 'status') {
      if (status !== undefined) throw malformed('it gave more than one status')
      status = parseStatus(value)
    } else if (lower === 'content-length') {
      if (length !== undefined || !/^\d{1,15}$/.test(value)) throw malformed('its Content-Length is no number, or there are two')
      length = Number(value)
    } else if (dropped.has(lower)) continue
    if (lower === 'location') location = true
    if (lower !== 'status') fields.push(name, value)
  }
  const [code, reason] = status ?? (location ? [302, 'Found'] : [200, 'OK'])
  return { status: code, reason, fields, length }
}

function parseField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  if (!isFieldName(name) || !isFieldValue(value))
    throw malformed(`a line of its head is no field: ${JSON.stringify(line.slice(0, 100))}`)
  return [name, value]
}

function parseStatus(value: string): [number, string] {
  const match = /^([2-5]\d\d)(?:[ \t]+(.*))?$/.exec(value)
  if (match === null || !isFieldValue(match[2] ?? ''))
    throw malformed(`its status is none: ${JSON.stringify(value.slice(0, 100))}`)
  const code = Number(match[1])
  return [code, match[2] ?? STATUS_CODES[code] ?? 'Unknown Status']
}

/** The error for output that is no response. */
export function malformed(why: string): PlaitError {
  return new PlaitError('PLAIT_APPLICATION', `A CGI script gave no valid response: ${why}`, { status: 502 })
}
