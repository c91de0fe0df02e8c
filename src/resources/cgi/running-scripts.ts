/** Scripts that run: none outlives its server. */
import type { Reactor } from '../../reactor/reactor.ts'

/** What can be ended at once. */
export interface Killable {
  kill(): void
}

const byReactor = new WeakMap<Reactor, Set<Killable>>()
const all = new Set<Set<Killable>>()
let atExit = false

/** The scripts of one reactor. They are killed when it has stopped, or the process ends. */
export function runningScripts(reactor: Reactor): Set<Killable> {
  let running = byReactor.get(reactor)
  if (running === undefined) {
    running = new Set()
    byReactor.set(reactor, running)
    all.add(running)
    // By then every client is answered or cut.
    reactor.addSystemEventTrigger('after', 'shutdown', () => killAll(running as Set<Killable>))
    if (!atExit) process.once('exit', () => all.forEach(killAll))
    atExit = true
  }
  return running
}

function killAll(running: Set<Killable>): void {
  for (const script of running) script.kill()
}
