import { basename } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { PlaitError } from '../../errors.ts'
import { silentLogger, type Logger } from '../../log/logger.ts'
import type { DelayedCall, Reactor, TLSContext } from '../reactor.ts'
import { certificateFilesIn, identitiesIn } from './certificate-directory.ts'
import { FileWatch } from './file-watch.ts'
import { certificatesIn, loadIdentity, titleOf, warnOfDates, type Identity } from './identity.ts'
import { readText, wrongCertificate } from './pem.ts'
import { ServerNames, serverNamesOf } from './server-names.ts'
import type { TLSContextSource } from './tls-context.ts'

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

/** Options of {@link CertificateFiles}. */
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
const RELOAD_INTERVAL = 5
const DAY = 24 * 60 * 60

/** What is loaded. */
interface Loaded {
  /** For clients that name no server, or an unknown one. */
  readonly first: Identity
  readonly all: readonly Identity[]
  readonly names: ServerNames<SecureContext>
  readonly context: TLSContext
}

/**
 * Certificates in files, for a port with TLS. Several are told apart by the name of the server that a client asks for (SNI). The files are loaded again when they
 * change; while they are broken, or half written, the certificates that were there before stay.
 *
 *     const certificates = new CertificateFiles({ certificates: [{ privateKey: 'key.pem', certKey: 'fullchain.pem' }] })
 *     reactor.listenTLS(443, site, certificates)
 */
export class CertificateFiles implements TLSContextSource {
  readonly #options: CertificateFilesOptions
  readonly #watchers = new Set<() => void>()
  #loaded: Loaded | undefined
  #logger: Logger = silentLogger
  #watched: string[] = []
  #watch: FileWatch | undefined
  #dates: DelayedCall | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` when the options contradict each other. Files are read when a port listens */
  constructor(options: CertificateFilesOptions) {
    const { certificates, directory, requestClientCert, clientCA, minVersion = 'TLSv1.2' } = options
    const wrong = (what: string): PlaitError => new PlaitError('PLAIT_CONFIGURATION', `Cannot set TLS up: ${what}`)
    if ((certificates === undefined || certificates.length === 0) === (directory === undefined))
      throw wrong('say certificates or directory, and not both')
    if (requestClientCert !== undefined && clientCA === undefined) throw wrong('requestClientCert needs clientCA')
    if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
      throw wrong(`minVersion is ${JSON.stringify(minVersion)}, and must be TLSv1.2 or TLSv1.3`)
    this.#options = options
  }

  context(): TLSContext {
    this.#loaded ??= this.#load()
    return this.#loaded.context
  }

  watch(reactor: Reactor, changed: () => void): () => void {
    this.#watchers.add(changed)
    if (this.#watchers.size === 1) this.#start(reactor)
    return () => {
      if (this.#watchers.delete(changed) && this.#watchers.size === 0) this.#stop()
    }
  }

  #start(reactor: Reactor): void {
    this.#logger = reactor.logger
    const { reloadInterval = RELOAD_INTERVAL } = this.#options
    const watched = (): readonly string[] => this.#watched
    if (reloadInterval > 0) this.#watch = new FileWatch(reactor, reloadInterval, watched, () => this.#reload())
    const lookAtDates = (): void => {
      warnOfDates(this.#loaded?.all ?? [], this.#logger)
      this.#dates = reactor.callLater(DAY, lookAtDates)
    }
    lookAtDates()
  }

  #stop(): void {
    this.#watch?.stop()
    this.#dates?.cancel()
  }

  #reload(): void {
    try {
      this.#loaded = this.#load()
    } catch (error) {
      const { message } = error as Error
      return this.#logger.error(`The certificates have changed, and those from before stay: ${message}`)
    }
    const { first } = this.#loaded
    this.#logger.info(`New certificates are in use: ${titleOf(first.certificate)}, valid until ${first.certificate.validTo}`)
    warnOfDates(this.#loaded.all, this.#logger)
    for (const changed of this.#watchers) changed()
  }

  #load(): Loaded {
    const all = this.#identities()
    const [first] = all as [Identity]
    const shared = this.#shared()
    const names = new ServerNames<SecureContext>()
    for (const identity of longestFirst(all)) {
      const context = secureContext(identity, shared)
      for (const name of serverNamesOf(identity.certificate)) names.add(name, context)
    }
    const choose: TLSContext['SNICallback'] = (serverName, done) => done(null, this.#loaded?.names.find(serverName))
    return { first, all, names, context: { ...shared, key: first.key, cert: first.chain, SNICallback: choose } }
  }

  #identities(): readonly Identity[] {
    const { certificates = [], directory, clientCA, dhParameters } = this.#options
    const files = certificates.flatMap(({ privateKey, certKey, extraCertChain, passphraseFile }) => [
      privateKey,
      certKey,
      extraCertChain,
      passphraseFile,
    ])
    this.#watched = [...files, clientCA, dhParameters, directory].filter((file) => file !== undefined)
    if (directory === undefined) return certificates.map((pair) => loadIdentity(pair))
    const inside = certificateFilesIn(directory)
    this.#watched.push(...inside.folders, ...inside.files)
    return defaultFirst(identitiesIn(directory, inside.files, this.#logger))
  }

  /** What holds for all certificates: a client must not get around its own by asking for another server. */
  #shared(): TLSContext {
    const { clientCA, requestClientCert = 'require', minVersion = 'TLSv1.2', dhParameters } = this.#options
    return {
      minVersion,
      ...(dhParameters === undefined ? {} : { dhparam: readText(dhParameters) }),
      ...(clientCA === undefined
        ? {}
        : {
            ca: certificatesIn(clientCA).map(({ text }) => text),
            requestCert: true,
            rejectUnauthorized: requestClientCert === 'require',
          }),
    }
  }
}

/** @throws PlaitError `PLAIT_CERTIFICATE` for what OpenSSL does not take: a key that is too short, say */
function secureContext(identity: Identity, shared: TLSContext): SecureContext {
  try {
    return createSecureContext({ ...shared, key: identity.key, cert: identity.chain })
  } catch (error) {
    throw wrongCertificate(identity.file, (error as Error).message, error)
  }
}

/** In a directory nobody says which is the first: the one whose file is called default, else the first by name. */
function defaultFirst(identities: readonly Identity[]): readonly Identity[] {
  const named = identities.find(({ file }) => /^default\./i.test(basename(file)))
  return named === undefined ? identities : [named, ...identities.filter((identity) => identity !== named)]
}

/** Of two certificates for one name that which is valid longer is the new one. */
function longestFirst(identities: readonly Identity[]): Identity[] {
  return identities.toSorted((one, other) => Date.parse(other.certificate.validTo) - Date.parse(one.certificate.validTo))
}
