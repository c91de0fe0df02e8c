import { readFileSync } from 'node:fs'

/** Programs that end their container when the one that they have started ends. */
const CONTAINER_INIT = /^(?:tini|docker-init|dumb-init|catatonit|podman-init)/

/** What of a process decides. */
export interface Circumstances {
  readonly pid: number
  readonly parent: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Name of the program that is the parent. */
  readonly parentName: string
}

/** Why this process cannot give its place to another, in words; undefined when nothing is known to be in the way. */
export function obstacleToUpgrade(of: Circumstances = circumstances()): string | undefined {
  const { pid, parent, environment, parentName } = of
  if (pid === 1) return 'this is process 1: with it the container ends. Start a new container in its place'
  if (parent === 1 && CONTAINER_INIT.test(parentName))
    return `this is the process that ${parentName} waits for: with it the container ends. Start a new container in its place`
  const { SYSTEMD_EXEC_PID: mainProcess, NOTIFY_SOCKET: notify = '' } = environment
  if (mainProcess === String(pid) && notify === '')
    return 'systemd would take the end of this process for the end of the service. Say Type=notify and NotifyAccess=all in its unit'
  return undefined
}

function circumstances(): Circumstances {
  const { pid, ppid: parent, env: environment } = process
  return { pid, parent, environment, parentName: nameOf(parent) }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
