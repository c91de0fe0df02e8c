import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startPlait } from '../support/server.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

const application = `
import json, time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/endless":
        return iter(lambda: b"x" * 65536, None)
    return [environ.get("HTTP_X_REQUEST_ID", "none").encode()]
`

test('plait web --access-log-format json --request-id tells of queue, application and host; a name is the same everywhere', async (t) => {
  const folder = folderWith(t, { 'app.py': application })
  const file = path.join(folder, 'access.log')
  const options = ['--access-log', file, '--access-log-format', 'json', '--request-id', '--threads', '1']
  const server = await startPlait({ application: 'app:application', folder, options })
  t.after(() => server.stop())
  const answers = await Promise.all(
    ['/slow', '/slow'].map(async (target) => {
      const response = await fetch(`${server.url}${target}`)
      return [await response.text(), response.headers.get('x-request-id')]
    }),
  )
  const client = await RawClient.connect(server.url)
  client.get('/endless')
  await client.receives(/xxx/)
  client.destroy()
  const lines = await until('three lines', () => {
    const all = readFileSync(file, 'utf8').trim().split('\n')
    return all.length === 3 ? all.map((line) => JSON.parse(line) as Record<string, unknown>) : undefined
  })
  assert.deepEqual(
    answers.map(([name]) => name).toSorted(),
    lines
      .slice(0, 2)
      .map(({ id }) => id as string)
      .toSorted(),
  )
  for (const [told, field] of answers) assert.equal(told, field)
  for (const line of lines.slice(0, 2)) {
    assert.ok((line['app'] as number) >= 290 && (line['duration'] as number) >= (line['app'] as number), JSON.stringify(line))
    assert.match(String(line['host']), /^app:application/)
    assert.deepEqual([line['status'], line['bytes'], line['aborted']], [200, 36, undefined])
  }
  // One thread: the second had to wait for it.
  assert.ok(Math.max(...lines.slice(0, 2).map(({ queue }) => queue as number)) >= 200, JSON.stringify(lines))
  assert.deepEqual([lines[2]?.['target'], lines[2]?.['aborted']], ['/endless', 'client'])
  assert.doesNotMatch(server.log(), /Traceback|BrokenPipe|OSError/)
})

test('plait web says which fields an access log has', async () => {
  const { code, stderr } = await runPlait(['web', '--path', '.', '--access-log', '-', '--access-log-format', '{nothing}'])
  assert.equal(code, 1)
  assert.match(stderr, /there is no \{nothing\}\. There are time, id/)
})
