import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { Logger } from '../../log/logger.ts'
import type { CertificatePair } from './certificate-options.ts'
import { isCertificate, isPrivateKey, pemBlocks, readText, wrongCertificate, type PEMBlock } from './pem.ts'

/** A certificate with its chain and its key: what a server shows, and how it proves that it may. */
export interface Identity {
  /** The file of the certificate, for messages. */
  readonly file: string
  readonly certificate: X509Certificate
  /** PEM, the certificate first. */
  readonly chain: string
  /** PEM, not encrypted. */
  readonly key: string
}

/**
 * Loads the files of a pair, and looks whether they belong together.
 * @throws PlaitError `PLAIT_CERTIFICATE`
 */
export function loadIdentity(pair: CertificatePair): Identity {
  const { privateKey: keyFile, certKey: file = keyFile, extraCertChain } = pair
  const key = loadKey(keyFile, passphraseOf(pair))
  const chain = certificatesIn(file)
  if (extraCertChain !== undefined) chain.push(...certificatesIn(extraCertChain))
  const [certificate] = chain.map(({ parsed }) => parsed) as [X509Certificate]
  if (!certificate.checkPrivateKey(key)) {
    const other = chain.find(({ parsed }) => parsed.checkPrivateKey(key))
    const hint = other === undefined ? '' : '. It belongs to a later certificate of the file: the server’s own must be the first'
    throw wrongCertificate(keyFile, `the key does not belong to the certificate in ${file} (${titleOf(certificate)})${hint}`)
  }
  return { file, certificate, chain: chain.map(({ text }) => text).join(''), key: keyText(key) }
}

/**
 * The private key of a file.
 * @throws PlaitError `PLAIT_CERTIFICATE`
 */
function loadKey(file: string, passphrase: string | undefined): KeyObject {
  const block = pemBlocks(readText(file)).find(isPrivateKey)
  if (block === undefined) throw wrongCertificate(file, 'there is no private key in it (PEM: -----BEGIN PRIVATE KEY-----)')
  return parseKey(file, block, passphrase)
}

/**
 * A private key.
 * @throws PlaitError `PLAIT_CERTIFICATE`
 */
export function parseKey(file: string, { label, text }: PEMBlock, passphrase: string | undefined): KeyObject {
  const encrypted = label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(text)
  if (encrypted && passphrase === undefined)
    throw wrongCertificate(file, 'the key is encrypted. Give its passphrase, or a key that is not')
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(encrypted && passphrase !== undefined ? { passphrase } : {}) })
  } catch (error) {
    const why = encrypted ? 'the passphrase is not that of the key, or the key is broken' : 'the private key in it is broken'
    throw wrongCertificate(file, why, error)
  }
}

function passphraseOf({ passphrase, passphraseFile }: CertificatePair): string | undefined {
  if (passphraseFile === undefined) return passphrase
  return Buffer.from(readText(passphraseFile).split(/\r?\n/)[0] as string, 'latin1').toString('utf8')
}

/** A certificate, and its text. */
export interface ParsedCertificate {
  readonly parsed: X509Certificate
  readonly text: string
}

/**
 * The certificates of a file, at least one.
 * @throws PlaitError `PLAIT_CERTIFICATE`
 */
export function certificatesIn(file: string): ParsedCertificate[] {
  const blocks = pemBlocks(readText(file)).filter(isCertificate)
  if (blocks.length === 0) throw wrongCertificate(file, 'there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)')
  return blocks.map((block, index) => parseCertificate(file, block, index))
}

/**
 * A certificate.
 * @throws PlaitError `PLAIT_CERTIFICATE`
 */
export function parseCertificate(file: string, { text }: PEMBlock, index: number): ParsedCertificate {
  try {
    return { parsed: new X509Certificate(text), text }
  } catch (error) {
    throw wrongCertificate(file, `certificate ${index + 1} in it is broken`, error)
  }
}

/** A key as node:tls takes it. */
export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** A certificate in one line. */
export function titleOf({ subject, subjectAltName }: X509Certificate): string {
  const [name] = (subject || subjectAltName || '').split('\n').slice(-1)
  return name === undefined || name === '' ? 'without a name' : name
}

/** Days before the end of a certificate from which on a warning is given. */
const SOON = 7

/** Tells the log of certificates that clients will not take, or not for long. */
export function warnOfDates(identities: readonly Identity[], logger: Logger, now: number = Date.now()): void {
  for (const { certificate, file } of identities) {
    const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)]
    const days = Math.floor((to.getTime() - now) / (24 * 60 * 60 * 1000))
    const which = `The certificate in ${file} (${titleOf(certificate)})`
    if (days < 0) logger.warn(`${which} expired on ${dayOf(to)}`)
    else if (from.getTime() > now) logger.warn(`${which} is not valid before ${dayOf(from)}`)
    else if (days < SOON) logger.warn(`${which} expires on ${dayOf(to)}`)
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
