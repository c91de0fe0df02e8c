import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveProgram } from './serve-flow.ts'

test('two applications of the same name run in processes of their own', async (t) => {
  const server = await serveProgram('two-applications')
  t.after(server.stop)
  const [colour, bluePid, folder, script, path] = (await server.page('/blue/a/b%20c')).split(' ', 5)
  assert.deepEqual([colour, folder, script, path], ['blue', 'blue', '/blue', '/a/b'])
  const red = (await server.page('/red')).split(' ')
  assert.deepEqual([red[0], red[2], red[3], red[5]], ['red', 'red', '/red', 'cherry'])
  assert.notEqual(red[1], bluePid)
  assert.notEqual(Number(bluePid), server.pid)
  assert.match(await server.page('/green'), /404/)
})
