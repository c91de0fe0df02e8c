import type { TLSInfo } from '../reactor/tls/tls-info.ts'

/** Made once for each connection. */
const made = new WeakMap<TLSInfo, readonly string[]>()

/**
 * What TLS came to, under the names of Apache's mod_ssl, as flat pairs for the environ. No header of a request has such a name: all of them begin with HTTP_. The
 * variables of the client's certificate are there when it gave one; whether it is trusted says SSL_CLIENT_VERIFY.
 */
export function tlsVariables(tls: TLSInfo): readonly string[] {
  let variables = made.get(tls)
  if (variables === undefined) made.set(tls, (variables = make(tls)))
  return variables
}

function make({ protocol, cipher, serverName, clientVerify, clientCertificate }: TLSInfo): readonly string[] {
  const variables = ['SSL_PROTOCOL', protocol, 'SSL_CIPHER', cipher, 'SSL_CLIENT_VERIFY', bytes(clientVerify)]
  if (serverName !== undefined) variables.push('SSL_TLS_SNI', bytes(serverName))
  if (clientCertificate === undefined) return variables
  const { subject, issuer, serialNumber, validFrom, validTo } = clientCertificate
  variables.push('SSL_CLIENT_S_DN', distinguishedName(subject), 'SSL_CLIENT_I_DN', distinguishedName(issuer))
  variables.push('SSL_CLIENT_M_SERIAL', serialNumber, 'SSL_CLIENT_V_START', validFrom, 'SSL_CLIENT_V_END', validTo)
  variables.push('SSL_CLIENT_CERT', clientCertificate.toString())
  return variables
}

/**
 * As mod_ssl writes it, by RFC 2253: the most specific part first, `CN=Alice,O=Example`. Node gives a line for each part, first part first, with its commas and
 * line feeds escaped.
 */
function distinguishedName(lines: string | undefined): string {
  return bytes((lines ?? '').split('\n').toReversed().join(','))
}

/** Text as PEP 3333 wants it: a character for each byte. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
