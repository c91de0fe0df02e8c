import assert from 'node:assert/strict'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { NodeReactor, PlaitError, ThreadPool, transfer } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import { until } from '../../support/until.ts'
import { folderOf } from './serve-applications.ts'

const tasks = `
import { transfer } from 'plait'
import { isMainThread, threadId } from 'node:worker_threads'
export const add = (one: number, other: number) => one + other
export const where = async () => [isMainThread, threadId]
export const taken = (bytes: Uint8Array) => bytes.length
export const doubled = (bytes: Uint8Array) => {
  const result = new Uint8Array(bytes.length * 2).fill(bytes[0]!)
  return transfer(result, [result.buffer])
}
export const value = new Map([['a', new Date(0)]])
export const wrong = () => () => 'a function'
export const leave = () => process.exit(4)
export const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
export function fail(): never {
  throw Object.assign(new RangeError('out of reach'), { code: 'FAR' })
}
`

function makePool(t: TestContext, maxThreads = 2) {
  const logger = new RecordingLogger()
  const pool = new ThreadPool({ maxThreads, logger })
  t.after(() => pool.stop({ timeout: 1 }))
  const file = path.join(folderOf(t, { 'tasks.ts': tasks }), 'tasks.ts')
  return { pool, logger, task: (name: string) => `${file}#${name}` }
}

test('ThreadPool.deferToThread runs functions of a module in threads, and gives what they give', async (t) => {
  const { pool, task } = makePool(t)
  assert.equal(await pool.deferToThread(task('add'), 3, 4), 7)
  const [isMain, id] = (await pool.deferToThread(task('where'))) as [boolean, number]
  assert.equal(isMain, false)
  assert.ok(id > 0)
  assert.equal(pool.statistics().served, 2)
})

test('ThreadPool.deferToThread moves what transfer marks, to the thread and back', async (t) => {
  const { pool, task } = makePool(t)
  const bytes = new Uint8Array(1000).fill(7)
  const doubled = (await pool.deferToThread(task('doubled'), transfer(bytes, [bytes.buffer]))) as Uint8Array
  assert.deepEqual([bytes.length, doubled.length, doubled[1999]], [0, 2000, 7])
  const copied = new Uint8Array(10)
  assert.equal(await pool.deferToThread(task('taken'), copied), 10)
  assert.equal(copied.length, 10)
})

test('ThreadPool.deferToThread is rejected with what the function threw', async (t) => {
  const { pool, task } = makePool(t)
  await assert.rejects(pool.deferToThread(task('fail')), (error: NodeJS.ErrnoException) => {
    assert.deepEqual([error.name, error.message, error.code], ['RangeError', 'out of reach', 'FAR'])
    assert.match(error.stack ?? '', /fail \(\S+tasks\.ts:16:\d+\)/)
    return true
  })
})

test('ThreadPool.deferToThread says what is wrong with a call', async (t) => {
  const { pool, task } = makePool(t)
  const rejected = async (reference: string, code: string, message: RegExp, ...args: unknown[]): Promise<void> => {
    await assert.rejects(pool.deferToThread(reference, ...args), (error: PlaitError) => {
      assert.ok(error instanceof PlaitError)
      assert.equal(error.code, code, error.message)
      assert.match(error.message, message)
      return true
    })
  }
  await rejected('./tasks.ts', 'PLAIT_CONFIGURATION', /a function is named like/)
  await rejected('./tasks.py#add', 'PLAIT_CONFIGURATION', /a file of TypeScript or JavaScript/)
  await rejected(task('none'), 'PLAIT_CONFIGURATION', /exports no such function; functions that it exports: add, doubled/)
  await rejected(task('value'), 'PLAIT_CONFIGURATION', /no such function/)
  await rejected('./no-such-file.ts#add', 'PLAIT_APPLICATION', /there is no such file/)
  await rejected(task('add'), 'PLAIT_NOT_CLONEABLE', /Cannot send the arguments of add/, () => undefined)
  await rejected(task('wrong'), 'PLAIT_NOT_CLONEABLE', /Cannot send back what the function gave/)
  await rejected(task('leave'), 'PLAIT_HOST_LOST', /ended with exit code 4/)
  // None of this has used up a permit or a thread.
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map((one) => pool.deferToThread(task('add'), one, 1))), [2, 3, 4, 5])
  assert.equal(pool.statistics().working, 0)
})

test('ThreadPool.callInThreadWithCallback tells success and failure, callInThread logs failures', async (t) => {
  const { pool, task, logger } = makePool(t)
  const told: unknown[] = []
  const tell = (success: boolean, result: unknown): void =>
    void told.push([success, result instanceof Error ? result.message : result])
  pool.callInThreadWithCallback(tell, task('add'), 1, 2)
  pool.callInThreadWithCallback(tell, task('fail'))
  await until('both are told', () => told.length === 2)
  assert.deepEqual(told.toSorted(), [
    [false, 'out of reach'],
    [true, 3],
  ])
  pool.callInThread(task('fail'))
  const lines = (): string => logger.records.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`).join('\n')
  await until('it is logged', () => /tasks\.ts#fail, called in a thread, failed .*out of reach/.test(lines()))
})

test('calls and requests share the permits of a pool', async (t) => {
  const { pool, task } = makePool(t, 1)
  await pool.deferToThread(task('add'), 0, 0)
  const sleeps = [50, 50, 50].map((ms) => pool.deferToThread(task('sleep'), ms))
  assert.deepEqual([pool.statistics().working, pool.statistics().queued], [1, 2])
  await Promise.all(sleeps)
})

test('NodeReactor.callInThread uses the pool of the reactor', async (t) => {
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  const file = path.join(folderOf(t, { 'tasks.ts': tasks }), 'tasks.ts')
  reactor.callInThread(`${file}#add`, 1, 2)
  await until('it is done', () => reactor.getThreadPool().statistics().served === 1)
  await reactor.getThreadPool().stop()
})
