import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../support/until.ts'
import { servePython } from './serve-python.ts'

const faults = `
def loop(environ):
    while True:
        pass

def deaf(environ):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

def reads(environ):
    return "read %d" % len(environ["wsgi.input"].read())

def stands(environ):
    yield b"x" * 3_000_000
    yield b"x" * 3_000_000

def bomb(environ):
    held = []
    while True:
        held.append(bytearray(8_000_000))

def raises(environ):
    yield b"begun"
    raise ValueError("in the iterator")

def leaves(environ):
    os._exit(3)

def exits(environ):
    sys.exit(3)

def catches(environ):
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        return "caught"

def clock(environ):
    before = time.process_time()
    time.sleep(0.3)
    return "idle" if time.process_time() - before < 0.2 else "busy"
`

test('PyodideHost interrupts a request at its deadline: 504, the traceback in the log, and the same interpreter goes on', async (t) => {
  const { text, log } = await servePython(
    t,
    `${faults}\nseen = []\ndef count(environ):\n    seen.append(1)\n    return str(len(seen))\n`,
    {
      spec: { timeout: 1 },
    },
  )
  assert.equal(await text('/count'), '1')
  assert.match(await text('/loop'), /^504 /)
  assert.match(log(), /was interrupted: it took longer than 1 s[^]*app\.py[^]*in loop[^]*KeyboardInterrupt/)
  assert.match(await text('/sleep?30'), /^504 /)
  assert.equal(await text('/catches'), 'caught')
  assert.equal(await text('/count'), '2')
})

test('PyodideHost interrupts a request that waits for a body that does not come', async (t) => {
  const { url, text, log } = await servePython(t, faults, { spec: { timeout: 1 }, wsgi: { requestBody: 'stream' } })
  assert.equal(await text('/hello'), 'hello')
  const endless = new ReadableStream({ pull: () => new Promise(() => undefined) })
  const abort = new AbortController()
  const asked = fetch(`${url}/reads`, { method: 'POST', body: endless, duplex: 'half', signal: abort.signal } as RequestInit)
  asked.catch(() => undefined)
  // The time of the client does not count: another request waits, and is served when the client has gone.
  const other = text('/hello')
  setTimeout(() => abort.abort(), 1500)
  assert.equal(await other, 'hello')
  assert.doesNotMatch(log(), /was ended/)
})

test('PyodideHost ends the thread of a request that does not let itself be interrupted; another takes its place', async (t) => {
  const { text, log } = await servePython(t, faults, { maxThreads: 2, spec: { timeout: 1 } })
  assert.equal(await text('/hello'), 'hello')
  const deaf = text('/deaf')
  assert.equal(await text('/hello'), 'hello')
  assert.match(await deaf, /^504 /)
  assert.match(log(), /was ended: its request took longer than 1 s/)
  assert.equal(await text('/hello'), 'hello')
})

test('PyodideHost raises MemoryError at the limit, and the interpreter goes on', async (t) => {
  const { text, log } = await servePython(t, faults, { spec: { memory: 128 } })
  assert.match(await text('/bomb'), /^500 /)
  assert.match(log(), /MemoryError/)
  assert.equal(await text('/hello'), 'hello')
})

test('PyodideHost cuts the response of an iterator that raises, and the interpreter goes on', async (t) => {
  const { text, log } = await servePython(t, faults)
  await assert.rejects(text('/raises'))
  assert.match(log(), /ValueError: in the iterator/)
  assert.match(await text('/exits'), /^500 /)
  assert.match(log(), /SystemExit: 3/)
  assert.equal(await text('/hello'), 'hello')
})

test('PyodideHost answers 502 when the application ends its interpreter; other requests go on', async (t) => {
  const { text, log } = await servePython(t, faults, { maxThreads: 2 })
  assert.equal(await text('/hello'), 'hello')
  const slept = text('/sleep?0.5')
  assert.match(await text('/leaves', { method: 'POST' }), /^502 /)
  assert.equal(await slept, 'slept')
  assert.match(log(), /ended with exit code 3/)
  assert.equal(await text('/hello'), 'hello')
})

test('PyodideHost sleeps without the processor', async (t) => {
  const { text } = await servePython(t, faults)
  assert.equal(await text('/hello'), 'hello')
  const before = process.cpuUsage()
  assert.equal(await text('/sleep?1'), 'slept')
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 700_000, `${user + system} µs`)
})

test('PyodideHost runs several interpreters at the same time, started when requests need them', async (t) => {
  const { text, pool } = await servePython(t, faults, { maxThreads: 3 })
  assert.equal(await text('/hello'), 'hello')
  // Until the others have started, the first does all of it.
  await until('three interpreters', async () => {
    const began = performance.now()
    const all = await Promise.all(Array.from({ length: 3 }, () => text('/sleep?0.5')))
    assert.deepEqual(all, ['slept', 'slept', 'slept'])
    return performance.now() - began < 900
  })
  assert.equal(pool.statistics().working, 0)
})

test('PyodideHost holds on to nothing of a request: 20,000 take no memory', async (t) => {
  const { text, log } = await servePython(
    t,
    `
import gc
def objects(environ):
    gc.collect()
    return str(len(gc.get_objects()))

def size(environ):
    return str(len(environ["wsgi.input"].read()))
`,
  )
  const many = async (count: number): Promise<void> => {
    let left = count
    const one = async (): Promise<void> => {
      while (left-- > 0) {
        const isPost = left % 10 === 0
        const body = isPost ? await text('/size', { method: 'POST', body: 'x'.repeat(1000) }) : await text('/hello')
        assert.equal(body, isPost ? '1000' : 'hello')
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
  }
  await many(2000)
  const before = Number(await text('/objects'))
  await many(20_000)
  const after = Number(await text('/objects'))
  assert.ok(after - before < 200, `${after - before} more objects`)
  assert.equal(log(), log().replaceAll(/^(?:error|warn) .*$/gm, ''))
})

test('PyodideHost tells an application that its client has gone, and closes its iterator', async (t) => {
  const source = `
def endless(environ):
    gone = environ["plait.client_disconnected"]
    def blocks():
        try:
            yield b"first"
            while not gone():
                time.sleep(0.02)
                yield b"."
        finally:
            print("closed", gone())
    return blocks()
`
  const { url, log } = await servePython(t, source)
  const abort = new AbortController()
  const response = await fetch(`${url}/endless`, { signal: abort.signal })
  const reader = response.body?.getReader()
  assert.equal(
    Buffer.from((await reader?.read())?.value ?? [])
      .toString()
      .slice(0, 5),
    'first',
  )
  abort.abort()
  await reader?.closed.catch(() => undefined)
  await until('the end of the iterator', () => /closed True/.test(log()))
})

test('PyodideHost runs the exit functions of the application when the server stops', async (t) => {
  const { text, log, pool } = await servePython(t, 'import atexit\natexit.register(print, "until", "later")\n')
  assert.equal(await text('/hello'), 'hello')
  await pool.stop()
  assert.match(log(), /until later/)
})
