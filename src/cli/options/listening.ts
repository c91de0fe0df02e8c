import { defaults } from '../../defaults.ts'
import { parseList } from '../values.ts'
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
    help: 'where to listen: 8080, 127.0.0.1:8080, [::1]:8080, tcp:8080:interface=127.0.0.1, unix:/run/app.sock:mode=660',
  },
  {
    flags: '-p, --port <port>',
    group: LISTENING,
    env: 'PLAIT_PORT',
    parse: parseList,
    repeatable: true,
    help: 'like --listen, but a number alone is at the address that is the default there',
  },
]
