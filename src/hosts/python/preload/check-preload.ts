import { PlaitError } from '../../../errors.ts'

/** What an application says of forks. */
interface Forks {
  readonly preload?: boolean
  readonly preFork?: string
  readonly postFork?: string
}

/**
 * @param runIn where the application is to run
 * @throws PlaitError `PLAIT_CONFIGURATION` for what cannot be preloaded
 */
export function checkPreload(name: string, forks: Forks, runIn: string | undefined, platform: string = process.platform): void {
  const { preload = false, preFork, postFork } = forks
  if (preload && platform !== 'linux') throw wrong(name, `preload needs Linux, and this is ${platform}`)
  if (preFork !== undefined && !preload) throw wrong(name, 'preFork is called before a fork, and only with preload there is one')
  const said = preload ? 'preload' : 'postFork'
  if ((preload || postFork !== undefined) && runIn !== undefined && runIn !== 'python')
    throw wrong(name, `${said} is for processes of Python, and it runs in ${runIn}`)
}

function wrong(name: string, why: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot run ${name}: ${why}`)
}
