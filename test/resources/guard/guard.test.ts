import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { BasicCredentialFactory } from '#src/resources/guard/basic-credential-factory.ts'
import { AnonymousChecker } from '#src/resources/guard/checkers/anonymous-checker.ts'
import { InMemoryChecker } from '#src/resources/guard/checkers/in-memory-checker.ts'
import { DigestCredentialFactory } from '#src/resources/guard/digest/digest-credential-factory.ts'
import { HTTPAuthSessionWrapper } from '#src/resources/guard/http-auth-session-wrapper.ts'
import { ANONYMOUS, Portal } from '#src/resources/guard/portal.ts'
import type { Avatar } from '#src/resources/guard/portal.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { serve } from '../../resource/serve.ts'
import { until } from '../../support/until.ts'
import { asUser, basic, guard, Where, withAuthorization } from './guarded.ts'

/** A site with a guard at `/a/b`. */
function below(node: TreeNode): Resource {
  const root = new Resource()
  const a = new Resource()
  root.putChild('a', a)
  a.putChild('b', node)
  return root
}

/** Allows what is given, whoever asks. */
function realmOf(resource: TreeNode): { requestAvatar(): Avatar } {
  return { requestAvatar: () => ({ resource }) }
}

const alice = [new InMemoryChecker({ alice: 'open sesame' })]

test('HTTPAuthSessionWrapper asks for credentials, at any depth and for any method (H150)', async () => {
  const { port } = serve(below(guard()))
  for (const target of ['/a/b', '/a/b/', '/a/b/c/d']) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      const response = await port.request(`${method} ${target}`)
      assert.equal(response.status, 401)
      assert.equal(response.headers['www-authenticate'], 'Basic realm="R", charset="UTF-8"')
      assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
      assert.match(response.text, /<h1>Unauthorized<\/h1>/)
    }
  }
  const head = await port.request('HEAD /a/b')
  assert.deepEqual([head.status, head.body.length], [401, 0])
  assert.equal((await port.request('GET /a')).status, 405)
})

const places: readonly (readonly [target: string, answer: string])[] = [
  ['/a/b', 'branch [["a","b"],[]]'],
  ['/a/b/', 'branch/ [["a","b",""],[]]'],
  ['/a/b/c%20d/e', 'branch/c d/e [["a","b","c d","e"],[]]'],
]

for (const [target, answer] of places) {
  test(`HTTPAuthSessionWrapper is not seen from behind it, at ${target} (H150)`, async () => {
    const { port } = serve(below(guard()))
    const response = await port.request(asUser(target))
    assert.deepEqual([response.status, response.text], [200, `${answer} Basic alice`])
  })
}

test('HTTPAuthSessionWrapper gives a leaf the whole path that is left (H150)', async () => {
  const { port } = serve(below(guard({ realm: realmOf(new Where('leaf', true)) })))
  assert.equal((await port.request(asUser('/a/b'))).text, 'leaf [["a","b"],[]] Basic alice')
  assert.equal((await port.request(asUser('/a/b/c/d'))).text, 'leaf [["a","b"],["c","d"]] Basic alice')
})

test('HTTPAuthSessionWrapper may be the root, and several deep', async () => {
  const leaf = guard({ realm: realmOf(new Where('leaf', true)) })
  const { port } = serve(leaf)
  assert.equal((await port.request('GET /')).status, 401)
  assert.equal((await port.request(asUser('/'))).text, 'leaf [[],[""]] Basic alice')
  const twice = serve(guard({ realm: realmOf(leaf) }))
  assert.equal((await twice.port.request(asUser('/x'))).text, 'leaf [[],["x"]] Basic alice')
})

test('HTTPAuthSessionWrapper gives a WSGI application REMOTE_USER and AUTH_TYPE, which no client can give', async () => {
  const pool = new MemoryThreadPool((job) => job.answer(200, [], 'ok'))
  const application = new WSGIResource(new MemoryReactor(), pool, 'test.application')
  const root = new Resource()
  root.putChild('open', application)
  root.putChild('in', guard({ realm: realmOf(application), checkers: [new InMemoryChecker({ jürgen: 'x' })] }))
  const { port } = serve(root)
  const forged = 'Remote-User: root\r\nREMOTE_USER: root\r\nAuth-Type: Basic\r\nRemote_User: root\r\n'
  await port.request(`GET /open HTTP/1.1\r\nHost: h\r\n${forged}Authorization: ${basic('jürgen', 'x')}\r\n\r\n`)
  assert.equal(pool.jobs[0]?.environ['REMOTE_USER'], undefined)
  assert.equal(pool.jobs[0]?.environ['AUTH_TYPE'], undefined)
  await port.request(`GET /in/a/b HTTP/1.1\r\nHost: h\r\n${forged}Authorization: ${basic('jürgen', 'x')}\r\n\r\n`)
  const environ = pool.jobs[1]?.environ ?? {}
  // PEP 3333: bytes as latin-1 text.
  assert.equal(environ['REMOTE_USER'], Buffer.from('jürgen').toString('latin1'))
  assert.equal(environ['AUTH_TYPE'], 'Basic')
  assert.deepEqual([environ['SCRIPT_NAME'], environ['PATH_INFO']], ['/in', '/a/b'])
  assert.equal(environ['HTTP_AUTHORIZATION'], basic('jürgen', 'x'))
})

test('HTTPAuthSessionWrapper takes Authorization away where it is told to', async () => {
  const fields = new Resource()
  fields.isLeaf = true
  fields.render_GET = (request) => JSON.stringify([...request.getAllHeaders().keys(), request.user?.name])
  const { port } = serve(guard({ realm: realmOf(fields), options: { stripAuthorization: true } }))
  assert.equal((await port.request(asUser('/'))).text, '["host","alice"]')
})

const refused: readonly (readonly [title: string, value: string])[] = [
  ['an unknown scheme', 'Bearer abc'],
  ['no credentials behind the scheme', 'Basic'],
  ['what is no Base64', 'Basic *'],
  ['no colon', `Basic ${Buffer.from('alice').toString('base64')}`],
  ['a wrong password', basic('alice', 'open sesam')],
  ['an unknown user', basic('bob', 'open sesame')],
  ['a name of every object', basic('__proto__', '')],
  ['another case of a name', basic('Alice', 'open sesame')],
  ['bytes that are no UTF-8', `Basic ${Buffer.from('al\u00ecce:x', 'latin1').toString('base64')}`],
  ['a control character', basic('alice', 'open sesame\0')],
  ['an empty field', ''],
]

for (const [title, value] of refused) {
  test(`HTTPAuthSessionWrapper refuses ${title} (H150, H151)`, async () => {
    const { port } = serve(below(guard()))
    const response = await port.request(withAuthorization('/a/b/c', value))
    assert.equal(response.status, 401)
    assert.equal(response.headers['www-authenticate'], 'Basic realm="R", charset="UTF-8"')
  })
}

const accepted: readonly (readonly [title: string, value: string])[] = [
  ['a scheme in any case', basic('alice', 'open sesame').replace('Basic', 'bAsIc')],
  ['more than one space', basic('alice', 'open sesame').replace(' ', '   ')],
  ['Base64 without its padding', basic('alice', 'open sesame').replace(/=+$/, '')],
]

for (const [title, value] of accepted) {
  test(`HTTPAuthSessionWrapper takes ${title} (H150, H151)`, async () => {
    assert.equal((await serve(guard()).port.request(withAuthorization('/', value))).status, 200)
  })
}

test('BasicCredentialFactory splits at the first colon, and reads UTF-8 (H151)', async () => {
  const checkers = [new InMemoryChecker({ zoë: 'a:b:ü' })]
  const { port } = serve(guard({ checkers }))
  assert.match((await port.request(asUser('/', 'zoë', 'a:b:ü'))).text, /Basic zoë$/)
  assert.equal((await port.request(asUser('/', 'zoë', 'a'))).status, 401)
})

test('HTTPAuthSessionWrapper sends one challenge for each factory, in order; quotes in a realm are escaped (H150)', async () => {
  const factories = [
    new DigestCredentialFactory({ realm: 'a "b" \\', algorithms: ['MD5'] }),
    new BasicCredentialFactory('a "b" \\'),
  ]
  const response = await serve(guard({ factories })).port.request('GET /')
  const challenges = response.rawHeaders.filter((_, index) => response.rawHeaders[index - 1] === 'WWW-Authenticate')
  assert.equal(challenges.length, 2)
  assert.match(
    challenges[0] as string,
    /^Digest realm="a \\"b\\" \\\\", qop="auth", algorithm=MD5, nonce="[\w-]+", charset=UTF-8$/,
  )
  assert.equal(challenges[1], 'Basic realm="a \\"b\\" \\\\", charset="UTF-8"')
})

test('AnonymousChecker lets in who shows nothing, and nobody who shows something wrong (H150)', async () => {
  const realm = {
    requestAvatar: (id: string | typeof ANONYMOUS) => ({ resource: new Where(id === ANONYMOUS ? 'public' : id, true) }),
  }
  const { port } = serve(guard({ realm, checkers: [...alice, new AnonymousChecker()] }))
  assert.equal((await port.request('GET /')).text, 'public [[],[""]] undefined undefined')
  assert.equal((await port.request(asUser('/'))).text, 'alice [[],[""]] Basic alice')
  assert.equal((await port.request(asUser('/', 'alice', 'wrong'))).status, 401)
})

test('HTTPAuthSessionWrapper answers 403 where the realm has nothing for a user, and asks who is anonymous', async () => {
  const { port } = serve(guard({ realm: { requestAvatar: () => undefined }, checkers: [...alice, new AnonymousChecker()] }))
  const response = await port.request(asUser('/x'))
  assert.equal(response.status, 403)
  assert.equal(response.headers['www-authenticate'], undefined)
  assert.equal((await port.request('GET /x')).status, 401)
})

test('HTTPAuthSessionWrapper answers 500 when a checker or the realm fails, and logs it (H150)', async () => {
  const fails = (): never => {
    throw new Error('the database is down')
  }
  for (const node of [guard({ checkers: [{ requestAvatarId: fails }] }), guard({ realm: { requestAvatar: fails } })]) {
    const { port, logger } = serve(below(node))
    for (const target of ['/a/b', '/a/b/c']) {
      const response = await port.request(asUser(target))
      assert.equal(response.status, 500)
      assert.doesNotMatch(response.text, /database/)
    }
    assert.equal(
      logger.records.filter(({ level, fields }) => level === 'error' && String(fields?.['error']).includes('database is down'))
        .length,
      2,
    )
  }
})

test('Portal says so when a realm gives a resource in the place of an avatar', async () => {
  const { port, logger } = serve(below(guard({ realm: { requestAvatar: () => new Resource() as never } })))
  assert.equal((await port.request(asUser('/a/b'))).status, 500)
  assert.match(
    String(logger.records.at(-1)?.fields?.['error']),
    /The realm gave no avatar: requestAvatar must give \{ resource \}/,
  )
})

test('HTTPAuthSessionWrapper answers with the status that an error of a checker has', async () => {
  const requestAvatarId = (): never => {
    throw new PlaitError('PLAIT_OVERLOADED', 'too many', { status: 503 })
  }
  assert.equal((await serve(guard({ checkers: [{ requestAvatarId }] })).port.request(asUser('/'))).status, 503)
})

test('HTTPAuthSessionWrapper leaves methods, late answers and failures of what is behind it to the site', async () => {
  const waiting: Request[] = []
  class Behind extends Resource {
    render_GET(request: Request): void {
      waiting.push(request)
    }
    render_PUT(): never {
      throw new Error('broken')
    }
  }
  const { port } = serve(below(guard({ realm: realmOf(new Behind()) })))
  const connection = port.connect()
  const late = connection.request(asUser('/a/b'))
  await until('the resource is rendered', () => waiting.length === 1)
  waiting[0]?.write('late')
  waiting[0]?.finish()
  assert.equal((await late).text, 'late')
  const refusedMethod = await connection.request(withAuthorization('/a/b', basic('alice', 'open sesame'), 'DELETE'))
  assert.deepEqual([refusedMethod.status, refusedMethod.headers['allow']], [405, 'HEAD, GET, PUT'])
  assert.equal((await connection.request(withAuthorization('/a/b', basic('alice', 'open sesame'), 'PUT'))).status, 500)
  connection.close()
})

/** A realm whose resource is left open, and what happened. */
function logouts(logout: () => void): { guarded: TreeNode; requests: Request[] } {
  const requests: Request[] = []
  const behind = new Resource()
  behind.isLeaf = true
  behind.render_GET = (request): void => void requests.push(request)
  return { guarded: guard({ realm: { requestAvatar: () => ({ resource: behind, logout }) } }), requests }
}

test('HTTPAuthSessionWrapper runs the logout when the response is finished, or the client has gone (H150)', async () => {
  let count = 0
  const { guarded, requests } = logouts(() => void count++)
  const { port } = serve(guarded)
  const first = port.connect()
  const answer = first.request(asUser('/'))
  await until('a request', () => requests.length === 1)
  assert.equal(count, 0)
  requests[0]?.finish()
  await answer
  await until('the first logout', () => count === 1)
  first.write(asUser('/'))
  await until('another request', () => requests.length === 2)
  first.reset()
  await until('the second logout', () => count === 2)
})

test('HTTPAuthSessionWrapper logs a logout that fails', async () => {
  const { guarded, requests } = logouts(() => {
    throw new Error('cannot log out')
  })
  const { port, logger } = serve(guarded)
  const answer = port.request(asUser('/'))
  await until('a request', () => requests.length === 1)
  requests[0]?.finish()
  assert.equal((await answer).status, 200)
  await until('a line in the log', () =>
    logger.records.some(({ fields }) => String(fields?.['error']).includes('cannot log out')),
  )
})

test('HTTPAuthSessionWrapper runs the logout of a client that left while it was looked up, and renders nothing', async () => {
  let loggedOut = 0
  let rendered = 0
  let admit = (_avatar: Avatar): void => undefined
  const avatar = new Promise<Avatar>((resolve) => (admit = resolve))
  const behind = new Resource()
  behind.isLeaf = true
  behind.render_GET = () => String(rendered++)
  const requests: Request[] = []
  const realm = {
    requestAvatar: (_: unknown, request: Request) => {
      requests.push(request)
      return avatar
    },
  }
  const { port, logger } = serve(guard({ realm }))
  const connection = port.connect()
  connection.write(asUser('/'))
  await until('the realm is asked', () => requests.length === 1)
  connection.reset()
  await until('the client has gone', () => requests[0]?.disconnected)
  admit({ resource: behind, logout: () => void loggedOut++ })
  await until('the logout', () => loggedOut === 1)
  assert.equal(rendered, 0)
  assert.deepEqual(
    logger.records.filter(({ level }) => level === 'error'),
    [],
  )
})

test('Portal asks its checkers in turn', async () => {
  const portal = new Portal(realmOf(new Where('branch', true)), alice)
  portal.registerChecker(new InMemoryChecker({ bob: 'b' }))
  const { port } = serve(new HTTPAuthSessionWrapper(portal, [new BasicCredentialFactory('R')]))
  assert.match((await port.request(asUser('/', 'bob', 'b'))).text, /Basic bob$/)
  assert.match((await port.request(asUser('/'))).text, /Basic alice$/)
})

test('InMemoryChecker changes while it is used', async () => {
  const checker = new InMemoryChecker()
  const { port } = serve(guard({ checkers: [checker] }))
  checker.addUser('eve', 'x')
  assert.equal((await port.request(asUser('/', 'eve', 'x'))).status, 200)
  checker.removeUser('eve')
  assert.equal((await port.request(asUser('/', 'eve', 'x'))).status, 401)
  assert.equal((await port.request(asUser('/', 'eve', ''))).status, 401)
})

test('HTTPAuthSessionWrapper refuses options that make no sense', () => {
  const portal = new Portal(realmOf(new Where('branch', true)), alice)
  const wrong = { code: 'PLAIT_CONFIGURATION' }
  assert.throws(() => new HTTPAuthSessionWrapper(portal, []), wrong)
  assert.throws(() => new BasicCredentialFactory('Büro'), wrong)
  assert.throws(() => new BasicCredentialFactory('a\r\nSet-Cookie: b'), wrong)
  assert.throws(() => new DigestCredentialFactory({ realm: 'R', algorithms: [] }), wrong)
  assert.throws(() => new DigestCredentialFactory({ realm: 'R', algorithms: ['SHA-1' as 'MD5'] }), wrong)
  assert.throws(() => new DigestCredentialFactory({ realm: 'R', nonceLifetime: 0 }), wrong)
})
