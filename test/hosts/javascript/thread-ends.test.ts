import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { HostFamily } from '#src/hosts/host-family.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { HostSink } from '#src/hosts/host.ts'
import { WorkerHost } from '#src/hosts/worker/worker-host.ts'
import { RecordingLogger } from '#src/testing.ts'
import { until } from '../../support/until.ts'
import { answering, folderOf, serveApplication } from './serve-applications.ts'
import { outcomeSink } from '../../support/outcome-sink.ts'

test('JavaScriptHost lets nothing that a request left behind reach the next one', async (t) => {
  const source = answering(`
    leave: (environ, startResponse) => {
      const write = startResponse('200 OK', [], new Error('so that it may be called again'))
      const input = environ['wsgi.input']
      setTimeout(() => {
        for (const late of [() => write('late'), () => input.read(), () => environ['wsgi.early_hints']([['Link', '</late>']])]) {
          try {
            late()
            notes.push('did nothing')
          } catch (error) {
            notes.push((error as Error).message)
          }
        }
      }, 30)
      return 'left'
    },
    slow: () => (sleep(100), 'slow'),
    later: async function* () { for (let count = 0; count < 4; count++) { yield 'x'; await new Promise((done) => setTimeout(done, 30)) } },
    notes: () => JSON.stringify(notes),
  `).replace('const paths', 'const notes: string[] = []\nconst paths')
  const { root, text } = await serveApplication(t, source, { maxThreads: 1 })
  assert.ok(root)
  assert.equal(await text('/app/leave'), 'left')
  assert.equal(await text('/app/later'), 'xxxx')
  const notes = JSON.parse(await text('/app/notes')) as string[]
  // A body that came whole may be read as long as one likes.
  assert.deepEqual(notes, ['write was called after the end of the request', 'did nothing', 'did nothing'])
})

test('JavaScriptHost answers with the reason when a further thread cannot load any more, and others go on', async (t) => {
  const source = `import { existsSync } from 'node:fs'\nif (existsSync(import.meta.dirname + '/gone')) throw new Error('no database')\n${answering('')}`
  const { text, folder, log } = await serveApplication(t, source, { maxThreads: 2 })
  assert.equal(await text('/app/hello'), 'hello')
  const blocked = text('/app/block?1000')
  writeFileSync(path.join(folder, 'gone'), '')
  assert.match(await text('/app/hello'), /^500 /)
  assert.match(log(), /raised an exception while it was imported: Error: no database/)
  assert.equal(await blocked, 'blocked')
  assert.equal(await text('/app/hello'), 'hello')
})

test('JavaScriptHost is out of no step when the application uses parentPort for itself', async (t) => {
  const source = answering(
    `post: () => (parentPort?.postMessage({ mine: true }), parentPort?.postMessage('x'), 'posted'),`,
  ).replace('import { threadId }', 'import { parentPort, threadId }')
  const { text } = await serveApplication(t, source, { maxThreads: 1 })
  for (let count = 0; count < 3; count++) assert.equal(await text('/app/post'), 'posted')
})

/** A host without a pool, whose threads go when they have been idle for 80 ms. */
async function startHost(t: { after(call: () => Promise<void>): void }, file: string, minThreads: number) {
  const logger = new RecordingLogger()
  const application = resolveApplication(file)
  const host = new WorkerHost(
    { id: 'test#1', application, minThreads, maxThreads: 4, multiprocess: false, family: new HostFamily(), logger },
    {
      runtime: { name: 'Node', executable: 'node', why: 'a test' },
      language: 'JavaScript',
      entry: new URL('../../../../dist/hosts/javascript/thread/main.js', import.meta.url),
      data: {
        module: file,
        exportName: 'application',
        transpiled: new Map(),
        multiprocess: true,
        responseWindow: 1024,
        inputWindow: 1024,
      },
      env: {},
      timeout: 0,
      idleTime: 80,
    },
  )
  t.after(() => host.stop({ timeout: 0 }))
  await host.start()
  host.permits = 4
  const ask = (pathInfo: string): Promise<string> =>
    new Promise((resolve) => {
      let text = ''
      const sink: HostSink = {
        ...outcomeSink((outcome) => resolve(outcome?.message ?? text)),
        respond: (_head, body) => void (text += Buffer.from(body).toString()),
      }
      host.run({ environ: ['PATH_INFO', pathInfo, 'QUERY_STRING', '50'], body: undefined }, sink)
    })
  return { host, ask, log: () => logger.records.map(({ message }) => message).join('\n') }
}

test('WorkerHost retires threads that have nothing to do, down to the minimum, and starts others when they are needed', async (t) => {
  const file = path.join(folderOf(t, { 'app.ts': answering('') }), 'app.ts')
  const { ask } = await startHost(t, file, 0)
  const first = await ask('/thread')
  await until('a new thread', async () => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return (await ask('/thread')) !== first
  })
  const kept = await startHost(t, file, 1)
  const one = await kept.ask('/thread')
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.equal(await kept.ask('/thread'), one)
})

test('WorkerHost replaces threads below the minimum, after growing pauses when they end young', async (t) => {
  const source = answering(`ends: () => { setTimeout(() => process.exit(5), 1); return 'will end' },`)
  const file = path.join(folderOf(t, { 'app.ts': source }), 'app.ts')
  const { ask, log, host } = await startHost(t, file, 1)
  for (let turn = 1; turn <= 3; turn++) {
    assert.equal(await ask('/ends'), 'will end')
    await until('it has ended', () => (log().match(/ended with exit code 5/g)?.length ?? 0) === turn)
  }
  assert.equal(host.state, 'ready')
  assert.equal(await ask('/hello'), 'hello')
})
