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
