import { PlaitError } from '../errors.ts'
import { hasField, isFieldName, isFieldValue } from './response-fields.ts'

/** Fields for every response that does not set them itself: a value, or several for a field that comes more than once. */
export type DefaultHeaders = Readonly<Record<string, string | readonly string[]>>

/** What one response says of itself, and no rule for all can. */
const ofOneResponse: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-encoding',
  'content-range',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The fields that a site adds to its responses. */
export class DefaultFields {
  readonly #fields: readonly (readonly [lower: string, name: string, value: string])[]
  /** By the very array: gateways give the same array for many responses. */
  readonly #completed = new WeakMap<readonly string[], readonly string[]>()

  /** Throws `PLAIT_CONFIGURATION` for what is no field, or belongs to one response alone. */
  constructor(headers: DefaultHeaders) {
    this.#fields = Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value: string) => checked(name, value)),
    )
  }

  /** `headers` with the fields that are not there. For arrays that come again. */
  complete(headers: readonly string[]): readonly string[] {
    let all = this.#completed.get(headers)
    if (all === undefined) this.#completed.set(headers, (all = this.completeOnce(headers)))
    return all
  }

  /** `headers` with the fields that are not there. */
  completeOnce(headers: readonly string[]): readonly string[] {
    const missing = this.#fields.filter(([lower]) => !hasField(headers, lower))
    return missing.length === 0 ? headers : [...headers, ...missing.flatMap(([, name, value]) => [name, value])]
  }
}

function checked(name: string, value: unknown): [lower: string, name: string, value: string] {
  const lower = name.toLowerCase()
  const wrong = !isFieldName(name)
    ? 'the name is no token'
    : ofOneResponse.has(lower)
      ? 'each response has its own'
      : typeof value !== 'string' || !isFieldValue(value)
        ? `the value ${JSON.stringify(value)} is no text of latin-1 without control characters`
        : undefined
  if (wrong === undefined) return [lower, name, value as string]
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use the option defaultHeaders: ${JSON.stringify(name)}: ${wrong}`)
}
