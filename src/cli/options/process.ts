import { defaults } from '../../defaults.ts'
import { parseMode, parseSeconds, parseText } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const PROCESS = 'The server process'

/** What the operating system sees of the server. */
export const processOptions: readonly OptionSpec[] = [
  {
    flags: '--graceful-timeout <seconds>',
    group: PROCESS,
    env: 'PLAIT_GRACEFUL_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.gracefulTimeout),
    help: 'how long running requests may finish when the server stops',
  },
  {
    flags: '--drain-delay <seconds>',
    group: PROCESS,
    env: 'PLAIT_DRAIN_DELAY',
    parse: parseSeconds,
    default: '0',
    help: 'how long everything is served as before when the server is to stop, while --health says 503 already: time for a load balancer to look elsewhere',
  },
  {
    flags: '--upgrade-timeout <seconds>',
    group: PROCESS,
    env: 'PLAIT_UPGRADE_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.upgradeTimeout),
    help: 'how long a new process may take to get ready that SIGUSR2 has started in place of this one. Else this one goes on',
  },
  {
    flags: '--health <path>',
    group: PROCESS,
    env: 'PLAIT_HEALTH',
    parse: parseText,
    default: 'none',
    help: 'a path like /healthz that says whether the server wants requests (200, or 503 while it starts and stops); with /live behind it, whether it lives',
  },
  {
    flags: '--pidfile <file>',
    group: PROCESS,
    env: 'PLAIT_PIDFILE',
    parse: parseText,
    default: 'none',
    help: 'a file for the process id. When that of a living process is in it, the server does not start',
  },
  {
    flags: '--uid <user>',
    group: PROCESS,
    env: 'PLAIT_UID',
    parse: parseText,
    help: 'become this user (name or number) when the ports are bound and the logs open, before any code of yours is loaded',
  },
  {
    flags: '-g, --gid <group>',
    group: PROCESS,
    env: 'PLAIT_GID',
    parse: parseText,
    default: "the user's",
    help: 'become a member of this group, likewise',
  },
  {
    flags: '--umask <mode>',
    group: PROCESS,
    env: 'PLAIT_UMASK',
    parse: parseMode,
    help: 'permissions that new files do not get: 027',
  },
  { flags: '--nodaemon', group: PROCESS, help: 'in the foreground, as always' },
]
