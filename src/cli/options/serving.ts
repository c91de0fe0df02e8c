import { parseList, parseText } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const SERVED = 'What to serve'

/** What is served, and where in the tree. */
export const servingOptions: readonly OptionSpec[] = [
  {
    flags: '--wsgi <name>',
    group: SERVED,
    root: true,
    env: 'PLAIT_WSGI',
    parse: parseText,
    help: 'a WSGI application: foo.application, pkg.mod:attr, "pkg:create_app()", ./legacy/wsgi.py:application, or in TypeScript ./app.ts#application',
  },
  {
    flags: '--path <path>',
    group: SERVED,
    root: true,
    env: 'PLAIT_PATH',
    parse: parseText,
    help: 'a directory with all that is in it, or a file',
  },
  {
    flags: '--resource-script <file>',
    group: SERVED,
    root: true,
    env: 'PLAIT_RESOURCE_SCRIPT',
    parse: parseText,
    help: 'a script that exports a resource; loaded again when it changes',
  },
  {
    flags: '--class <module#class>',
    group: SERVED,
    root: true,
    env: 'PLAIT_CLASS',
    parse: parseText,
    help: 'an object of a class of resources: ./site.ts#Shop, some-package#Shop',
  },
  {
    flags: '--service <file>',
    group: SERVED,
    root: true,
    env: 'PLAIT_SERVICE',
    parse: parseText,
    default: 'plait.config.ts, .mts, .js or .mjs where you are, when nothing else says what to serve',
    help: 'a program that exports a Site, or a resource, and may export listen',
  },
  {
    flags: '-u, --user',
    group: SERVED,
    root: true,
    help: "the directory public_html of each user's home, under the user's name",
  },
  {
    flags: '--mount </path=target>',
    group: SERVED,
    repeatable: true,
    env: 'PLAIT_MOUNT',
    parse: parseList,
    help: 'something at a path of its own: /static=./public, /api=wsgi:api.app, /=http://127.0.0.1:3000. The longest path wins',
  },
]
