import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../log/logger.ts'
import { keyText, parseCertificate, parseKey, type Identity, type ParsedCertificate } from './identity.ts'
import { isCertificate, isPrivateKey, pemBlocks, readText, wrongCertificate } from './pem.ts'

/** Folders below the directory that are looked into. */
const DEPTH = 4
/** Files that are looked at. */
const MOST_FILES = 10_000
const LONGEST_CHAIN = 10

/** Where certificates may be. */
export interface CertificateDirectory {
  /** The PEM files, by name. */
  readonly files: readonly string[]
  /** The directory and the folders in it: they change when a file comes or goes. */
  readonly folders: readonly string[]
}

/**
 * The PEM files of a directory and of the folders in it: `.pem`, and `.crt`, `.cer` and `.key`, as Kubernetes has them. Names that begin with a dot are left
 * out.
 * @throws PlaitError `PLAIT_CERTIFICATE` when there is no such directory
 */
export function certificateFilesIn(directory: string): CertificateDirectory {
  const files: string[] = []
  const folders: string[] = []
  const walk = (folder: string, depth: number): void => {
    folders.push(folder)
    for (const name of readdirSync(folder).toSorted()) {
      if (name.startsWith('.') || files.length >= MOST_FILES) continue
      const path = join(folder, name)
      // Through links: certbot's files are some.
      const stats = statSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory() === true && depth < DEPTH) walk(path, depth + 1)
      else if (stats?.isFile() === true && /\.(?:pem|crt|cer|key)$/.test(name)) files.push(path)
    }
  }
  try {
    walk(directory, 0)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw wrongCertificate(directory, code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such directory' : message, error)
  }
  return { files, folders }
}

/** What was found in the files. */
class Findings {
  readonly keys: { readonly file: string; readonly key: KeyObject }[] = []
  readonly #byPublicKey = new Map<string, Found[]>()
  readonly #bySubject = new Map<string, Found[]>()

  addFile(file: string): void {
    for (const [index, block] of pemBlocks(readText(file)).entries()) {
      if (isPrivateKey(block)) this.keys.push({ file, key: parseKey(file, block, undefined) })
      else if (isCertificate(block)) this.#addCertificate({ file, ...parseCertificate(file, block, index) })
    }
  }

  #addCertificate(found: Found): void {
    const { publicKey, subject } = found.parsed
    addTo(this.#byPublicKey, publicText(publicKey), found)
    addTo(this.#bySubject, subject, found)
  }

  certificatesOf(key: KeyObject): readonly Found[] {
    return this.#byPublicKey.get(publicText(createPublicKey(key))) ?? []
  }

  issuerOf(certificate: X509Certificate): Found | undefined {
    const named = this.#bySubject.get(certificate.issuer) ?? []
    return named.find(({ parsed }) => certificate.checkIssued(parsed) && certificate.verify(parsed.publicKey))
  }
}

interface Found extends ParsedCertificate {
  readonly file: string
}

function addTo<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

function publicText(key: KeyObject): string {
  return (key.export({ type: 'spki', format: 'der' }) as Buffer).toString('base64')
}

/**
 * Finds what belongs together in `files`, whatever their names are (Twisted: `PEMObjects.inferDomainMapping`): a key and its certificate have the same public
 * key, and the chain goes from issuer to issuer.
 * @throws PlaitError `PLAIT_CERTIFICATE` when nothing belongs together. A file that is broken is left out, with a line in the log
 */
export function identitiesIn(directory: string, files: readonly string[], logger: Logger): Identity[] {
  const found = new Findings()
  for (const file of files) {
    try {
      found.addFile(file)
    } catch (error) {
      // What is wrong with one must not keep the others from being renewed.
      logger.error(`${(error as Error).message}. The other certificates in ${directory} are used`)
    }
  }
  // The same certificate may lie there twice: alone, and with its chain.
  const identities = new Map<string, Identity>()
  for (const { file, key } of found.keys) {
    const own = found.certificatesOf(key)
    if (own.length === 0) logger.warn(`No certificate in ${directory} belongs to the key in ${file}`)
    for (const one of own) {
      const identity = { file: one.file, certificate: one.parsed, chain: chainOf(one, found), key: keyText(key) }
      identities.set(one.parsed.fingerprint256, identity)
    }
  }
  if (identities.size === 0) throw wrongCertificate(directory, 'there is no certificate with its key in it')
  return [...identities.values()]
}

/** The certificate and those that vouch for it; the root, which clients have, is left out. */
function chainOf({ parsed, text }: Found, found: Findings): string {
  let chain = text
  let last = parsed
  for (let length = 1; length < LONGEST_CHAIN && last.issuer !== last.subject; length++) {
    const issuer = found.issuerOf(last)
    if (issuer === undefined || issuer.parsed.issuer === issuer.parsed.subject) break
    chain += issuer.text
    last = issuer.parsed
  }
  return chain
}
