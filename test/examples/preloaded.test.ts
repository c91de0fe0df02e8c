import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startPlait } from '../support/server.ts'
import { until } from '../support/until.ts'

test(
  'examples/preloaded loads its catalogue once and connects in each process',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const options = ['--processes', '3', '--preload', '--post-fork', 'shop:connect']
    const server = await startPlait({ application: 'shop.application', folder: `${root}/examples/preloaded`, options })
    t.after(() => server.stop())
    assert.match(await (await fetch(`${server.url}/item-7`)).text(), /^Item 7, seen 1 times in process \d+\n$/)
    await until('all processes are connected', () => server.log().match(/Connected in process \d+/g)?.length === 3)
    assert.equal(server.log().match(/The catalogue is loaded/g)?.length, 1)
  },
)
