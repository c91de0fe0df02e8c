import { readFileSync } from 'node:fs'

/** What a process does. */
export interface ProcessActivity {
  /** One letter, as proc(5) has them: `T` somebody has stopped it (SIGSTOP), `t` a debugger holds it, `D` it waits for a disk. */
  readonly state: string
  /** Processor time that it has used so far, in ticks of the system (most often of 10 ms). */
  readonly ticks: number
}

/** Gives what a process does; undefined where there is no /proc, or no such process. */
export function activityOf(pid: number): ProcessActivity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // proc(5): the command, field 2, may hold spaces and parentheses; field 3, the state, follows the last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = ''] = fields
    return { state, ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}
