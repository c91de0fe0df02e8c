/** The response with an open file: whole, in parts, or only its head. */
import { STATUS_CODES } from 'node:http'
import { randomBytes } from 'node:crypto'
import { PlaitError } from '../../errors.ts'
import { closeNow, closeQuietly, FileTransfer, readPart } from '../../http/file-body.ts'
import type { FilePart } from '../../http/file-body.ts'
import { evaluatePreconditions, ifRangeHolds } from '../../http/preconditions.ts'
import { parseRanges } from '../../http/ranges.ts'
import type { ByteRange } from '../../http/ranges.ts'
import type { Request } from '../../http/request.ts'

import type { Representation } from './representation.ts'

/** A file up to this size is read at once and leaves with the head. */
const wholeFile = 64 * 1024

/** Answers `request` with a file, and closes it. Fulfilled when the response is over, either way. */
export async function sendFile(request: Request, file: Representation): Promise<void> {
  const status = request.responseCode
  // Conditions and ranges are about a 200 (RFC 9110 section 13.2.1).
  if (status !== 200) return sendPart(request, status, file, { first: 0, last: file.size - 1 })
  const refused = evaluatePreconditions(request, file)
  if (refused !== undefined) return sendNothing(request, refused, file, refused === 304 ? file.headers : [])
  const field = request.method === 'GET' ? request.getHeader('range') : undefined
  const ranges = field !== undefined && ifRangeHolds(request, file) ? parseRanges(field, file.size) : undefined
  if (ranges === undefined) return sendPart(request, 200, file, { first: 0, last: file.size - 1 })
  const [only] = ranges
  if (only === undefined) return sendNothing(request, 416, file, ['Content-Range', `bytes */${file.size}`])
  if (ranges.length === 1) return sendPart(request, 206, file, only)
  return sendParts(request, file, ranges)
}

/** A response without content. */
function sendNothing(request: Request, status: number, file: Representation, fields: readonly string[]): void {
  closeNow(file.descriptor)
  const length = status === 304 ? [] : ['Content-Length', '0']
  if (!request.disconnected) request.sendWhole(status, STATUS_CODES[status] ?? '', [...fields, ...length], undefined)
}

/** One range as the whole content. */
async function sendPart(request: Request, status: number, file: Representation, { first, last }: ByteRange): Promise<void> {
  const length = last - first + 1
  const headers = ['Content-Type', file.type, 'Content-Length', String(length), ...file.headers]
  if (status === 206) headers.push('Content-Range', contentRange(file, { first, last }))
  const reason = STATUS_CODES[status] ?? 'Unknown Status'
  const bodyless = request.method === 'HEAD' || length === 0
  if (bodyless || request.disconnected) {
    closeNow(file.descriptor)
    if (!request.disconnected) request.sendWhole(status, reason, headers, undefined)
    return
  }
  const part = { descriptor: file.descriptor, offset: first, length }
  if (length > wholeFile) {
    sendHeadOrClose(request, status, reason, headers, part.descriptor)
    if (await transfer(request, part, false)) request.finish()
    return
  }
  const bytes = await readWhole(part)
  if (!request.disconnected) request.sendWhole(status, reason, headers, bytes)
}

/** Several ranges (RFC 9110 section 14.6). */
async function sendParts(request: Request, file: Representation, ranges: readonly ByteRange[]): Promise<void> {
  const boundary = randomBytes(16).toString('hex')
  const heads = ranges.map((range) =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${file.type}\r\nContent-Range: ${contentRange(file, range)}\r\n\r\n`,
      'latin1',
    ),
  )
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  let length = end.length
  ranges.forEach(({ first, last }, index) => (length += (heads[index] as Buffer).length + last - first + 1))
  const own = ['Content-Type', `multipart/byteranges; boundary=${boundary}`, 'Content-Length', String(length), ...file.headers]
  sendHeadOrClose(request, 206, 'Partial Content', own, file.descriptor)
  for (const [index, { first, last }] of ranges.entries()) {
    request.writeChunk(heads[index] as Buffer, ignored)
    const part = { descriptor: file.descriptor, offset: first, length: last - first + 1 }
    if (!(await transfer(request, part, true))) return
  }
  closeQuietly(file.descriptor)
  request.write(end)
  request.finish()
}

/**
 * Sends a part of the file behind the head.
 * @returns false when the client has gone: the file is closed then
 * @throws PlaitError when the rest of the file cannot be read (it is closed, too): the site logs it and cuts the connection
 */
function transfer(request: Request, part: FilePart, keepOpen: boolean): Promise<boolean> {
  if (request.disconnected) {
    closeQuietly(part.descriptor)
    return Promise.resolve(false)
  }
  const { onDisconnect } = request
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined): void => {
      request.onDisconnect = onDisconnect
      if (error === undefined) resolve(true)
      else reject(new PlaitError('PLAIT_RESOURCE', `Cannot send the rest of a file: ${error.message}`, { cause: error }))
    }
    const running = new FileTransfer(request, part, done, { keepOpen })
    const lost = (): void => {
      running.stop()
      resolve(false)
      onDisconnect?.()
    }
    request.onDisconnect = lost
  })
}

function sendHeadOrClose(request: Request, status: number, reason: string, headers: readonly string[], descriptor: number): void {
  try {
    request.sendHead(status, reason, headers)
  } catch (error) {
    closeQuietly(descriptor)
    throw error
  }
}

function readWhole(part: FilePart): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readPart(part, (error, bytes) => {
      if (error !== undefined) reject(error)
      else if (bytes.length === part.length) resolve(bytes)
      // Truncated since it was opened: of what was announced nothing is true any more.
      else reject(new PlaitError('PLAIT_RESOURCE', 'Cannot send a file: it became shorter while it was read'))
    })
  })
}

function contentRange(file: Representation, { first, last }: ByteRange): string {
  return `bytes ${first}-${last}/${file.size}`
}

function ignored(): void {
  // the transfer behind it waits for its own
}
