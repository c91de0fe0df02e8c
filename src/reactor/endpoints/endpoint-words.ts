import { PlaitError } from '../../errors.ts'

/** One of the words between the colons of an endpoint string: `value`, or `key=value`. */
export interface EndpointWord {
  readonly key: string | undefined
  readonly value: string
}

/** The error for an endpoint string that cannot be. */
export function wrongEndpoint(text: string, what: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot listen on ${JSON.stringify(text)}: ${what}`)
}

/**
 * Splits an endpoint string at its colons (Twisted: `_tokenize`). A backslash takes the meaning from the character behind it. The first `=` of a word
 * ends its key where that is a name; `/a=b` is a value.
 * @throws PlaitError `PLAIT_CONFIGURATION` when nothing follows a backslash
 */
export function splitEndpoint(text: string): EndpointWord[] {
  const words: EndpointWord[] = []
  let key: string | undefined
  let value = ''
  let escaped = false
  for (const [piece] of text.matchAll(/\\[^]|[:=]|[^\\:=]+|\\/g)) {
    if (piece === '\\') throw wrongEndpoint(text, 'nothing follows the backslash at its end')
    if (piece === ':') {
      words.push({ key, value })
      key = undefined
      value = ''
      escaped = false
    } else if (piece === '=' && key === undefined && !escaped && /^\w+$/.test(value)) {
      key = value
      value = ''
    } else {
      escaped ||= piece.startsWith('\\')
      value += piece.startsWith('\\') ? piece.slice(1) : piece
    }
  }
  return [...words, { key, value }]
}

/**
 * `text` as it stands in an endpoint string (Twisted: `quoteStringArgument`).
 *
 *     serverFromString(reactor, `unix:${quoteStringArgument(path)}`)
 */
export function quoteStringArgument(text: string): string {
  return text.replaceAll(/[\\:=]/g, String.raw`\$&`)
}

/** The words of an endpoint by name. Words without a key take the names of `positional` in order. */
export class EndpointArguments {
  readonly #text: string
  readonly #values = new Map<string, string>()

  /**
   * @param text the endpoint, for messages
   * @param positional names in Twisted's order
   * @param further names that are given by `key=value` only
   */
  constructor(text: string, words: readonly EndpointWord[], positional: readonly string[], further: readonly string[] = []) {
    this.#text = text
    const known = [...positional, ...further]
    let position = 0
    for (const { key, value } of words) {
      const name = key ?? positional[position++]
      if (name === undefined) throw this.wrong(`there is one value too many: ${JSON.stringify(value)}`)
      if (!known.includes(name)) throw this.wrong(`${JSON.stringify(name)} is not one of ${known.join(', ')}`)
      if (this.#values.has(name)) throw this.wrong(`${name} is given twice`)
      this.#values.set(name, value)
    }
  }

  wrong(what: string): PlaitError {
    return wrongEndpoint(this.#text, what)
  }

  /** The value of `name`; undefined when there is none, or when it is empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return value === '' ? undefined : value
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    if (!/^\d{1,9}$/.test(value)) throw this.wrong(`${JSON.stringify(value)} is no number`)
    return Number(value)
  }

  /** @param missing the port where none is given. @default an error */
  port(missing?: number): number {
    const value = this.number('port') ?? missing
    if (value === undefined) throw this.wrong('the port is missing')
    if (value > 65535) throw this.wrong(`${value} is no port: ports go from 0 to 65535`)
    return value
  }

  /** One of `choices`. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name)
    if (value === undefined || choices.includes(value as Choice)) return value as Choice | undefined
    throw this.wrong(`${name} is ${JSON.stringify(value)}, and must be ${choices.join(' or ')}`)
  }
}
