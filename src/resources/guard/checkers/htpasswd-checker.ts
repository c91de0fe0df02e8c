import { createHash, createHmac, randomBytes } from 'node:crypto'
import { PlaitError } from '../../../errors.ts'
import { ParsedFile } from '../../parsed-file.ts'
import { PasswordCredentials } from '../credentials.ts'
import type { Credentials } from '../credentials.ts'
import type { Checker } from '../portal.ts'
import { sameText } from '../same-text.ts'
import { parseHtpasswd } from './htpasswd-file.ts'
import type { HtpasswdEntry, HtpasswdFile } from './htpasswd-file.ts'
import { SlowHashes } from './slow-hashes.ts'
import { VerifiedPasswords } from './verified-passwords.ts'

/** Characters. MD5 goes over all of them a thousand times. */
const longestPassword = 1024

/** Options of {@link HtpasswdChecker}. */
export interface HtpasswdOptions {
  /** Passwords that may wait to be checked; more get a 503. @default 100 */
  maxWaiting?: number
  /** Right passwords that are remembered, in a form that nobody can read. 0: each request costs a hash. @default 1000 */
  maxRemembered?: number
}

/**
 * Users of a file as Apache's `htpasswd` writes it, for Basic (Twisted: `FilePasswordDB`). Hashes may be bcrypt (`htpasswd -B`), MD5 (`$apr1$`) or SHA-1 (`{SHA}`); plain text and
 * crypt() are refused.
 *
 *     new HtpasswdChecker('members.htpasswd')
 *
 * The file is read again when it changes. Hashes are computed in a thread, one at a time. A password that was right is remembered until
 * its line changes.
 */
export class HtpasswdChecker implements Checker {
  readonly #file: ParsedFile<HtpasswdFile>
  readonly #slow: SlowHashes
  readonly #verified: VerifiedPasswords
  readonly #key = randomBytes(32)

  /**
   * @param path of the file; it must be there
   * @throws PlaitError `PLAIT_CONFIGURATION` when it cannot be read, or has a password that is not taken. A line that is changed to
   * such a one later fails for its user
   */
  constructor(path: string, options: HtpasswdOptions = {}) {
    this.#file = new ParsedFile(path, parseHtpasswd)
    const bad = [...this.#file.current.entries.values()].find(({ kind }) => kind === undefined)
    if (bad !== undefined) throw notTaken(path, bad)
    this.#slow = new SlowHashes(options.maxWaiting ?? 100)
    this.#verified = new VerifiedPasswords(options.maxRemembered ?? 1000)
  }

  async requestAvatarId(credentials: Credentials): Promise<string | undefined> {
    if (!(credentials instanceof PasswordCredentials)) return undefined
    const { username, password } = credentials
    if (password.length > longestPassword) return undefined
    const { entries, usable } = await this.#file.read()
    const entry = entries.get(username)
    if (entry !== undefined) return (await this.#matches(password, entry)) ? username : undefined
    await this.#takeAsLong(username, password, usable)
    return undefined
  }

  #matches(password: string, entry: HtpasswdEntry): Promise<boolean> | boolean {
    if (entry.kind === undefined) throw notTaken(this.#file.path, entry)
    if (entry.kind === 'sha') return matchesSHA(password, entry.hash)
    return this.#verified.check(password, entry.hash, (one, hash) => this.#slow.verify(one, hash))
  }

  /** A name that is not there takes as long as one that is: always the same line stands in for it. */
  async #takeAsLong(username: string, password: string, standIns: readonly HtpasswdEntry[]): Promise<void> {
    if (standIns.length === 0) return
    const number = createHmac('sha256', this.#key).update(username).digest().readUInt32BE()
    const { kind, hash } = standIns[number % standIns.length] as HtpasswdEntry
    // Not by what is remembered: that would tell of the passwords of others.
    if (kind === 'sha') matchesSHA(password, hash)
    else await this.#slow.verify(password, hash)
  }
}

function matchesSHA(password: string, hash: string): boolean {
  return sameText(hash, `{SHA}${createHash('sha1').update(password, 'utf8').digest('base64')}`)
}

function notTaken(path: string, { user, line }: HtpasswdEntry): PlaitError {
  const message = `Cannot check the password of ${JSON.stringify(user)} (line ${line} of ${path}): it is plain text, or made by crypt(). Make it anew by htpasswd -B`
  return new PlaitError('PLAIT_CONFIGURATION', message)
}
