import { resolve } from 'node:path'
import { PlaitError } from '../../errors.ts'

/** Files with a certificate and its key. */
export interface CertificatePair {
  /** File of the private key, PEM. It may have the certificate too (Twisted: `server.pem`). */
  readonly privateKey: string
  /** File of the certificate, PEM, with the chain behind it or without. @default the file of the key */
  readonly certKey?: string
  /** File with further certificates of the chain. */
  readonly extraCertChain?: string
  /** Passphrase of the key. */
  readonly passphrase?: string
  /** File whose first line is the passphrase of the key. */
  readonly passphraseFile?: string
}

/** Options of `CertificateFiles`. */
export interface CertificateFilesOptions {
  /** The first is for clients that name no server, or an unknown one. The names of the others are read from them. */
  readonly certificates?: readonly CertificatePair[]
  /** A directory of PEM files, in place of `certificates`: keys find their certificates. */
  readonly directory?: string
  /** File with the authorities whose client certificates are trusted. With it, clients are asked for one. */
  readonly clientCA?: string
  /** Must clients have a certificate? A wrong one is refused either way. @default 'require' */
  readonly requestClientCert?: 'require' | 'optional'
  /** @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** File with parameters for DHE, PEM. @default no DHE */
  readonly dhParameters?: string
  /** Seconds between two looks whether files have changed, 0 = never. @default 5 */
  readonly reloadInterval?: number
}

/** Seconds. */
export const RELOAD_INTERVAL = 5
const DAY = 24 * 60 * 60

/** @throws PlaitError `PLAIT_CONFIGURATION` when they contradict each other */
export function checkOptions(options: CertificateFilesOptions): void {
  const {
    certificates = [],
    directory,
    requestClientCert,
    clientCA,
    minVersion = 'TLSv1.2',
    reloadInterval = RELOAD_INTERVAL,
  } = options
  const wrong = (what: string): PlaitError => new PlaitError('PLAIT_CONFIGURATION', `Cannot set TLS up: ${what}`)
  if ((certificates.length === 0) === (directory === undefined)) throw wrong('say certificates or directory, and not both')
  if (requestClientCert !== undefined && clientCA === undefined) throw wrong('requestClientCert needs clientCA')
  if (!['TLSv1.2', 'TLSv1.3'].includes(minVersion))
    throw wrong(`minVersion is ${JSON.stringify(minVersion)}, and must be TLSv1.2 or TLSv1.3`)
  if (![undefined, 'require', 'optional'].includes(requestClientCert))
    throw wrong(`requestClientCert is ${JSON.stringify(requestClientCert)}, and must be require or optional`)
  if (!(reloadInterval >= 0 && reloadInterval <= DAY))
    throw wrong(`reloadInterval is ${reloadInterval}, and must be seconds from 0 to ${DAY}`)
}

/** Files are read again later, and the working directory may be another one by then. */
export function withAbsolutePaths({
  certificates,
  directory,
  clientCA,
  dhParameters,
  ...others
}: CertificateFilesOptions): CertificateFilesOptions {
  return {
    ...others,
    ...absolute({ directory, clientCA, dhParameters }),
    ...(certificates === undefined ? {} : { certificates: certificates.map(absolutePair) }),
  }
}

function absolutePair({ privateKey, certKey, extraCertChain, passphraseFile, passphrase }: CertificatePair): CertificatePair {
  return {
    privateKey: resolve(privateKey),
    ...absolute({ certKey, extraCertChain, passphraseFile }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

function absolute<Name extends string>(files: { readonly [name in Name]: string | undefined }): { [name in Name]?: string } {
  const given = Object.entries<string | undefined>(files).flatMap(([name, file]) =>
    file === undefined ? [] : [[name, resolve(file)]],
  )
  return Object.fromEntries(given) as { [name in Name]?: string }
}
