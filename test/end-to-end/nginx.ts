import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { root } from '../support/paths.ts'
import { until } from '../support/until.ts'

const program = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
  .map((folder) => path.join(folder, 'nginx'))
  .find(existsSync)

/** Why tests with nginx cannot run here; undefined where they can. */
export const withoutNginx =
  process.platform !== 'linux' ? 'only on Linux is all of 127.0.0.0/8 here' : program === undefined && 'nginx is not installed'

/** The nginx configurations of the guide, in their order. */
export function guideConfigurations(): string[] {
  const guide = readFileSync(path.join(root, 'docs/guide/07-behind-a-proxy.md'), 'utf8')
  return [...guide.matchAll(/^```nginx\n([^]*?)^```/gm)].map((match) => match[1] as string)
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs nginx with this configuration of `http {}` until the test ends. Its files are in `folder`. */
export async function startNginx(t: TestContext, folder: string, http: string): Promise<void> {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`)
  // As root it would run its worker as somebody who may not open the socket.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const pid = `${folder}/nginx.pid`
  const configuration = `daemon off;\nworker_processes 1;\n${user}\npid ${pid};\nerror_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n${places.join('\n')}\n${http}\n}\n`
  writeFileSync(`${folder}/nginx.conf`, configuration)
  const child = spawn(program as string, ['-c', `${folder}/nginx.conf`, '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  t.after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await until('nginx runs', () => {
    if (child.exitCode !== null) throw new Error(`nginx has ended: ${log}`)
    return existsSync(pid) && readFileSync(pid, 'utf8') !== ''
  })
}
