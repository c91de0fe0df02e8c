import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitsOf, parseLimit, parseTimeout } from '#src/cli/limit-values.ts'
import { startWeb } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

test('parseTimeout collects a number for all paths and one for each', () => {
  const timeout = parseTimeout('/Reports/=120.5\n/events=0', parseTimeout('30'))
  assert.deepEqual(timeout, { '/': { timeout: 30 }, '/Reports': { timeout: 120.5 }, '/events': { timeout: 0 } })
  assert.deepEqual(parseTimeout('/a=b=5'), { '/a=b': { timeout: 5 } })
  assert.deepEqual(parseTimeout('20', timeout)['/'], { timeout: 20 })
  for (const text of ['', 'x', '-1', '/a', '/a=', 'a=3', '/a=x', '/a?b=3', '=3']) {
    assert.throws(() => parseTimeout(text), /must|It is wrong/, text)
  }
})

test('parseLimit collects places, with a queue and its patience', () => {
  const limit = parseLimit('/export=1', parseLimit('/reports=2,max-queue=20,queue-timeout=2.5'))
  assert.deepEqual(limit, { '/reports': { maxRunning: 2, maxQueue: 20, queueTimeout: 2.5 }, '/export': { maxRunning: 1 } })
  for (const text of [
    '',
    '/a',
    '/a=',
    '/a=0',
    '/a=x',
    'a=1',
    '/a=1,',
    '/a=1,queue=3',
    '/a=1,max-queue=x',
    '/a=1,max-queue=1.5',
    '/%=1',
  ]) {
    assert.throws(() => parseLimit(text), /must|It is wrong|There is no/, text)
  }
})

test('limitsOf puts both together, and refuses one path in two ways', () => {
  assert.equal(limitsOf({}), undefined)
  const limits = limitsOf({ timeout: parseTimeout('30'), limit: parseLimit('/api/reports=2') })
  assert.deepEqual([limits?.find('/api/reports/x').timeout, limits?.find('/api/reports/x').lane?.name], [30, '/api/reports'])
  const twice = (): unknown => limitsOf({ timeout: parseTimeout('/reports=30'), limit: parseLimit('/Reports=2') })
  assert.throws(twice, { code: 'PLAIT_CONFIGURATION', message: /case and a slash/ })
})

test('plait web says what is wrong with --limit and --timeout, with exit code 2', async () => {
  for (const [words, message] of [
    [['--limit', 'reports=2'], /'--limit <\/path=n>' argument 'reports=2' is invalid. It must be written like \/reports=2/],
    [['--timeout', '/reports=soon'], /It must be a number of seconds/],
    [
      ['--mount', '/api=wsgi:a.b', '--path', '/', '--limit', '/reports=2'],
      /--limit \/reports: there is no application .* they are at \/api/,
    ],
    [['--path', '/', '--timeout', '/reports=2'], /--timeout \/reports: there is no application .* none is served/],
    [['--timeout', '/a/../b=3'], /clients take \.\. out/],
  ] as const) {
    const { code, stderr } = await runPlait([
      'web',
      ...(words.some((word) => word === '--path') ? [] : ['--wsgi', 'a.b']),
      ...words,
    ])
    assert.match(stderr, message)
    assert.equal(code, 2)
  }
})

test('plait web --limit and --timeout hold by path, over mounts', async (t) => {
  const cwd = folderWith(t, {
    'app.py': `
import threading, time
lock = threading.Lock()
running = most = 0

def app(environ, start_response):
    global running, most
    with lock:
        running += 1
        most = max(most, running)
    time.sleep(0.15)
    with lock:
        running -= 1
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(most).encode()]
`,
  })
  // Two mounts below the path, one lane.
  const words = ['--mount', '/api/one=wsgi:app.app', '--mount', '/api/two=wsgi:app.app', '--limit', '/api=2', '--timeout', '30']
  const server = await startWeb([...words, '--timeout', '/api/two/slow=0.5', '--threads', '8'], { cwd })
  t.after(() => server.stop())
  const paths = ['/api/one/a', '/api/two/a', '/api/one', '/api/TWO/x'.toLowerCase(), '/api//one']
  const answers = await Promise.all(
    Array.from({ length: 12 }, async (_, number) => {
      const response = await fetch(`${server.url}${paths[number % 4]}`)
      return await response.text()
    }),
  )
  for (const answer of answers) assert.match(answer, /^[12]$/)
  assert.equal((await fetch(`${server.url}/api/one/slow`)).status, 200)
  assert.equal((await fetch(`${server.url}/api/two/slow`)).status, 504)
})
