import { X509Certificate } from 'node:crypto'
import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { PlaitError } from '../../errors.ts'
import { loadIdentity } from './identity.ts'

/** A certificate for this machine; it fits `listenTLS`. */
export interface DevelopmentCertificate {
  /** PEM, one after the other, in one file that only its owner may read. */
  readonly file: string
  readonly key: string
  readonly cert: string
  readonly expires: Date
  /** It was made just now: browsers and tools that trusted an earlier one do not know it. */
  readonly created: boolean
}

/** Options of {@link developmentCertificate}. */
export interface DevelopmentCertificateOptions {
  /** Where it is kept. @default the folder `plait` in the user's folder for caches */
  readonly directory?: string
  /** Milliseconds since 1970. @default now */
  readonly now?: number
}

const DAY = 24 * 60 * 60 * 1000
/** Browsers take no certificate that is valid for more than 398. */
const VALID_DAYS = 365
/** Days before its end at which it is made anew. */
const RENEW_DAYS = 30
const NAMES = ['localhost', '127.0.0.1', '::1']

/**
 * A certificate that signs itself, for localhost, 127.0.0.1 and ::1: HTTPS while you develop. It is made once, kept, and made anew before it ends. Clients have to be
 * told to trust it; nobody else should.
 *
 *     reactor.listenTLS(8443, site, await developmentCertificate(), { interface: '127.0.0.1' })
 *
 * @throws PlaitError `PLAIT_CERTIFICATE` when it cannot be kept
 */
export async function developmentCertificate(options: DevelopmentCertificateOptions = {}): Promise<DevelopmentCertificate> {
  const { directory = join(cacheFolder(), 'plait'), now = Date.now() } = options
  const file = join(directory, 'localhost.pem')
  return kept(file, now) ?? make(file, now)
}

/** The one that is there: the user's own, that nobody else may read, and valid for some time. */
function kept(file: string, now: number): DevelopmentCertificate | undefined {
  try {
    const stats = lstatSync(file)
    if (!stats.isFile() || (process.getuid !== undefined && (stats.uid !== process.getuid() || (stats.mode & 0o077) !== 0)))
      return undefined
    const { certificate, key, chain } = loadIdentity({ privateKey: file })
    const expires = new Date(certificate.validTo)
    if (expires.getTime() - now < RENEW_DAYS * DAY) return undefined
    if (!NAMES.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name))) return undefined
    return { file, key, cert: chain, expires, created: false }
  } catch {
    return undefined
  }
}

async function make(file: string, now: number): Promise<DevelopmentCertificate> {
  // Loaded when it is needed: servers with a real certificate never do.
  const { generate } = await import('selfsigned')
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of virtual machines may be behind.
    notBeforeDate: new Date(now - DAY),
    notAfterDate: new Date(now + VALID_DAYS * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: NAMES.map((name) => (name === 'localhost' ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  })
  keep(file, `${pair.private.trim()}\n${pair.cert.trim()}\n`)
  const expires = new Date(new X509Certificate(pair.cert).validTo)
  return { file, key: pair.private, cert: pair.cert, expires, created: true }
}

/** Whole or not at all, and never readable for others. */
function keep(file: string, text: string): void {
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    rmSync(draft, { force: true })
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, file)
  } catch (error) {
    const { message } = error as Error
    removeQuietly(draft)
    throw new PlaitError(
      'PLAIT_CERTIFICATE',
      `Cannot keep the development certificate in ${file}: ${message}. XDG_CACHE_HOME names another place`,
      {
        cause: error,
      },
    )
  }
}

/** What is half written, where the disk is full. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // What went wrong before is told.
  }
}

/** Where programs of this user keep what they can make again (XDG Base Directory Specification). */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: windows } = process.env
  if (chosen !== undefined && isAbsolute(chosen)) return chosen
  if (process.platform === 'win32' && windows !== undefined) return windows
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
}
