/**
 * environ for a Python host, in the format of Python's `marshal`: only the codes `i` (int), `u` (text), `z` (short ASCII), `Z` (the same,
 * interned), `{ … 0` (dict), and no references. marshal is no stable format, so every host decodes {@link marshalSample} first.
 *
 * Everything is built as a latin-1 string (one character, one byte) and written into a buffer once for a whole batch: joining short
 * strings is much cheaper in V8 than many small writes into a buffer.
 */

const CODE_INT = 'i'
const CODE_TEXT = 'u'
const CODE_SHORT_ASCII = 'z'
const CODE_SHORT_INTERNED = 'Z'
const DICT = '{'
const END = '0'

// oxlint-disable-next-line no-control-regex -- the range is the point
const NOT_ASCII = /[^\x00-\x7f]/
const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
const SHORT: readonly string[] = BYTES.map((byte) => CODE_SHORT_ASCII + byte)

/** Encoded keys: the few that every request has, and the `HTTP_*` ones met so far. */
const encodedKeys = new Map<string, string>()
const MOST_KEYS = 2048

/** Starts a batch: a dict of request id → environ. */
export const batchStart: string = DICT
/** Ends it. */
export const batchEnd: string = END

/** Gives one entry of the batch. `pairs` is `[key, value, key, value …]`, latin-1 text. */
export function marshalEnviron(id: number, pairs: readonly string[]): string {
  let encoded = CODE_INT + int32(id) + DICT
  for (let index = 0; index < pairs.length; index += 2) {
    const value = pairs[index + 1] as string
    encoded += encodedKeys.get(pairs[index] as string) ?? encodeKey(pairs[index] as string)
    encoded += value.length > 255 || NOT_ASCII.test(value) ? CODE_TEXT + text(value) : (SHORT[value.length] as string) + value
  }
  return encoded + END
}

/** Gives one entry of the batch for a host whose marshal did not agree: the batch is then a JSON object. */
export function jsonEnviron(id: number, pairs: readonly string[]): string {
  const environ: Record<string, string> = Object.create(null) as Record<string, string>
  for (let index = 0; index < pairs.length; index += 2) environ[pairs[index] as string] = pairs[index + 1] as string
  // ASCII only, so that one character is one byte here too.
  return `"${id}":${asciiJSON(environ)}`
}

function asciiJSON(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function encodeKey(key: string): string {
  const plain = key.length <= 255 && !NOT_ASCII.test(key)
  const encoded = plain ? CODE_SHORT_INTERNED + (BYTES[key.length] as string) + key : CODE_TEXT + text(key)
  if (encodedKeys.size < MOST_KEYS) encodedKeys.set(key, encoded)
  return encoded
}

/** Length and UTF-8 bytes of `value`, one character for each byte. */
function text(value: string): string {
  const bytes = NOT_ASCII.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value
  return int32(bytes.length) + bytes
}

function int32(value: number): string {
  return String.fromCharCode(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255)
}

/** What the sample means: every code, a long and a non-ASCII text. */
export const sampleEnviron: readonly string[] = Object.freeze([
  'A',
  'b',
  'PATH_INFO',
  '/\u00e9\u00ff',
  'LONG',
  'x'.repeat(300),
  'EMPTY',
  '',
])

/** The bytes that every host decodes at start: `{1: sampleEnviron}`. */
export function marshalSample(): Buffer {
  return Buffer.from(batchStart + marshalEnviron(1, sampleEnviron) + batchEnd, 'latin1')
}

/** True when `decoded` (what the host made of the sample, through JSON) is what the sample means. */
export function isSample(decoded: unknown): boolean {
  const expected: Record<string, string> = {}
  for (let index = 0; index < sampleEnviron.length; index += 2)
    expected[sampleEnviron[index] as string] = sampleEnviron[index + 1] as string
  return JSON.stringify(decoded) === JSON.stringify({ 1: expected })
}
