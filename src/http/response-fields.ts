import { STATUS_CODES } from 'node:http'
import { PlaitError } from '../errors.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const ofTheBody: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
])

/** Status and fields of a response that a resource builds up. */
export class ResponseFields {
  code = 200
  message: string = 'OK'
  #fields: [lower: string, name: string, value: string][] = []

  setCode(code: number, message: string = STATUS_CODES[code] ?? 'Unknown Status'): void {
    if (!Number.isInteger(code) || code < 100 || code > 999) {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot set the status ${code}: it must be a whole number from 100 to 999`)
    }
    if (!VALUE.test(message)) {
      throw new PlaitError(
        'PLAIT_RESOURCE',
        `Cannot set the status ${code}: its message ${JSON.stringify(message)} has forbidden characters`,
      )
    }
    this.code = code
    this.message = message
  }

  set(name: string, value: string): void {
    checkField(name, value)
    this.remove(name)
    this.#fields.push([name.toLowerCase(), name, value])
  }

  add(name: string, value: string): void {
    checkField(name, value)
    this.#fields.push([name.toLowerCase(), name, value])
  }

  remove(name: string): void {
    const lower = name.toLowerCase()
    this.#fields = this.#fields.filter((field) => field[0] !== lower)
  }

  has(name: string): boolean {
    const lower = name.toLowerCase()
    return this.#fields.some((field) => field[0] === lower)
  }

  /** The last value of a field. */
  get(name: string): string | undefined {
    const lower = name.toLowerCase()
    return this.#fields.findLast((field) => field[0] === lower)?.[2]
  }

  /** As they go out. A 304 says nothing of a body that it has not (RFC 9110 section 15.4.5). */
  flat(): string[] {
    const fields = this.code === 304 ? this.#fields.filter(([lower]) => !ofTheBody.has(lower)) : this.#fields
    return fields.flatMap(([, name, value]) => [name, value])
  }
}

/** Is it a token (RFC 9110 section 5.6.2)? */
export function isFieldName(name: string): boolean {
  return TOKEN.test(name)
}

/** Has it only characters that a field value may have (RFC 9110 section 5.5)? */
export function isFieldValue(value: string): boolean {
  return VALUE.test(value)
}

/** Throws `PLAIT_RESOURCE` for what is no field. */
export function checkField(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new PlaitError('PLAIT_RESOURCE', `Cannot send the field ${JSON.stringify(name)}: it is no token`)
  if (!VALUE.test(value)) {
    throw new PlaitError(
      'PLAIT_RESOURCE',
      `Cannot send the field ${name}: its value ${JSON.stringify(value)} has forbidden characters`,
    )
  }
}

/** Is there a field of this name? `lower` is the name in lower case. */
export function hasField(headers: readonly string[], lower: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    if (name.length === lower.length && name.toLowerCase() === lower) return true
  }
  return false
}

/** Fields of which those set on the way and those of the response itself stand beside each other. */
const adding: ReadonlySet<string> = new Set(['set-cookie', 'vary', 'link'])

/** The fields of a response with those that were set on the way to it; its own win, but for those that add up. */
export function withEarlier(own: readonly string[], earlier: readonly string[]): readonly string[] {
  const names = new Set(own.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  // Its length is its own affair, said or not.
  names.add('content-length')
  const all = [...own]
  for (let index = 0; index < earlier.length; index += 2) {
    const lower = (earlier[index] as string).toLowerCase()
    if (adding.has(lower) || !names.has(lower)) all.push(earlier[index] as string, earlier[index + 1] as string)
  }
  return all
}

/** A 103 response (RFC 8297) as it goes out. Throws `PLAIT_RESOURCE` for what is no field. */
export function earlyHintsText(headers: readonly string[]): string {
  let text = 'HTTP/1.1 103 Early Hints\r\n'
  for (let index = 0; index < headers.length; index += 2) {
    checkField(headers[index] as string, headers[index + 1] as string)
    text += `${headers[index]}: ${headers[index + 1]}\r\n`
  }
  return `${text}\r\n`
}
