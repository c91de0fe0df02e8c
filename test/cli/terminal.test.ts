import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { root } from '../support/paths.ts'
import { childrenOf } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { folderWith } from './run-plait.ts'

/**
 * Runs a command in a terminal of its own, shows what it writes and how it ended. When "close" comes in, the terminal is closed, as a window is.
 */
const terminal = `
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if 0 in ready:
        os.read(0, 100)
        os.close(master)
        break
    try:
        data = os.read(master, 10000)
    except OSError:
        break
    os.write(1, data)
_, status = os.waitpid(pid, 0)
os.write(1, b"ended with %d\\n" % os.waitstatus_to_exitcode(status))
`

function inTerminal(t: TestContext, words: readonly string[]) {
  const cwd = folderWith(t, { 'a.txt': 'a', 'terminal.py': terminal })
  const child = spawn('python3', ['terminal.py', process.execPath, `${root}/dist/cli/main.js`, 'web', ...words], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  // Listened for from the start: by the time that its last word is read here it may have gone.
  return { child, shown: () => shown, exited: once(child, 'exit') }
}

test('plait web on a terminal listens for this machine alone, logs requests, and ends with the terminal', async (t) => {
  const { child, shown, exited } = inTerminal(t, ['--path', '.', '--port', '0'])
  const [, url] = await until('it listens', () => /listening on (http:\/\/127\.0\.0\.1:\d+)\//.exec(shown()))
  await (await fetch(`${url}/a.txt`)).text()
  await until('the request is shown', () => shown().includes('"GET /a.txt HTTP/1.1" 200 1'))
  child.stdin.write('close')
  // By SIGHUP, as the shell that ran in this terminal.
  await until('it has ended', () => shown().includes('ended with -1'))
  assert.deepEqual(await exited, [0, null])
})

test('plait web on a terminal stops on Ctrl-C', async (t) => {
  const { child, shown, exited } = inTerminal(t, ['--path', '.', '--port', '0'])
  await until('it listens', () => shown().includes('listening on'))
  process.kill(await until('the child is known', () => childrenOf(child.pid as number)[0]), 'SIGINT')
  await until('it has ended', () => shown().includes('ended with 0'))
  assert.match(shown(), /SIGINT: stopping/)
  assert.deepEqual(await exited, [0, null])
})
