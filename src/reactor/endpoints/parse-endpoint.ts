import type { CertificateFilesOptions } from '../tls/certificate-options.ts'
import { EndpointArguments, splitEndpoint, wrongEndpoint, type EndpointWord } from './endpoint-words.ts'
import type { ListenEndpoint, ProxiedEndpoint, SystemdEndpoint, TLSEndpoint } from './listen-endpoint.ts'

type Plain = ProxiedEndpoint['endpoint']
type Read = (text: string, words: readonly EndpointWord[]) => Plain

/** Of ssl: and tls:, by name only. */
const furtherWords = ['clientCA', 'requestClientCert', 'minVersion', 'systemd', 'fd'] as const
const readers: Readonly<Record<string, Read>> = Object.freeze({
  tcp: (text, words) => readTCP('tcp', new EndpointArguments(text, words, ['port', 'interface', 'backlog'])),
  tcp6: (text, words) => readTCP('tcp6', new EndpointArguments(text, words, ['port', 'backlog', 'interface'])),
  unix: readUNIX,
  ssl: readSSL,
  tls: readTLS,
  fd: readFileDescriptor,
  systemd: readSystemd,
  stdio: (text) => {
    throw wrongEndpoint(text, 'standard input and output are one connection, and a web server needs many')
  },
} satisfies Record<string, Read>)

/**
 * Reads an endpoint: Twisted's strings (`tcp:8080:interface=127.0.0.1`, `unix:/run/app.sock:mode=660`, `\:` for a colon), and the plain
 * `8080`, `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. Nothing is opened or looked for yet.
 * @throws PlaitError `PLAIT_CONFIGURATION` with what is wrong
 */
export function parseEndpoint(text: string): ListenEndpoint {
  const proxied = /^haproxy(?::|$)(?:trust=((?:\\[^]|[^\\:])*)(?::|$))?/.exec(text)
  if (proxied === null) return readPlain(text, text)
  const rest = text.slice(proxied[0].length)
  if (rest === '') throw wrongEndpoint(text, 'the endpoint behind haproxy: is missing, as in haproxy:tcp:8080')
  if (rest.startsWith('haproxy:')) throw wrongEndpoint(text, 'one haproxy: is enough')
  const trust = proxied[1] === undefined ? undefined : splitEndpoint(proxied[1])[0]?.value.split(',')
  if (trust?.includes('') === true)
    throw wrongEndpoint(text, 'trust= is a list of addresses and networks, as in 10.0.0.0/8,127.0.0.1')
  return { kind: 'haproxy', trust, endpoint: readPlain(rest, text) }
}

function readPlain(text: string, whole: string): Plain {
  const [, host, digits] = /^(?:(\[[0-9A-Fa-f:.]+\]|[^:[\]/=\\]+):)?(\d+)$/.exec(text) ?? []
  if (digits !== undefined && !(host !== undefined && Object.hasOwn(readers, host))) {
    const words = [{ key: 'port', value: digits }]
    if (host !== undefined) words.push({ key: 'interface', value: host.replaceAll(/^\[|\]$/g, '') })
    return readTCP('tcp', new EndpointArguments(whole, words, ['port', 'interface']))
  }
  const [first, ...words] = splitEndpoint(text)
  const kind = first?.key === undefined ? (first?.value ?? '') : ''
  if (Object.hasOwn(readers, kind)) return (readers[kind] as Read)(whole, words)
  throw wrongEndpoint(
    whole,
    `there is no type ${JSON.stringify(kind)}. Try 8080, 127.0.0.1:8080, tcp:8080, unix:/run/app.sock or ssl:8443:privateKey=server.pem`,
  )
}

function readTCP(kind: 'tcp' | 'tcp6', words: EndpointArguments): Plain {
  return { kind, port: words.port(), interface: words.text('interface'), backlog: words.number('backlog') }
}

function readUNIX(text: string, given: readonly EndpointWord[]): Plain {
  // Twisted locks by a file beside the socket; here a socket on which nobody listens is found by asking.
  const words = new EndpointArguments(text, given, ['address', 'mode', 'backlog', 'lockfile'])
  const path = words.text('address')
  if (path === undefined) throw words.wrong('the path is missing')
  const mode = words.text('mode')
  if (mode !== undefined && !/^0?o?[0-7]{3}$/.test(mode)) throw words.wrong(`${JSON.stringify(mode)} is no mode like 660`)
  const bits = mode === undefined ? undefined : Number.parseInt(mode.replace(/^0?o?/, ''), 8)
  return { kind: 'unix', path, mode: bits, backlog: words.number('backlog') }
}

const sslWords = ['port', 'privateKey', 'certKey', 'sslmethod', 'interface', 'backlog', 'extraCertChain', 'dhParameters'] as const

function readSSL(text: string, given: readonly EndpointWord[]): Plain {
  const words = new EndpointArguments(text, given, sslWords, [...furtherWords, 'passphraseFile'])
  if (words.text('sslmethod') !== undefined) throw words.wrong('sslmethod is unknown here: say minVersion=TLSv1.2 or TLSv1.3')
  const { privateKey = 'server.pem', ...optional } = texts(words, ['privateKey', 'certKey', 'extraCertChain', 'passphraseFile'])
  return onTCP('ssl', words, { certificates: [{ privateKey, ...optional }], ...texts(words, ['dhParameters']) })
}

function readTLS(text: string, given: readonly EndpointWord[]): Plain {
  const words = new EndpointArguments(text, given, ['path', 'port', 'backlog', 'interface'], furtherWords)
  const directory = words.text('path')
  if (directory === undefined) throw words.wrong('the directory of the certificates is missing')
  return onTCP('tls', words, { directory }, 443)
}

function onTCP(kind: 'ssl' | 'tls', words: EndpointArguments, files: CertificateFilesOptions, missing?: number): TLSEndpoint {
  const minVersion = words.choice('minVersion', ['TLSv1.2', 'TLSv1.3'])
  const requestClientCert = words.choice('requestClientCert', ['require', 'optional'])
  const certificates: CertificateFilesOptions = {
    ...files,
    ...texts(words, ['clientCA']),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(requestClientCert === undefined ? {} : { requestClientCert }),
  }
  if (requestClientCert !== undefined && certificates.clientCA === undefined)
    throw words.wrong('requestClientCert needs clientCA=, the file with the authorities that are trusted')
  const inherited = inheritedBy(words)
  const port = words.port(inherited === undefined ? missing : 0)
  const where = { port, interface: words.text('interface'), backlog: words.number('backlog') }
  return { kind, ...where, certificates, ...(inherited === undefined ? {} : { inherited }) }
}

/** `systemd=web`, `systemd=0` and `fd=3` stand for a socket, in place of a port. */
function inheritedBy(words: EndpointArguments): TLSEndpoint['inherited'] {
  const [fd, systemd] = [words.number('fd'), words.text('systemd')]
  const given = [words.text('port'), words.text('interface'), fd, systemd].filter((value) => value !== undefined)
  if (fd === undefined && systemd === undefined) return undefined
  if (given.length > 1) throw words.wrong('port and interface, fd= and systemd= each say where to listen: one of them is enough')
  if (fd !== undefined) return { kind: 'fd', fd, backlog: words.number('backlog') }
  const index = /^\d{1,6}$/.test(systemd as string) ? Number(systemd) : undefined
  return { kind: 'systemd', domain: undefined, index, name: index === undefined ? systemd : undefined }
}

/** Those of `names` that are given. */
function texts<Name extends string>(words: EndpointArguments, names: readonly Name[]): { [name in Name]?: string } {
  const found: { [name in Name]?: string } = {}
  for (const name of names) {
    const value = words.text(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function readFileDescriptor(text: string, given: readonly EndpointWord[]): Plain {
  const words = new EndpointArguments(text, given, ['fd', 'backlog'])
  const fd = words.number('fd')
  if (fd === undefined) throw words.wrong('the number of the file descriptor is missing, as in fd:3')
  return { kind: 'fd', fd, backlog: words.number('backlog') }
}

function readSystemd(text: string, given: readonly EndpointWord[]): SystemdEndpoint {
  const words = new EndpointArguments(text, given, ['domain', 'index', 'name'])
  const [index, name] = [words.number('index'), words.text('name')]
  if ((index === undefined) === (name === undefined))
    throw words.wrong('say index= or name=, and not both, as in systemd:domain=INET:index=0')
  return { kind: 'systemd', domain: words.choice('domain', ['INET', 'INET6', 'UNIX']), index, name }
}
