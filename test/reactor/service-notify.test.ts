import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { notifyServiceManager } from '#src/reactor/service-notify.ts'
import { RecordingLogger } from '#src/testing.ts'
import { testFolder } from '../support/certificates.ts'
import { until } from '../support/until.ts'

const receiver = `
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1].replace("@", "\\0", 1) if sys.argv[1].startswith("@") else sys.argv[1])
print("bound", flush=True)
while True:
    print(repr(one.recv(4096)), flush=True)
`

/** A service manager that writes down what it hears. */
async function manager(t: TestContext, address: string) {
  const child = spawn('python3', ['-c', receiver, address], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await until('it listens', () => output.includes('bound'))
  return (text: string) => until(`it hears ${text}`, () => output.includes(text))
}

/** Makes PATH a folder with only these programs. */
function only(t: TestContext, programs: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, path.join(folder, name))
  const before = process.env['PATH']
  process.env['PATH'] = folder
  t.after(() => {
    process.env['PATH'] = before
    rmSync(folder, { recursive: true, force: true })
  })
}

const abstract = (): string => `@plait-test-${process.pid}-${Math.random()}`

test('notifyServiceManager tells by Python where there is no systemd-notify: a path, and an abstract name', async (t) => {
  const { execFileSync } = await import('node:child_process')
  const found = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  for (const socket of [path.join(testFolder(t), 'notify'), ...(process.platform === 'linux' ? [abstract()] : [])]) {
    const heard = await manager(t, socket)
    await t.test(socket.slice(0, 1), async (t) => {
      only(t, { python3: found })
      assert.equal(await notifyServiceManager({ READY: 1, STATUS: 'two\nlines: é' }, { socket }), true)
    })
    await heard(String.raw`b'READY=1\nSTATUS=two lines: \xc3\xa9'`)
    await heard("b'BARRIER=1'")
  }
})

test('notifyServiceManager tells by systemd-notify first, with NOTIFY_SOCKET', async (t) => {
  const folder = testFolder(t)
  const script = path.join(folder, 'systemd-notify')
  writeFileSync(script, `#!/bin/sh\nprintf '%s|' "$NOTIFY_SOCKET" "$@" > ${path.join(folder, 'said')}\n`)
  chmodSync(script, 0o755)
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:${before}`
  t.after(() => (process.env['PATH'] = before))
  assert.equal(await notifyServiceManager({ STOPPING: 1, STATUS: 'x y' }, { socket: '/run/n' }), true)
  const { readFileSync } = await import('node:fs')
  assert.equal(readFileSync(path.join(folder, 'said'), 'utf8'), '/run/n|STOPPING=1|STATUS=x y|')
})

test('notifyServiceManager does nothing where nobody wants to know', async () => {
  assert.equal(await notifyServiceManager({ READY: 1 }, { socket: undefined }), false)
  assert.equal(await notifyServiceManager({ READY: 1 }, { socket: '' }), false)
})

test('notifyServiceManager never throws: it leaves a line in the log', async (t) => {
  only(t, {})
  const logger = new RecordingLogger()
  assert.equal(await notifyServiceManager({ READY: 1 }, { socket: '/none', logger }), false)
  assert.match(
    logger.of('warn')[0]?.message ?? '',
    /could not be told READY=1 \(systemd-notify: there is no such program; python3: /,
  )
  assert.equal(await notifyServiceManager({ READY: 1 }, { socket: 'vsock:2:1', logger }), false)
  assert.equal(await notifyServiceManager({ READY: 1 }, { socket: '/none', python: '', logger }), false)
})
