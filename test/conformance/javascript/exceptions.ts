/** What worker threads cannot do, and what happens instead. `docs/reference/hosts.md` says the same. */
import assert from 'node:assert/strict'
import { root } from '../../support/paths.ts'
import { startWeb } from '../../support/server.ts'
import type { Case } from '../case.ts'
import type { Exception } from '../host-kind.ts'

/** The request of the thread that ends is lost. Nobody else's is. */
const losesItsRequest: Case = async (server) => {
  const gate = server.gate()
  const waiting = server.ask(`/app/answers-late?gate=${gate}`)
  for (const at of ['call', 'started', 'next']) {
    server.beginCase()
    const response = await server.ask(`/app/raises?at=${at}&kind=exit`, { method: 'POST' })
    assert.equal(response.status, 502, at)
    assert.equal(response.headers['x-mine'], undefined)
    await server.logged(/exit code 3/)
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
  }
  await server.openGate(gate)
  assert.equal((await waiting).text, 'late')
}

const cannotFork: Case = async (server) => {
  const response = await server.ask('/app/forks?how=exit')
  assert.equal(response.status, 500)
  await server.logged(/TypeError: process\.fork is not a function/)
}

const writesPastTheLog: Case = async (server) => {
  const plait = await startWeb(['--wsgi', './apps.ts#application'], {
    cwd: `${root}/test/conformance/javascript`,
    env: { PLAIT_CONFORMANCE_FOLDER: server.folder },
  })
  try {
    const word = server.name()
    assert.equal(await (await fetch(`${plait.url}/prints-raw?word=${word}`)).text(), 'ok')
    assert.equal(await (await fetch(`${plait.url}/prints?word=${word}`)).text(), 'ok')
    assert.match(plait.log(), new RegExp(`^${word} raw$`, 'm'))
  } finally {
    await plait.stop()
  }
}

const noFork = 'Node has no `fork()`: `child_process` starts programs, which never come back into the application.'

export const exceptions: Readonly<Record<string, Exception>> = {
  'errors: exit before output: 500, a traceback in the log, and the host lives': {
    reason: '`process.exit` ends the thread in which it is called; it is no exception that could be caught.',
    instead: losesItsRequest,
  },
  'fork: a child that exits later neither answers nor ends anything': { reason: noFork, instead: cannotFork },
  'fork: a child that comes back from the application ends there': { reason: noFork, instead: cannotFork },
  'output: what is written to descriptor 1 reaches the log': {
    reason:
      "Threads have the descriptors of the server's process: only `process.stdout`, `process.stderr` and `console` are their own.",
    instead: writesPastTheLog,
  },
}
