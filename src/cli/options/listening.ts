import { defaults } from '../../defaults.ts'
import { parseCount, parseList, parsePort, parseText } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const LISTENING = 'Listening'

/** Ports and sockets. */
export const listeningOptions: readonly OptionSpec[] = [
  {
    flags: '--listen <endpoint>',
    group: LISTENING,
    env: 'PLAIT_LISTEN',
    parse: parseList,
    repeatable: true,
    default: `127.0.0.1:${defaults.port} on a terminal, else all addresses`,
    help: 'where to listen: 8080, 127.0.0.1:8080, unix:/run/app.sock:mode=660, ssl:8443:privateKey=server.pem, systemd:name=web …',
  },
  {
    flags: '-p, --port <port>',
    group: LISTENING,
    env: 'PLAIT_PORT',
    parse: parseList,
    repeatable: true,
    help: 'like --listen, but a number alone is at the address that is the default there',
  },
  {
    flags: '--max-connections <n>',
    group: LISTENING,
    env: 'PLAIT_MAX_CONNECTIONS',
    parse: parseCount(0),
    default: String(defaults.maxConnections),
    help: 'connections at the same time; for one more, the one that is idle longest is closed. 0 is any number',
  },
  {
    flags: '--max-connections-per-address <n>',
    group: LISTENING,
    env: 'PLAIT_MAX_CONNECTIONS_PER_ADDRESS',
    parse: parseCount(0),
    default: 'any number',
    help: 'the same for the connections of one address (IPv6: of a /64), but for those of trusted proxies',
  },
  {
    flags: '--https <port>',
    group: LISTENING,
    env: 'PLAIT_HTTPS',
    parse: parsePort,
    help: 'listen with TLS on this port, with --certificate and --privkey, or --dev-cert',
  },
  {
    flags: '-c, --certificate <file>',
    group: LISTENING,
    env: 'PLAIT_CERTIFICATE',
    parse: parseText,
    default: 'the file of the key, or server.pem',
    help: 'the certificate for --https, PEM, its chain behind it',
  },
  {
    flags: '-k, --privkey <file>',
    group: LISTENING,
    env: 'PLAIT_PRIVKEY',
    parse: parseText,
    default: 'the file of the certificate, or server.pem',
    help: 'the private key for --https, PEM',
  },
  {
    flags: '--dev-cert',
    group: LISTENING,
    env: 'PLAIT_DEV_CERT',
    help: 'a certificate for localhost that signs itself, for development; without --https on port 8443',
  },
  {
    flags: '--personal',
    group: LISTENING,
    env: 'PLAIT_PERSONAL',
    help: 'listen on the UNIX socket ~/.plait-web, which a server for everybody can mount: /me=unix:/home/me/.plait-web',
  },
]
