import { createHash } from 'node:crypto'
import type { MemoryPort, MemoryResponse } from '#src/testing.ts'
import { withAuthorization } from './guarded.ts'

/** The challenges of a response. */
export function challenges(response: MemoryResponse): Map<string, string>[] {
  return response.rawHeaders
    .filter((_, index) => response.rawHeaders[index - 1] === 'WWW-Authenticate')
    .map(
      (value) =>
        new Map(
          [...value.matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,]+))/g)].map((match) => [
            match[1] as string,
            match[2] ?? match[3] ?? '',
          ]),
        ),
    )
}

/** What a client of Digest sends; each part can be made wrong. */
export interface DigestParts {
  username: string
  password: string
  realm: string
  nonce: string
  uri: string
  method: string
  algorithm: string
  nc: string
  cnonce: string
  qop: string
}

/** The parts of a right request for a challenge. */
export function partsFor(challenge: ReadonlyMap<string, string>, uri: string): DigestParts {
  const [realm = '', nonce = '', algorithm = ''] = ['realm', 'nonce', 'algorithm'].map((name) => challenge.get(name))
  const user = { username: 'alice', password: 'open sesame' }
  return { ...user, realm, nonce, uri, method: 'GET', algorithm, nc: '00000001', cnonce: 'abc', qop: 'auth' }
}

export function responseOf(parts: DigestParts): string {
  const { username, realm, password, method, uri, nonce, nc, cnonce, qop, algorithm } = parts
  const hash = (text: string): string => createHash(algorithm.replace('-', '')).update(text).digest('hex')
  return hash(`${hash(`${username}:${realm}:${password}`)}:${nonce}:${nc}:${cnonce}:${qop}:${hash(`${method}:${uri}`)}`)
}

/** A value of Authorization. */
export function digest(parts: DigestParts): string {
  const { username, realm, uri, nonce, nc, cnonce, qop, algorithm } = parts
  const text = `Digest username="${username}", realm="${realm}", uri="${uri}", nonce="${nonce}", nc=${nc}, cnonce="${cnonce}", qop=${qop}, algorithm=${algorithm}, response="${responseOf(parts)}"`
  return Buffer.from(text).toString('latin1')
}

/** Asks for a challenge (the first of them) and answers it. */
export async function askFor(port: MemoryPort, target = '/'): Promise<DigestParts> {
  return partsFor(challenges(await port.request(`GET ${target}`))[0] ?? new Map(), target)
}

/** The response to a request with these parts. */
export function send(port: MemoryPort, parts: DigestParts, target = parts.uri): Promise<MemoryResponse> {
  return port.request(withAuthorization(target, digest(parts), parts.method))
}
