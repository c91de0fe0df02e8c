import { spawn } from 'node:child_process'
import { silentLogger, type Logger } from '../log/logger.ts'

/** Options of {@link notifyServiceManager}. */
export interface NotifyOptions {
  /** Where the service manager listens. @default the environment variable NOTIFY_SOCKET */
  readonly socket?: string | undefined
  /** An interpreter of Python, for machines without `systemd-notify`. @default python3, python */
  readonly python?: string | undefined
  /** @default silent */
  readonly logger?: Logger
}

/** Seconds that a program may take that carries a message. */
const PATIENCE = 6

/** Waits until systemd has read the message (BARRIER=1): it does not believe a sender that is gone by then. */
const SCRIPT = `
import array, os, select, socket, sys
address = os.fsencode(os.environ["NOTIFY_SOCKET"])
if address.startswith(b"@"): address = b"\\0" + address[1:]
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.settimeout(4)
one.connect(address)
one.sendall(os.fsencode(sys.argv[1]))
ours, theirs = os.pipe()
one.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs]))])
os.close(theirs)
look = select.poll()
look.register(ours, 0)
look.poll(4000)
`

/**
 * Tells the service manager how the server is, where one wants to know (sd_notify(3)): `{ READY: 1 }`, `{ STOPPING: 1 }`, `{ STATUS: 'text' }`. Node has no
 * datagrams on UNIX sockets, so `systemd-notify` carries the message, or Python. That is another process than the server's: the unit needs `NotifyAccess=all`.
 * Never throws, and holds nothing up.
 * @returns whether somebody was told; false at once when nobody wants to know
 */
export async function notifyServiceManager(
  state: Readonly<Record<string, string | number>>,
  { socket = process.env['NOTIFY_SOCKET'], python, logger = silentLogger }: NotifyOptions = {},
): Promise<boolean> {
  if (socket === undefined || socket === '') return false
  // A line feed would begin another assignment.
  const lines = Object.entries(state).map(([name, value]) => `${name}=${String(value).replaceAll(/[\r\n\0]+/g, ' ')}`)
  const pythons = python === undefined ? ['python3', 'python'] : [python]
  const carriers: [string, string[]][] = [['systemd-notify', lines]]
  if (/^[/@]/.test(socket)) carriers.push(...pythons.map((one): [string, string[]] => [one, ['-c', SCRIPT, lines.join('\n')]]))
  const failures: string[] = []
  for (const [program, words] of carriers) {
    const failure = await carry(program, words, socket).catch(String)
    if (failure === undefined) return true
    failures.push(`${program}: ${failure}`)
  }
  logger.warn(`The service manager could not be told ${lines.join(', ')} (${failures.join('; ')})`)
  return false
}

/** Runs a program that carries a message. Gives why it could not, or undefined. */
function carry(program: string, words: readonly string[], socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      env: { ...process.env, NOTIFY_SOCKET: socket },
      stdio: 'ignore',
      timeout: PATIENCE * 1000,
    })
    child.unref()
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'there is no such program' : error.message),
    )
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : signal === null ? `exit code ${code}` : `ended by ${signal}`),
    )
  })
}
