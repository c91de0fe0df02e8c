import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import type { TestContext } from 'node:test'
import { Resource, type TreeNode } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import type { CGIOptions } from '#src/resources/cgi/cgi-settings.ts'
import { RecordingLogger } from '#src/testing.ts'
import { ClockedReactor } from '../../http/clocked-reactor.ts'
import { serve } from '../../resource/serve.ts'
import type { Served } from '../../resource/serve.ts'
import { onSocket, type OnSocket } from '../../support/on-socket.ts'

/** Writes executable files below a new folder, which is removed after the tests. */
export function makeScripts(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-cgi-test-'))
  chmodSync(folder, 0o755)
  after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, 0o755)
  }
  return folder
}

/** The text of a shell script. */
export const sh = (lines: string): string => `#!/bin/sh\n${lines}\n`
/** The text of a Python script. */
export const py = (lines: string): string => `#!/usr/bin/env python3\n${lines}\n`
/** A script that tells its environment and its arguments as JSON. */
export const telling = py(`import json, os, sys
print("Content-Type: application/json\\n")
print(json.dumps({"env": dict(os.environ), "argv": sys.argv[1:], "cwd": os.getcwd(), "stdin": sys.stdin.read()}))`)

/** Serves one script at `/script` in memory; its processes are real. */
export function serveScript(text: string, options: CGIOptions = {}): Served & { file: string } {
  const folder = makeScripts({ script: text })
  const file = path.join(folder, 'script')
  const root = new Resource()
  root.putChild('script', new CGIScript(file, options))
  return { file, ...serve(root) }
}

/** What {@link telling} tells. */
export interface Told {
  readonly env: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly cwd: string
  readonly stdin: string
}

export interface ServedForReal extends OnSocket {
  readonly reactor: ClockedReactor
  readonly logger: RecordingLogger
}

/** Serves a tree on a real socket. Time passes only when the test says so. */
export async function serveForReal(t: TestContext, root: TreeNode): Promise<ServedForReal> {
  const logger = new RecordingLogger()
  const reactor = new ClockedReactor({ logger })
  return { reactor, logger, ...(await onSocket(t, reactor, new Site(root, { logger }))) }
}
