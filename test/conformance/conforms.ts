import { after, before, describe, it } from 'node:test'
import type { Cases } from './case.ts'
import { casesFor } from './cases.ts'
import { ConformingServer } from './conforming-server.ts'
import type { HostKind } from './host-kind.ts'

/**
 * Runs the cases on a kind of host, against one server. What the kind cannot do must fail in the way that it names.
 * @param more cases of this kind alone
 */
export function conforms(kind: HostKind, more: Cases = {}): void {
  describe(`PEP 3333 on ${kind.name}`, () => {
    let server: ConformingServer
    before(async () => {
      server = await ConformingServer.start(kind)
    })
    after(() => server.stop())
    for (const [name, run] of Object.entries({ ...casesFor(kind.language), ...more })) {
      const exception = kind.exceptions[name]
      const title = exception === undefined ? name : `${name} (an exception: ${exception.reason})`
      it(title, { timeout: 60_000 }, async () => {
        server.beginCase()
        try {
          await (exception?.instead ?? run)(server)
        } finally {
          server.endCase()
        }
      })
    }
  })
}
