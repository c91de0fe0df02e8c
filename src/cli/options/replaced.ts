/** An option of `twistd`, or a name that people try, which Plait does not have. */
export interface ReplacedOption {
  /** As commander reads it. */
  readonly flags: string
  /** What to do, in one line. */
  readonly answer: string
}

const service = 'systemd, a container, or your shell runs it in the background'
const logs = 'the log goes to standard error or --server-log; systemd-cat, logger or a container take it from there'
const profile = 'profile the server with node --cpu-prof, the application with py-spy or cProfile'
const legacy = 'Plait reads no .tac, .tap and .tas files: write a site.ts and say --service site.ts'

/** Known names, and what takes their place. */
export const replacedOptions: readonly ReplacedOption[] = [
  { flags: '--daemon', answer: service },
  { flags: '--syslog', answer: logs },
  { flags: '--prefix [prefix]', answer: logs },
  { flags: '--logger [name]', answer: logs },
  { flags: '--log-file [file]', answer: 'say --server-log, or --access-log for one line per request' },
  { flags: '-r, --reactor [name]', answer: "there is one reactor, Node's event loop" },
  { flags: '--euid', answer: 'say --uid: the server never becomes root again' },
  { flags: '--chroot [dir]', answer: 'use RootDirectory= of systemd, or a container: Node needs its own files' },
  { flags: '--originalname', answer: 'the process is called node; systemd and --pidfile tell it apart' },
  { flags: '--profile [file]', answer: profile },
  { flags: '--profiler [name]', answer: profile },
  { flags: '--savestats', answer: profile },
  { flags: '--debug', answer: 'debug the server with node --inspect, the application with pdb' },
  { flags: '--spew', answer: 'trace the application with python -X, the server with NODE_DEBUG' },
  { flags: '-y [file]', answer: legacy },
  { flags: '-f, --file [file]', answer: legacy },
  { flags: '-s, --source [file]', answer: legacy },
  { flags: '-o, --no_save', answer: legacy },
  { flags: '-e, --encrypted', answer: legacy },
  { flags: '--host [address]', answer: 'say --listen ADDRESS:PORT' },
  { flags: '-b, --bind [address]', answer: 'say --listen ADDRESS:PORT' },
  { flags: '-w, --workers [n]', answer: 'say --processes N' },
]
