/** The password hash of `htpasswd -m`: MD5-crypt of FreeBSD, with a magic of its own (`$apr1$`). */
import { createHash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ROUNDS = 1000
/** Which bytes of the result make up each group of characters. */
const GROUPS: readonly (readonly number[])[] = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
]

/** The hash of a password in the manner of `stored`, a hash that begins with `$apr1$salt$` or `$1$salt$`. */
export function apr1(password: string, stored: string): string {
  const [, name = '', salt = ''] = stored.split('$')
  const magic = `$${name}$`
  const secret = Buffer.from(password, 'utf8')
  let state = firstState(secret, magic, salt)
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1
    const parts = [odd ? secret : state]
    if (round % 3 !== 0) parts.push(Buffer.from(salt))
    if (round % 7 !== 0) parts.push(secret)
    parts.push(odd ? state : secret)
    state = md5(...parts)
  }
  return `${magic}${salt}$${encode(state)}`
}

function firstState(secret: Buffer, magic: string, salt: string): Buffer {
  const both = md5(secret, Buffer.from(salt), secret)
  const parts: Buffer[] = [secret, Buffer.from(magic + salt)]
  for (let left = secret.length; left > 0; left -= both.length) parts.push(both.subarray(0, Math.min(left, both.length)))
  // The length, bit by bit: a zero for a one, and the first byte of the password for a zero. So it was written in 1994.
  for (let bits = secret.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? Buffer.of(0) : secret.subarray(0, 1))
  return md5(...parts)
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function encode(state: Buffer): string {
  const group = (bytes: readonly number[], characters: number): string => {
    let value = bytes.reduce((sum, index) => sum * 256 + (state[index] as number), 0)
    let text = ''
    for (let at = 0; at < characters; at++) {
      text += ALPHABET[value % 64]
      value = Math.floor(value / 64)
    }
    return text
  }
  return GROUPS.map((bytes) => group(bytes, 4)).join('') + group([11], 2)
}
