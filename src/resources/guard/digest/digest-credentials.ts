/** What a client shows by Digest authentication (RFC 7616 section 3.4). */
import { createHash } from 'node:crypto'
import type { Credentials } from '../credentials.ts'
import { sameText } from '../same-text.ts'

/** The hash functions of RFC 7616 that are offered here. */
export type DigestAlgorithm = 'SHA-256' | 'MD5'

const functions: Readonly<Record<DigestAlgorithm, string>> = { 'SHA-256': 'sha256', MD5: 'md5' }

/** The hash of text in hexadecimal digits. @param bytes as latin-1 text */
export function digestOf(algorithm: DigestAlgorithm, bytes: string): string {
  return createHash(functions[algorithm]).update(bytes, 'latin1').digest('hex')
}

/** H(A1) of section 3.4.2: what may be stored in place of a password. */
export function passwordDigest(
  algorithm: DigestAlgorithm,
  { username, realm, password }: Record<'username' | 'realm' | 'password', string>,
): string {
  return digestOf(algorithm, Buffer.from(`${username}:${realm}:${password}`, 'utf8').toString('latin1'))
}

/** What was read out of the field, and of the request. */
export interface DigestResponse {
  readonly username: string
  readonly realm: string
  readonly algorithm: DigestAlgorithm
  readonly response: string
  /** Everything between H(A1) and H(A2): nonce, nc, cnonce and qop. */
  readonly middle: string
  readonly method: string
  readonly uri: string
  /** Uses up the count of the nonce, once the response is known to be right; false when that cannot be. */
  readonly spend: () => boolean
}

/** Proves that the client knows a password. */
export class DigestCredentials implements Credentials {
  readonly #shown: DigestResponse
  #spent: boolean | undefined

  constructor(shown: DigestResponse) {
    this.#shown = shown
  }

  get username(): string {
    return this.#shown.username
  }

  get realm(): string {
    return this.#shown.realm
  }

  get algorithm(): DigestAlgorithm {
    return this.#shown.algorithm
  }

  /** The client knows the password, but its nonce is used up: it may try again with another, without asking its user. */
  get stale(): boolean {
    return this.#spent === false
  }

  /** Does the client know this password? True at most once for each count of a nonce. */
  checkPassword(password: string): boolean {
    const { algorithm, username, realm } = this.#shown
    return this.checkHash(passwordDigest(algorithm, { username, realm, password }))
  }

  /** As {@link checkPassword}, by H(A1): the hash of `user:realm:password`, in hexadecimal digits. */
  checkHash(hash: string): boolean {
    const { algorithm, response, middle, method, uri } = this.#shown
    const expected = digestOf(algorithm, `${hash.toLowerCase()}:${middle}:${digestOf(algorithm, `${method}:${uri}`)}`)
    if (!sameText(expected, response)) return false
    this.#spent ??= this.#shown.spend()
    return this.#spent
  }
}
