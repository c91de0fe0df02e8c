/** What CPython in WebAssembly cannot do, and what happens instead. `docs/reference/hosts.md` says the same. */
import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import type { Exception } from '../host-kind.ts'

/** The application gets an error that says so, and the thread goes on. */
const raises =
  (target: string, error: RegExp): Case =>
  async (server) => {
    const response = await server.ask(target)
    assert.equal(response.status, 500)
    await server.logged(error)
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
  }

const noFork = raises('/app/forks?how=exit', /OSError: \[Errno 52\] Function not implemented/)
const noThreads = /RuntimeError: can't start new thread/

const fork = 'WebAssembly has no processes.'
const threads = 'An interpreter in WebAssembly has one thread.'

export const exceptions: Readonly<Record<string, Exception>> = {
  'write(): after the response it reaches nobody': { reason: threads, instead: raises('/app/writes-later?kind=one', noThreads) },
  'fork: a child that exits later neither answers nor ends anything': { reason: fork, instead: noFork },
  'fork: a child that comes back from the application ends there': { reason: fork, instead: noFork },
  'threads: the application may have its own, and leave one behind': {
    reason: threads,
    instead: raises('/app/own-threads', noThreads),
  },
}
