import { parseEnding, parseList, parseMediaType, parseProcessor } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const FILES = 'Files (of --path and --mount)'

/** How files are served, wherever they are in the tree. */
export const fileOptions: readonly OptionSpec[] = [
  {
    flags: '-i, --index <name>',
    group: FILES,
    repeatable: true,
    env: 'PLAIT_INDEX',
    parse: parseList,
    default: 'index, index.html, index.htm, index.rpy.ts, index.rpy.js, index.rpy.mjs',
    help: 'what a directory shows, in place of the usual names; the first that is there',
  },
  {
    flags: '--ignore-ext <.ext>',
    group: FILES,
    repeatable: true,
    env: 'PLAIT_IGNORE_EXT',
    parse: parseEnding,
    help: 'an ending that URLs may leave out; tried in the order given',
  },
  { flags: '--allow-ignore-ext', group: FILES, env: 'PLAIT_ALLOW_IGNORE_EXT', help: 'URLs may leave out any ending' },
  {
    flags: '-m, --mime-type <type>',
    group: FILES,
    env: 'PLAIT_MIME_TYPE',
    parse: parseMediaType,
    default: 'application/octet-stream',
    help: 'the type of files whose ending nobody knows',
  },
  {
    flags: '--processor <.ext=module#export>',
    group: FILES,
    repeatable: true,
    env: 'PLAIT_PROCESSOR',
    parse: parseProcessor,
    help: 'the resource for files with this ending: a class or function that is called with path and registry',
  },
]
