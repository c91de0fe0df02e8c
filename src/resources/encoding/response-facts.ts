/** What the fields of a response say about a content coding, after one pass over them. */
export interface ResponseFacts {
  /** Content-Type; '' when there is none. */
  readonly type: string
  /** Content-Length; undefined when it is not known. */
  readonly length: number | undefined
  /** ETag; '' when there is none. */
  readonly etag: string
  /** It is encoded already, is a part, or has a digest or an order that a coding would break. */
  readonly fixed: boolean
}

/** Digests of the bytes as they are sent (RFC 9530, and those before it). */
const fixing: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-range',
  'content-digest',
  'content-md5',
  'digest',
  'repr-digest',
])

/** @param headers flat */
export function responseFacts(headers: readonly string[]): ResponseFacts {
  let type = ''
  let etag = ''
  let length: number | undefined
  let fixed = false
  for (let index = 0; index < headers.length; index += 2) {
    const lower = (headers[index] as string).toLowerCase()
    const value = headers[index + 1] as string
    if (lower === 'content-type') type = value
    else if (lower === 'content-length') length = Number(value)
    else if (lower === 'etag') etag = value
    // RFC 9110 section 7.7: also for whoever stands between the resource and its client here.
    else if (lower === 'cache-control') fixed ||= /(?:^|,)\s*no-transform\s*(?:,|$)/i.test(value)
    else if (fixing.has(lower)) fixed ||= lower !== 'content-encoding' || value.trim().toLowerCase() !== 'identity'
  }
  return { type, length, etag, fixed }
}
