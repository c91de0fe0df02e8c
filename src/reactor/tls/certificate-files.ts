import { constants } from 'node:crypto'
import { basename } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { silentLogger, type Logger } from '../../log/logger.ts'
import type { DelayedCall, Reactor, TLSContext } from '../reactor.ts'
import { currentUser } from '../process/current-user.ts'
import { certificateFilesIn, identitiesIn } from './certificate-directory.ts'
import { FileStates } from './file-states.ts'
import { checkOptions, RELOAD_INTERVAL, withAbsolutePaths, type CertificateFilesOptions } from './certificate-options.ts'
import { certificatesIn, loadIdentity, titleOf, warnOfDates, type Identity } from './identity.ts'
import { readText, wrongCertificate } from './pem.ts'
import { ServerNames, serverNamesOf } from './server-names.ts'
import type { TLSContextSource } from './tls-context.ts'

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
  /** Of the files when they were loaded, or could not be. */
  #states = new FileStates([])
  #logger: Logger = silentLogger
  #calls: DelayedCall[] = []

  /** @throws PlaitError `PLAIT_CONFIGURATION` when the options contradict each other. Files are read when a port listens */
  constructor(options: CertificateFilesOptions) {
    checkOptions(options)
    this.#options = withAbsolutePaths(options)
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
    const calls: DelayedCall[] = []
    this.#calls = calls
    this.#lookAtDatesLater(reactor, calls)
    if (reloadInterval > 0) this.#lookAgain(reactor, reloadInterval, calls, true)
  }

  #lookAtDatesLater(reactor: Reactor, calls: DelayedCall[]): void {
    calls[0] = reactor.callLater(DAY, () => {
      warnOfDates(this.#loaded?.all ?? [], this.#logger)
      this.#lookAtDatesLater(reactor, calls)
    })
  }

  /** @param calls those of this start: they are others when it was stopped meanwhile, and started again */
  #lookAgain(reactor: Reactor, seconds: number, calls: DelayedCall[], first = false): void {
    calls[1] = reactor.callLater(seconds, async () => {
      const changed = await this.#states.changed()
      const unreadable = first ? await this.#states.unreadable() : undefined
      if (this.#calls !== calls) return
      if (unreadable !== undefined) this.#warnOfBlindness(unreadable)
      if (changed) this.#reload()
      this.#lookAgain(reactor, seconds, calls)
    })
  }

  /** The server has become another user since it loaded them. */
  #warnOfBlindness(file: string): void {
    this.#logger.warn(
      `The user ${currentUser()} may not read ${file}: the certificates that are loaded stay, also when they are renewed, until the server is restarted`,
    )
  }

  #stop(): void {
    for (const call of this.#calls) call.cancel()
    this.#calls = []
    // Whoever listens again gets what is there by then.
    this.#loaded = undefined
  }

  #reload(): void {
    try {
      this.#loaded = this.#load()
      for (const changed of this.#watchers) changed()
    } catch (error) {
      const { message } = error as Error
      return this.#logger.error(`The certificates have changed, and those from before stay: ${message}`)
    }
    const { certificate } = this.#loaded.first
    this.#logger.info(`New certificates are in use: ${titleOf(certificate)}, valid until ${certificate.validTo}`)
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
    warnOfDates(all, this.#logger)
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
    const watched = [...files, clientCA, dhParameters, directory].filter((file) => file !== undefined)
    this.#states = new FileStates(watched)
    if (directory === undefined) return certificates.map((pair) => loadIdentity(pair))
    const inside = certificateFilesIn(directory)
    this.#states = new FileStates([...watched, ...inside.folders, ...inside.files])
    return defaultFirst(identitiesIn(directory, inside.files, this.#logger))
  }

  /** What holds for all certificates: a client must not get around its own by asking for another server. */
  #shared(): TLSContext {
    const { clientCA, requestClientCert = 'require', minVersion = 'TLSv1.2', dhParameters } = this.#options
    return {
      minVersion,
      // What a client showed in its handshake holds for the whole connection; and renegotiation costs the server more than the client.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
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
