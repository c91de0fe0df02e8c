import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { evaluateIn } from './inspected-threads.ts'
import type { WorkerThread } from './worker-thread.ts'

/** Milliseconds in which a thread says where it stands. One that does not is in native code, or waits for the system. */
const STACK_MS = 250

const STACK = `(() => {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  try { return String(new Error('').stack) } finally { Error.stackTraceLimit = before }
})()`

/** Plait's own files: frames there are no business of the application's author. */
const own = fileURLToPath(new URL('../..', import.meta.url))

/** Where a thread stands, in lines for the log: the functions of the application, the innermost first. */
export async function stackOf(worker: Worker): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), STACK_MS)))
  const stack = await Promise.race([evaluateIn(worker, STACK), silence]).finally(() => clearTimeout(timer))
  if (typeof stack !== 'string') return 'The thread does not say where it stands: it is in native code, or waits for the system'
  const frames = stack.split('\n').filter(isOfApplication)
  return frames.length > 0
    ? frames.join('\n')
    : 'The thread runs no code: it waits in its event loop, for a timer, a promise or a connection'
}

/** Writes where each thread stands, with the request that it runs. */
export async function tellStacks(
  threads: readonly WorkerThread[],
  language: 'JavaScript' | 'Python',
  say: (line: string) => void,
): Promise<void> {
  const stacks = await Promise.all(
    threads.map((thread) =>
      language === 'Python' ? 'An interpreter in WebAssembly does not say where it stands' : thread.stack(),
    ),
  )
  threads.forEach((thread, at) => say(`Thread ${at + 1} of ${threads.length}, ${whatItDoes(thread)}:\n${stacks[at]}`))
}

function whatItDoes({ ready, front }: WorkerThread): string {
  if (front === undefined) return ready ? 'without work' : 'loading the application'
  const { environ, call } = front.job
  if (call !== undefined) return `in a call of ${call.name}`
  const valueOf = (name: string): string => {
    for (let at = 0; at < environ.length; at += 2) if (environ[at] === name) return environ[at + 1] as string
    return ''
  }
  return `in ${valueOf('REQUEST_METHOD')} ${valueOf('SCRIPT_NAME')}${valueOf('PATH_INFO')}`
}

function isOfApplication(line: string): boolean {
  return /^\s+at /.test(line) && !line.includes('<anonymous>:') && !line.includes(own) && !line.includes('node:internal')
}
