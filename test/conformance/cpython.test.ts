import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { root } from '../support/paths.ts'
import { findPythons } from '../support/pythons.ts'
import { cases } from './cases.ts'
import { ConformingServer } from './conforming-server.ts'
import { marker, type HostKind } from './host-kind.ts'

const pythons = findPythons()

it('finds a Python to conform with', () => assert.notEqual(pythons.length, 0))

for (const { path, version } of pythons) {
  const kind: HostKind = {
    name: `CPython ${version}`,
    application: (name) => ({
      application: `apps:${name}`,
      python: path,
      cwd: `${root}/test/conformance/python`,
      env: { [marker]: 'secret', PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: '' },
    }),
  }
  describe(`PEP 3333 on ${kind.name}`, () => {
    let server: ConformingServer
    before(async () => {
      server = await ConformingServer.start(kind)
    })
    after(() => server.stop())
    for (const [name, run] of Object.entries(cases)) {
      it(name, { timeout: 30_000 }, async () => {
        server.beginCase()
        try {
          await run(server)
        } finally {
          server.endCase()
        }
      })
    }
  })
}
