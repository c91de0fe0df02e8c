import type { X509Certificate } from 'node:crypto'

/**
 * The names of servers for which a certificate is made, lower case: those of its subjectAltName, or its common name when it has none (RFC 9525 forbids
 * clients to look at that, and old ones do).
 */
export function serverNamesOf(certificate: X509Certificate): string[] {
  // Node writes what could be mistaken for a second name in quotes: such a name is no name of a server.
  const entries = (certificate.subjectAltName ?? '').split(', ')
  const names = entries.filter((entry) => entry.startsWith('DNS:')).map((entry) => entry.slice(4))
  const [, common] = certificate.subjectAltName === undefined ? (/^CN=(.*)$/m.exec(certificate.subject ?? '') ?? []) : []
  if (common !== undefined) names.push(common)
  return names.filter((name) => /^(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(name)).map((name) => name.toLowerCase())
}

/** What belongs to which name of a server. A wildcard stands for one label (RFC 9525 section 6.3). */
export class ServerNames<Value> {
  readonly #values = new Map<string, Value>()

  /** Adds a value under a name, unless it has one. */
  add(name: string, value: Value): void {
    if (!this.#values.has(name)) this.#values.set(name, value)
  }

  find(serverName: string): Value | undefined {
    const name = serverName.toLowerCase().replace(/\.$/, '')
    const dot = name.indexOf('.')
    return this.#values.get(name) ?? (dot > 0 ? this.#values.get(`*${name.slice(dot)}`) : undefined)
  }
}
