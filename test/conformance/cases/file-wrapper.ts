/** "Optional Platform-Specific File Handling": `wsgi.file_wrapper`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Case, Cases } from '../case.ts'
import type { ConformingServer } from '../conforming-server.ts'
import type { Language } from '../language.ts'

const size = 300_000
const whole = Buffer.alloc(size)
for (let at = 0; at < size; at++) whole[at] = at % 251

function target(server: ConformingServer, kind: string, more = ''): string {
  return `/app/file?kind=${kind}&folder=${server.folder}${more}`
}

/** The same bytes as `read()` would give, whatever the block size. */
function gives(kind: string): Case {
  return async (server) => {
    const connection = await server.connect()
    for (const more of ['', '&block=1000']) {
      const response = await connection.ask(target(server, kind, more)).response()
      assert.equal(response.status, 200)
      assert.equal(response.body.length, size)
      assert.ok(response.body.equals(whole), 'the content is another')
      if (server.language.files.regular.includes(kind)) assert.equal(response.headers['content-length'], String(size))
    }
    assert.doesNotMatch(server.log, /^error/m)
  }
}

/** For the kinds of files that a language has. */
export function fileWrapperCases({ files }: Language): Cases {
  const each = files.whole.map((kind) => [`file_wrapper: ${kind}: what read() would give`, gives(kind)] as const)
  return { ...Object.fromEntries(each), ...everywhere }
}

const everywhere: Cases = {
  'file_wrapper: begins where the file stands': async (server) => {
    const response = await server.ask(target(server, 'offset'))
    assert.ok(response.body.equals(whole.subarray(1000)))
    assert.equal((await server.ask(target(server, 'beyond'))).text, '')
  },

  'file_wrapper: small and empty files': async (server) => {
    const connection = await server.connect()
    assert.equal((await connection.ask(target(server, 'small')).response()).text, 'small')
    const nothing = await connection.ask(target(server, 'nothing')).response()
    assert.deepEqual([nothing.text, nothing.complete, nothing.headers['content-length']], ['', true, '0'])
  },

  'file_wrapper: no more than Content-Length': async (server) => {
    const connection = await server.connect()
    for (const kind of ['real', 'gzip', 'bytesio']) {
      for (const length of [0, 10, 100_000]) {
        const response = await connection.ask(target(server, kind, `&length=${length}`)).response()
        assert.deepEqual([response.body.length, response.complete], [length, true], kind)
        assert.ok(response.body.equals(whole.subarray(0, length)))
      }
    }
  },

  'file_wrapper: less than Content-Length cuts the connection': async (server) => {
    for (const kind of ['real', 'small', 'bytesio']) {
      server.beginCase()
      const connection = await server.connect()
      connection.ask(target(server, kind, '&length=400000'))
      await connection.closed()
      const response = await connection.response()
      assert.ok(!response.complete || response.status === 500, kind)
      await server.logged(/^error/m)
    }
  },

  'file_wrapper: HEAD, 204 and 304 have no body': async (server) => {
    const connection = await server.connect()
    for (const kind of ['real', 'small', 'gzip']) {
      const head = await connection.ask(target(server, kind), { method: 'HEAD' }).response('HEAD')
      assert.equal(head.status, 200)
      if (kind === 'real') assert.equal(head.headers['content-length'], String(size))
      for (const line of ['204%20No%20Content', '304%20Not%20Modified']) {
        assert.equal((await connection.ask(target(server, kind, `&line=${line}`)).response()).body.length, 0)
      }
      assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    }
  },

  'file_wrapper: close() once, however the file is sent': async (server) => {
    for (const kind of ['real', 'small', 'temporary', 'gzip']) {
      for (const method of ['GET', 'HEAD']) {
        const of = server.name()
        await server.ask(target(server, kind, `&count=1&of=${of}`), { method })
        assert.deepEqual(await server.settled(of, 1), ['close'], `${method} ${kind}`)
      }
    }
    const of = server.name()
    assert.equal((await server.ask(`/app/file-without-start?folder=${server.folder}&of=${of}`)).status, 500)
    assert.deepEqual(await server.settled(of, 1), ['close'])
  },

  'file_wrapper: close() once when the client goes away': async (server) => {
    const of = server.name()
    for (const kind of ['real', 'gzip']) {
      const connection = await server.connect()
      connection.ask(target(server, kind, `&count=1&of=${of}`))
      await connection.receives(/HTTP/)
      connection.destroy()
    }
    assert.deepEqual(await server.settled(of, 2), ['close', 'close'])
  },

  'file_wrapper: a FIFO is read until its end': async (server) => {
    const fifo = path.join(server.folder, server.name())
    spawnSync('mkfifo', [fifo])
    const connection = await server.connect()
    connection.ask(`/app/file?fifo=${fifo}`)
    await server.openGate(fifo, 'through the pipe')
    const response = await connection.response()
    assert.deepEqual([response.text, response.complete], ['through the pipe', true])
  },

  'file_wrapper: after write() it comes behind what was written': async (server) => {
    const response = await server.ask(`/app/file-written?folder=${server.folder}`)
    assert.ok(response.body.equals(Buffer.concat([Buffer.from('before '), whole])))
  },

  'file_wrapper: what cannot be read: 500': async (server) => {
    const connection = await server.connect()
    for (const kind of server.language.files.unreadable) {
      assert.equal((await connection.ask(target(server, kind)).response()).status, 500, kind)
    }
    assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
  },

  'file_wrapper: iterated by the application itself': async (server) => {
    const response = await server.ask(`/app/file-iterated?folder=${server.folder}`)
    assert.ok(response.body.equals(Buffer.concat([Buffer.from('before '), whole])))
  },
}
