import type { Reactor, TLSContext } from '../reactor.ts'

/** Gives the options of TLS, which may change while a port listens (Twisted: `IOpenSSLServerConnectionCreator`). `CertificateFiles` is one. */
export interface TLSContextSource {
  /**
   * The options now.
   * @throws PlaitError `PLAIT_CERTIFICATE`
   */
  context(): TLSContext
  /**
   * Called before the first {@link context} of a port. From then on, until the function that it gives is called, `changed` is called when {@link context} gives
   * something else. Connections that are open live on.
   */
  watch(reactor: Reactor, changed: () => void): () => void
}

export function isContextSource(given: TLSContext | TLSContextSource): given is TLSContextSource {
  return typeof (given as Partial<TLSContextSource>).context === 'function'
}
