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
  [['web', '--wsgi', 'a.b', '--host', '0.0.0.0'], /did you mean --listen 0\.0\.0\.0:8080\?/],
  [['web', '--wsgi', 'a.b', '--env', 'x'], /NAME=VALUE/],
  [['wib'], /unknown command 'wib'/],
]

for (const [words, message] of wrong) {
  test(`plait ${words.join(' ')} is a usage error: one message, exit code 2`, async () => {
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
