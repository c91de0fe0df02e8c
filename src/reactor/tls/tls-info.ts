import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** What client and server agreed on in the TLS handshake of a connection. */
export interface TLSInfo {
  /** `TLSv1.3` */
  readonly protocol: string
  /** OpenSSL's name: `TLS_AES_256_GCM_SHA384` */
  readonly cipher: string
  /** The server that the client named (SNI); undefined when it named none, or went on with a session of TLS 1.2. Nobody has checked it. */
  readonly serverName: string | undefined
  /** The protocol chosen by ALPN (RFC 7301); undefined when there was none. */
  readonly alpnProtocol: string | undefined
  /** `NONE`: the client gave no certificate; `SUCCESS`: it gave one that is trusted; `FAILED:` and why it is not. */
  readonly clientVerify: string
  /** The client's certificate: look at {@link clientVerify} before you believe it. */
  readonly clientCertificate: X509Certificate | undefined
}

/** What is known of a connection whose handshake is done. */
export function tlsInfo(socket: TLSSocket, requested: boolean): TLSInfo {
  const { servername, alpnProtocol } = socket as { servername?: string | false | null; alpnProtocol: string | false | null }
  const certificate = requested ? socket.getPeerX509Certificate() : undefined
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    // What is no name (RFC 6066 section 3) is none.
    serverName: typeof servername === 'string' && /^[\w.-]{1,255}$/.test(servername) ? servername : undefined,
    alpnProtocol: alpnProtocol || undefined,
    clientVerify: verified(socket, certificate),
    clientCertificate: certificate,
  }
}

/**
 * `socket.authorized` alone does not do: it is true for a client that has no certificate and resumes a TLS 1.3 session, since OpenSSL takes that for a
 * pre-shared key.
 */
function verified(socket: TLSSocket, certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return 'NONE'
  if (socket.authorized) return 'SUCCESS'
  const error = socket.authorizationError as Error | string | undefined
  return `FAILED:${typeof error === 'string' ? error : (error?.message ?? 'not verified')}`
}
