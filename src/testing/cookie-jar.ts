/** The cookies of a client in a test: by name alone, because a test asks one server. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  /** The value of a cookie; undefined when there is none. */
  get(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  /** Sets one, as if the server had. */
  set(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  /** Forgets all. */
  clear(): void {
    this.#cookies.clear()
  }

  /** The Cookie field; `''` when there is none. */
  get field(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Takes the Set-Cookie fields of a response. @param rawHeaders flat */
  take(rawHeaders: readonly string[]): void {
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if ((rawHeaders[index] as string).toLowerCase() === 'set-cookie') this.#takeOne(rawHeaders[index + 1] as string)
    }
  }

  #takeOne(field: string): void {
    const [pair = '', ...attributes] = field.split(';')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals).trim()
    if (attributes.some(isPast)) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(equals + 1).trim())
  }
}

/** The attribute says that the cookie is to be forgotten (RFC 6265 section 5.2). */
function isPast(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=', 2).map((part) => part.trim())
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0
  return name.toLowerCase() === 'expires' && Date.parse(value) <= Date.now()
}
