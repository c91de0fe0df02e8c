import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderWith, runPlait } from './run-plait.ts'

const wrong: readonly [words: string[], message: RegExp][] = [
  [['web'], /^error: nothing to serve: say --wsgi/],
  [['web', '--wsgi'], /^error: option '--wsgi <name>' argument missing/],
  [['web', '--bogus'], /^error: unknown option '--bogus'/],
  [['web', '--thread', '3'], /Did you mean --threads\?/],
  [['web', '--wsgi', 'a.b', 'extra'], /too many arguments/],
  [['web', '--wsgi', 'a.b', '--threads', 'x'], /'--threads <n>' argument 'x' is invalid/],
  [['web', '--wsgi', 'a.b', '--threads', '2', '--min-threads', '3'], /--min-threads 3 is more than --threads 2/],
  [['web', '--wsgi', 'a.b', '--max-body', '3X'], /a size like/],
  [['web', '--wsgi', 'a.b', '--request-body', 'foo'], /Allowed choices are buffer, stream/],
  [['web', '--wsgi', 'a.b', '--listen', 'tcp:99999'], /99999 is no port/],
  [['web', '--wsgi', 'a.b', '--listen', 'ssl:99999'], /99999 is no port/],
  [['web', '--wsgi', 'a.b', '--host', '0.0.0.0'], /Plait has no --host: say --listen ADDRESS:PORT/],
  [['web', '--daemon'], /Plait has no --daemon: systemd, a container/],
  [['web', '--reactor=epoll'], /Plait has no --reactor: there is one reactor/],
  [['web', '-y', 'site.tac'], /Plait has no -y: .* --service site\.ts/],
  [['web', '--notrace'], /unknown option '--notrace'\n\(Did you mean --notracebacks\?\)/],
  [['--pidfile', 'x', 'web'], /\(Options of plait web stand behind the command: plait web --pidfile\)/],
  [['web', '--wsgi', 'a.b', '--umask', '9'], /It must be octal/],
  [['web', '--wsgi', 'a.b', '--trust-proxy', 'nginx'], /Cannot trust these proxies: "nginx" is none of these: an address like/],
  [['web', '--wsgi', 'a.b', '--forwarded-fields', 'Cookie'], /"Cookie" is no field by which proxies tell/],
  [['web', '--wsgi', 'a.b', '--add-header', 'x'], /It must be written like/],
  [['web', '--wsgi', 'a.b', '--env', 'x'], /NAME=VALUE/],
  [['wib'], /unknown command 'wib'/],
]

for (const [words, message] of wrong) {
  test(`plait ${words.join(' ')} is a usage error: one message, exit code 2 (G138)`, async () => {
    const { code, stdout, stderr } = await runPlait(words)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /^\s+at /m)
    assert.ok(stderr.split('\n').length <= 3, stderr)
    assert.deepEqual([code, stdout], [2, ''])
  })
}

test('plait --version and --help print and exit with 0', async () => {
  const version = await runPlait(['--version'])
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  const help = await runPlait(['web', '--help'])
  for (const option of [
    '--wsgi',
    '--listen',
    '-p, --port',
    '--threads',
    '--processes',
    '--python',
    '--max-body',
    '--access-log',
    '--quiet',
  ]) {
    assert.ok(help.stdout.includes(option), option)
  }
  assert.deepEqual([version.code, help.code], [0, 0])
})

test('plait web takes options from the environment', async (t) => {
  const cwd = folderWith(t, {})
  const { code, stderr } = await runPlait(['web'], {
    cwd,
    env: { PLAIT_WSGI: 'missing_module.application', PLAIT_LISTEN: '127.0.0.1:0' },
  })
  assert.match(stderr, /there is no module 'missing_module'/)
  assert.equal(code, 1)
})

test('plait without a command shows its commands, exit code 2', async () => {
  const { code, stdout, stderr } = await runPlait([])
  assert.match(stderr, /^Usage: plait [^]*Commands:\n {2}web /)
  assert.deepEqual([code, stdout], [2, ''])
})

test('plait web --help groups the options, within 100 columns', async () => {
  const { code, stdout } = await runPlait(['web', '--help'])
  const groups = [...stdout.matchAll(/^(\S.*):$/gm)].map(([, group]) => group)
  assert.equal(groups[1], 'What to serve')
  assert.equal(groups.at(-1), 'The server process')
  assert.equal(new Set(groups).size, groups.length)
  assert.ok(stdout.split('\n').every((line) => line.length <= 100))
  assert.doesNotMatch(stdout, /--daemon|--reactor/)
  assert.equal(code, 0)
})

test('plait takes -n before and behind the command, as twistd does (G -n)', async () => {
  for (const words of [
    ['-n', 'web', '--path', '/does/not/exist'],
    ['web', '-n', '--nodaemon', '--notracebacks', '--path', '/does/not/exist'],
  ]) {
    const { code, stderr } = await runPlait(words)
    assert.match(stderr, /^plait: There is no file or directory \/does\/not\/exist/)
    assert.equal(code, 1)
  }
})

test('plait web takes the last of an option that has one value (G)', async () => {
  const { stderr } = await runPlait(['web', '--path', 'a', '--path', '/does/not/exist'])
  assert.match(stderr, /There is no file or directory \/does\/not\/exist/)
})

test('plait web reads off, no, false and 0 in the environment as no', async (t) => {
  const cwd = folderWith(t, {})
  const run = (value: string) =>
    runPlait(['web', '--wsgi', 'a.b'], { cwd, env: { PLAIT_ALLOW_IGNORE_EXT: value, PLAIT_RUN_IN: 'python', PATH: cwd } })
  for (const value of ['0', 'no', 'off', 'False', '']) assert.match((await run(value)).stderr, /There is no Python/, value)
  assert.match((await run('1')).stderr, /--allow-ignore-ext is about files/)
})
