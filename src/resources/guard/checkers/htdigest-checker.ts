import type { Credentials } from '../credentials.ts'
import { DigestCredentials } from '../digest/digest-credentials.ts'
import type { DigestAlgorithm } from '../digest/digest-credentials.ts'
import { PlaitError } from '../../../errors.ts'
import { ParsedFile } from '../../parsed-file.ts'
import type { Checker } from '../portal.ts'
import { nobodysSecret } from '../same-text.ts'

const algorithms: ReadonlyMap<number, DigestAlgorithm> = new Map([
  [32, 'MD5'],
  [64, 'SHA-256'],
])

/**
 * Users of a file as Apache's `htdigest` writes it, for Digest: lines of `user:realm:hash`, where the hash is that of `user:realm:password` in hexadecimal digits. 32
 * digits are MD5, 64 are SHA-256; a user may have a line for each. `htdigest` itself knows MD5 only.
 *
 * The file is read again when it changes. Who can read it can log in: keep it as secret as the passwords.
 */
export class HtdigestChecker implements Checker {
  readonly #file: ParsedFile<ReadonlyMap<string, string>>

  /**
   * @param path of the file; it must be there
   * @throws PlaitError `PLAIT_CONFIGURATION` when it cannot be read, or has lines that are none of these
   */
  constructor(path: string) {
    this.#file = new ParsedFile(path, (text) => parse(path, text))
  }

  async requestAvatarId(credentials: Credentials): Promise<string | undefined> {
    if (!(credentials instanceof DigestCredentials)) return undefined
    const { username, realm, algorithm } = credentials
    const hashes = await this.#file.read()
    const hash = hashes.get(keyOf(algorithm, username, realm))
    // Somebody unknown costs as much time as a wrong password, and has no right one: that would use up a nonce.
    const matches = credentials.checkHash(hash ?? nobodysSecret)
    return matches && hash !== undefined ? username : undefined
  }
}

function keyOf(algorithm: DigestAlgorithm, user: string, realm: string): string {
  return `${algorithm}:${user}:${realm}`
}

function parse(path: string, text: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, user = '', realm = '', hash = ''] = /^([^:]*):(.*):([0-9A-Fa-f]+)\s*$/.exec(line) ?? []
    const algorithm = algorithms.get(hash.length)
    if (algorithm === undefined) {
      const message = `Cannot read line ${index + 1} of ${path}: it must be user:realm:hash, with 32 (MD5) or 64 (SHA-256) hexadecimal digits`
      throw new PlaitError('PLAIT_CONFIGURATION', message)
    }
    hashes.set(keyOf(algorithm, user, realm), hash)
  }
  return hashes
}
