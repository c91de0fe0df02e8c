/** The people of a machine. */
import { ParsedFile } from '../parsed-file.ts'

/** Somebody who has a home. */
export interface UserAccount {
  readonly name: string
  /** Of the person; '' when it is not known. */
  readonly fullName: string
  /** Absolute path. */
  readonly home: string
}

/** Where accounts are looked up (Twisted: the module `pwd`). */
export interface UserDatabase {
  /** Undefined when there is nobody of this name. */
  find(name: string): UserAccount | undefined | Promise<UserAccount | undefined>
  list(): readonly UserAccount[] | Promise<readonly UserAccount[]>
}

/** Options of {@link PasswdFile}. */
export interface PasswdFileOptions {
  /** Accounts with smaller numbers belong to services (login.defs: UID_MIN). @default 1000 */
  minUid?: number
  /** Accounts with larger ones too: `nobody` is 65534 (UID_MAX). @default 60000 */
  maxUid?: number
}

/**
 * The people in a file like `/etc/passwd`, read again when it changes. Accounts of services are left out, by their number. The shell does not matter: who may not log
 * in may still have pages.
 */
export class PasswdFile implements UserDatabase {
  readonly #file: ParsedFile<ReadonlyMap<string, UserAccount>>

  /** @throws PlaitError `PLAIT_CONFIGURATION` when it cannot be read */
  constructor(path: string = '/etc/passwd', options: PasswdFileOptions = {}) {
    const { minUid = 1000, maxUid = 60_000 } = options
    this.#file = new ParsedFile(path, (text) => parse(text, minUid, maxUid))
  }

  async find(name: string): Promise<UserAccount | undefined> {
    return (await this.#file.read()).get(name)
  }

  async list(): Promise<readonly UserAccount[]> {
    return [...(await this.#file.read()).values()]
  }
}

function parse(text: string, minUid: number, maxUid: number): Map<string, UserAccount> {
  const accounts = new Map<string, UserAccount>()
  for (const line of text.split('\n')) {
    const [name = '', , number = '', , comment = '', home = ''] = line.split(':')
    const uid = /^\d+$/.test(number) ? Number(number) : -1
    if (name === '' || uid < minUid || uid > maxUid || !home.startsWith('/') || accounts.has(name)) continue
    // passwd(5): the first part of the comment is the name, `&` in it the account's.
    const fullName = (comment.split(',')[0] ?? '').replaceAll('&', name).trim()
    accounts.set(name, { name, fullName, home })
  }
  return accounts
}
