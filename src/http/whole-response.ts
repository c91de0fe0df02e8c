import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { PlaitError } from '../errors.ts'
import { serverSoftware } from '../version.ts'
import { isFieldName, isFieldValue } from './response-fields.ts'

/** A body up to this size is copied into one write with its head. */
export const SHORT_BODY: number = 8 * 1024

/** Fields of a response as they go out, and what they already say. */
interface FieldBlock {
  readonly text: string
  /** Value of Content-Length, if there is one. */
  readonly length: string | undefined
  /** It has fields that only node:http may write. */
  readonly special: boolean
}

const OWNED = new Set(['connection', 'transfer-encoding', 'keep-alive', 'upgrade', 'trailer'])

/** Blocks by the very array: gateways give the same array for many responses, and such arrays never change. */
const blocks = new WeakMap<readonly string[], FieldBlock>()

/** A short, whole response. */
export interface WholeResponse {
  readonly status: number
  readonly reason: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/**
 * Writes a short, whole response to HTTP/1.1 in one piece, past node:http's `OutgoingMessage` (which is a third of what node:http costs
 * for a small response). Gives false, with nothing written, when node:http has to do it. After true the caller tells node:http, with the
 * event `finish` of `response`, that the next one may come.
 * Throws `PLAIT_RESOURCE` when a field is none.
 */
export function writeWhole(response: ServerResponse, socket: Duplex, whole: WholeResponse): boolean {
  const { status, reason, headers, body } = whole
  // Not its turn yet, or the connection is to be closed behind it.
  if (response.socket !== socket || !response.shouldKeepAlive || !socket.writable || status < 200 || status > 599) return false
  const block = blocks.get(headers) ?? learn(headers)
  const length = String(body.length)
  if (block.special || (block.length !== undefined && block.length !== length) || !isFieldValue(reason)) return false
  const size = block.length === undefined ? `Content-Length: ${length}\r\n` : ''
  socket.write(`HTTP/1.1 ${status} ${reason}\r\n${block.text}${size}${date()}\r\n${body.toString('latin1')}`, 'latin1')
  return true
}

function learn(headers: readonly string[]): FieldBlock {
  let text = ''
  let length: string | undefined
  let special = false
  let server = false
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    const value = headers[index + 1] as string
    if (!isFieldName(name) || !isFieldValue(value)) {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot send the response: the field ${JSON.stringify(name)} is invalid`, {
        status: 500,
      })
    }
    const lower = name.toLowerCase()
    if (lower === 'content-length') length = value
    else if (lower === 'server') server = true
    // A Date of the application's own is rare enough to go the long way.
    else if (lower === 'date' || OWNED.has(lower)) special = true
    text += `${name}: ${value}\r\n`
  }
  const block = { text: server ? text : `${text}Server: ${serverSoftware}\r\n`, length, special }
  blocks.set(headers, block)
  return block
}

let second = 0
let dateField = ''

/** The Date field, made once a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    dateField = `Date: ${new Date(now * 1000).toUTCString()}\r\n`
  }
  return dateField
}
