import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { errorPage } from '#src/resource/error-page.ts'
import { PasswdFile } from '#src/resources/user-directory/user-database.ts'
import { UserDirectory } from '#src/resources/user-directory/user-directory.ts'
import type { UserDirectoryOptions } from '#src/resources/user-directory/user-directory.ts'
import { serve } from '../../resource/serve.ts'
import type { Served } from '../../resource/serve.ts'
import { asOrdinaryUser } from '../../support/ordinary-user.ts'
import { makeTree, writeInto } from '../static/tree.ts'

interface Machine extends Served {
  readonly folder: string
  readonly passwd: string
}

/** A machine with homes below a new folder, served at `/users`. */
function machine(files: Readonly<Record<string, string>>, options: UserDirectoryOptions = {}): Machine {
  const folder = makeTree(files)
  const passwd = writeInto(folder, 'passwd', '')
  writeFileSync(passwd, lines(folder))
  const root = new Resource()
  root.putChild('users', new UserDirectory({ userDatabase: new PasswdFile(passwd), ...options }))
  return { ...serve(root), folder, passwd }
}

function lines(folder: string): string {
  const account = (name: string, uid: number, comment: string, shell = '/bin/sh'): string =>
    `${name}:x:${uid}:${uid}:${comment}:${path.join(folder, name)}:${shell}\n`
  return [
    account('admin', 0, 'root'),
    account('www-data', 33, 'www-data'),
    '# a comment\n\n:x:1000:1000::/:\nbroken\n+::::::\n',
    account('alice', 1000, '<b>& & Co,Room 1,,', '/usr/sbin/nologin'),
    account('bob', 1001, ''),
    account('carol', 1002, 'Carol'),
    account('nobody', 65534, 'nobody'),
    'relative:x:1003:1003::home/relative:/bin/sh\n',
  ].join('')
}

const homes = {
  'alice/public_html/index.html': 'the index of alice',
  'alice/public_html/.secret': 'hidden',
  'alice/private.txt': 'private',
  'bob/public_html/docs/a.txt': 'text of bob',
  'carol/notes.txt': 'no pages',
  'www-data/public_html/a.txt': 'of a service',
  'admin/public_html/a.txt': 'of root',
  'nobody/public_html/a.txt': 'of nobody',
  'elsewhere/a.txt': 'of somebody else',
}

test('UserDirectory lists the people who have pages, and nobody else (H152)', async () => {
  const { port } = machine(homes)
  const response = await port.request('GET /users/')
  assert.equal(response.status, 200)
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
  assert.deepEqual(
    [...response.text.matchAll(/<li>(.*)<\/li>/g)].map((match) => match[1]),
    ['<a href="alice/">alice</a> <span>&lt;b&gt;alice alice Co</span>', '<a href="bob/">bob</a>'],
  )
  const moved = await port.request('GET /users?a')
  assert.deepEqual([moved.status, moved.headers['location']], [302, './users/?a'])
})

const pages: readonly (readonly [target: string, status: number, text: string])[] = [
  ['/users/alice/', 200, 'the index of alice'],
  ['/users/bob/docs/a.txt', 200, 'text of bob'],
  ['/users/alice/.secret', 404, ''],
  ['/users/alice/../private.txt', 404, ''],
  ['/users/alice/%2e%2e%2fprivate.txt', 404, ''],
  ['/users/alice%2F..%2Fbob/docs/a.txt', 404, ''],
  ['/users/carol/', 404, ''],
  ['/users/dave/', 404, ''],
  ['/users/www-data/a.txt', 404, ''],
  ['/users/admin/a.txt', 404, ''],
  ['/users/nobody/a.txt', 404, ''],
  ['/users/relative/', 404, ''],
  ['/users/%ff/', 404, ''],
  ['/users//alice/', 404, ''],
  ['/users/__proto__/', 404, ''],
]

for (const [target, status, text] of pages) {
  test(`UserDirectory answers ${status} at ${target} (H152)`, async () => {
    const response = await machine(homes).port.request(`GET ${target}`)
    assert.equal(response.status, status)
    if (status === 200) assert.equal(response.text, text)
    else assert.match(response.text, /No Such Resource/)
  })
}

test('UserDirectory redirects a name without its slash, when there is something (H152)', async () => {
  const { port } = machine(homes)
  const moved = await port.request('GET /users/alice')
  assert.deepEqual([moved.status, moved.headers['location']], [302, './alice/'])
  // Who has an account and no pages looks like who has none.
  const [without, nobody] = [await port.request('GET /users/carol'), await port.request('GET /users/dave')]
  assert.deepEqual([without.status, without.text], [nobody.status, nobody.text])
})

test('UserDirectory leaves no home: neither by a link inside, nor by public_html being one', async () => {
  const { port, folder } = machine(homes)
  const html = path.join(folder, 'alice/public_html')
  symlinkSync('../private.txt', path.join(html, 'in-home'))
  symlinkSync(path.join(folder, 'elsewhere'), path.join(html, 'out'))
  symlinkSync('index.html', path.join(html, 'inside'))
  assert.equal((await port.request('GET /users/alice/inside')).text, 'the index of alice')
  assert.equal((await port.request('GET /users/alice/in-home')).status, 404)
  assert.equal((await port.request('GET /users/alice/out/a.txt')).status, 404)
  // Another directory of the same home may stand in for it; one outside may not, and not the home itself.
  const [of, target] = [(name: string) => path.join(folder, name), (file: string) => port.request(`GET /users/carol/${file}`)]
  mkdirSync(of('carol/www'))
  writeFileSync(of('carol/www/a.txt'), 'of carol')
  const leads = async (to: string): Promise<[number, number]> => {
    rmSync(of('carol/public_html'), { force: true })
    symlinkSync(to, of('carol/public_html'))
    const listed = (await port.request('GET /users/')).text.includes('carol')
    return [(await target(to === '.' ? 'notes.txt' : 'a.txt')).status, Number(listed)]
  }
  assert.deepEqual(await leads('www'), [200, 1])
  // Switched while it is served.
  assert.deepEqual(await leads(of('elsewhere')), [404, 0])
  assert.deepEqual(await leads('.'), [404, 0])
  assert.deepEqual(await leads(of('bob/public_html/docs')), [404, 0])
  assert.deepEqual(await leads('www'), [200, 1])
})

test('UserDirectory: a closed home looks like none', async () => {
  const { port, folder, passwd } = machine(homes)
  const home = path.join(folder, 'bob')
  await asOrdinaryUser([folder, passwd, home], async () => {
    chmodSync(home, 0)
    const [closed, nobody] = [await port.request('GET /users/bob/'), await port.request('GET /users/dave/')]
    assert.deepEqual([closed.status, closed.text], [404, nobody.text])
    assert.doesNotMatch((await port.request('GET /users/')).text, /bob/)
    // So that it can be removed.
    chmodSync(home, 0o755)
  })
})

test('UserDirectory sees who comes and goes, and pages that are made', async () => {
  const { port, folder, passwd } = machine(homes)
  assert.equal((await port.request('GET /users/carol/')).status, 404)
  writeInto(folder, 'carol/public_html/index.html', 'new')
  assert.equal((await port.request('GET /users/carol/')).text, 'new')
  writeFileSync(passwd, lines(folder).replace(/^alice.*\n/m, ''))
  assert.equal((await port.request('GET /users/alice/')).status, 404)
  assert.doesNotMatch((await port.request('GET /users/')).text, /alice/)
})

test('UserDirectory takes another database, another directory, and options for files', async () => {
  const folder = makeTree({ 'h/www/a.xyz': 'a', 'h/www/.b': 'b' })
  const account = { name: 'zoë', fullName: '', home: path.join(folder, 'h') }
  const userDatabase = { find: (name: string) => (name === 'zoë' ? account : undefined), list: () => [account] }
  const file = {
    contentTypes: { '.xyz': 'text/x-yz' },
    dotfiles: 'allow',
    childNotFound: errorPage(404, 'Gone fishing', ''),
  } as const
  const { port } = serve(new UserDirectory({ userDatabase, directory: 'www', file }))
  assert.match((await port.request('GET /')).text, /<a href="zo%C3%AB\/">zoë<\/a>/)
  assert.equal((await port.request('GET /zo%C3%AB/a.xyz')).headers['content-type'], 'text/x-yz; charset=utf-8')
  assert.equal((await port.request('GET /zo%C3%AB/.b')).text, 'b')
  for (const target of ['/zo%C3%AB/none', '/none/']) assert.match((await port.request(`GET ${target}`)).text, /Gone fishing/)
})

test('UserDirectory without listing shows nobody, and serves all', async () => {
  const { port } = machine(homes, { listing: false })
  assert.equal((await port.request('GET /users/')).status, 404)
  assert.equal((await port.request('GET /users/alice/')).status, 200)
})

test('UserDirectory of an empty machine says so, and takes GET and HEAD', async () => {
  const { port } = machine({})
  assert.match((await port.request('GET /users/')).text, /Nobody has pages here/)
  assert.equal((await port.request('POST /users/')).status, 405)
  assert.equal((await port.request('HEAD /users/')).status, 200)
})

test('PasswdFile takes other numbers for people, and the first line of each name', async () => {
  const folder = makeTree()
  const passwd = writeInto(folder, 'passwd', '')
  writeFileSync(
    passwd,
    'a:x:501:1:A:/a:/s\nb:x:500:1::/b:/s\nc:x:601:1::/c:/s\nd:x:502:1::/d:/s\nd:x:503:1::/e:/s\ne:x:1e3:1::/e:/s\n',
  )
  const users = new PasswdFile(passwd, { minUid: 501, maxUid: 600 })
  assert.deepEqual(
    (await users.list()).map(({ name, home }) => name + home),
    ['a/a', 'd/d'],
  )
})

test('UserDirectory reads /etc/passwd where nothing else is said', async () => {
  const { port } = serve(new UserDirectory())
  assert.equal((await port.request('GET /')).status, 200)
  assert.equal((await port.request('GET /daemon/')).status, 404)
})

test('UserDirectory refuses options that make no sense', () => {
  for (const directory of ['', '..', 'a/b', '/etc']) {
    assert.throws(() => new UserDirectory({ directory }), { code: 'PLAIT_CONFIGURATION' })
  }
  assert.throws(() => new UserDirectory({ file: { maxAge: -1 } }), { code: 'PLAIT_CONFIGURATION' })
  assert.throws(() => new PasswdFile('/nowhere'), { code: 'PLAIT_CONFIGURATION' })
})
