import { resolve } from 'node:path'
import { filesFolder, prepareFiles } from './files.mjs'

const root = resolve(import.meta.dirname, '..')
const venv = `${root}/.venvs/bench/bin`
export const apps = `${import.meta.dirname}/apps`

/**
 * @typedef {object} Job
 * @property {string} module
 * @property {number} port
 * @property {number} processes
 * @property {number} threads over all processes
 * @property {boolean} files serve files
 * @property {readonly string[]} nodeOptions for servers that Node runs
 * @property {string} [folder] where the module lies, apps/ when absent
 * @property {string} [python] interpreter for Plait, that of the environment when absent
 * @property {readonly string[]} [words] further options of the server's own
 *
 * @typedef {object} Server
 * @property {string} name
 * @property {string} [package] Python distribution whose version the heading shows
 * @property {readonly string[]} [onlyCases] the cases it can serve, all with an application when absent
 * @property {boolean} [files] serves files too
 * @property {boolean} [oneProcess] has no worker processes: skipped where a case asks for several
 * @property {(job: Job) => readonly string[]} command started in the folder of the module; the first word is the program
 */

const perProcess = (/** @type {Job} */ job) => String(Math.ceil(job.threads / job.processes))

/** No access log anywhere, keep-alive everywhere, the same number of threads and processes. @type {readonly Server[]} */
export const servers = [
  { name: 'plait', files: true, command: (job) => (job.files ? node(job, 'plait-files.mjs') : plait(job)) },
  { name: 'plait (TypeScript)', onlyCases: ['hello-ts'], command: plaitTypeScript },
  {
    name: 'plait (Pyodide)',
    onlyCases: ['hello-pyodide', 'flask-pyodide'],
    command: (job) => [...plait(job), '--run-in=pyodide'],
  },
  {
    name: 'plait, 2 threads',
    onlyCases: ['hello-pyodide', 'flask-pyodide'],
    command: (job) => plait(job),
  },
  {
    name: 'node:http',
    onlyCases: ['hello', 'hello-ts'],
    command: (job) => [process.execPath, ...job.nodeOptions, 'node-http.mjs', String(job.port)],
  },
  { name: '@fastify/send', onlyCases: ['file-1k', 'file-1m'], command: (job) => node(job, 'send-files.mjs') },
  { name: 'node stream', onlyCases: ['file-1k', 'file-1m'], command: (job) => node(job, 'stream-files.mjs') },
  {
    name: 'nginx',
    onlyCases: ['file-1k', 'file-1m'],
    command: (job) => ['nginx', '-c', prepareFiles(job.port), '-p', filesFolder],
  },
  { name: 'granian', package: 'granian', command: granian },
  { name: 'uwsgi', package: 'pyuwsgi', command: uwsgi },
  { name: 'gunicorn', package: 'gunicorn', command: gunicorn },
  {
    name: 'waitress',
    package: 'waitress',
    oneProcess: true,
    command: (job) => [
      `${venv}/waitress-serve`,
      `--listen=127.0.0.1:${job.port}`,
      `--threads=${job.threads}`,
      '--max-request-body-size=4294967296',
      ...(job.words ?? []),
      `${job.module}:application`,
    ],
  },
  {
    name: 'twisted',
    package: 'Twisted',
    oneProcess: true,
    command: (job) => [
      `${venv}/python`,
      'serve_with_twisted.py',
      `${job.module}:application`,
      String(job.port),
      String(job.threads),
    ],
  },
]

/** Can it serve this case? @param {Server} server @param {import('./cases.mjs').Case} entry */
export function serves(server, entry) {
  if (entry.files && server.files === true) return true
  if (server.onlyCases !== undefined || entry.files || entry.special) return server.onlyCases?.includes(entry.name) === true
  return !(server.oneProcess === true && entry.processes > 1)
}

/** A program in apps/ that serves files. @param {Job} job @param {string} program @returns {readonly string[]} */
function node(job, program) {
  prepareFiles(job.port)
  return [process.execPath, ...job.nodeOptions, program, String(job.port), filesFolder]
}

/** @param {Job} job @returns {readonly string[]} */
function plait(job) {
  return [
    process.execPath,
    ...job.nodeOptions,
    `${root}/dist/cli/main.js`,
    'web',
    `--listen=tcp:${job.port}:interface=127.0.0.1`,
    `--wsgi=${job.module}.application`,
    `--threads=${job.threads}`,
    `--processes=${job.processes}`,
    `--python=${job.python ?? `${venv}/python`}`,
    `--chdir=${job.folder ?? apps}`,
    ...(job.words ?? []),
  ]
}

/** @param {Job} job @returns {readonly string[]} */
function plaitTypeScript(job) {
  const words = ['web', `--listen=tcp:${job.port}:interface=127.0.0.1`, `--wsgi=${job.module}`, `--threads=${job.threads}`]
  return [process.execPath, ...job.nodeOptions, `${root}/dist/cli/main.js`, ...words, `--chdir=${apps}`]
}

/** @param {Job} job @returns {readonly string[]} */
function granian(job) {
  return [
    `${venv}/granian`,
    '--interface=wsgi',
    '--http=1',
    '--no-ws',
    '--host=127.0.0.1',
    `--port=${job.port}`,
    `--workers=${job.processes}`,
    `--blocking-threads=${perProcess(job)}`,
    '--log-level=warning',
    ...(job.words ?? []),
    `${job.module}:application`,
  ]
}

/** @param {Job} job @returns {readonly string[]} */
function gunicorn(job) {
  return [
    `${venv}/gunicorn`,
    '--worker-class=gthread',
    `--workers=${job.processes}`,
    `--threads=${perProcess(job)}`,
    `--bind=127.0.0.1:${job.port}`,
    '--keep-alive=100',
    '--no-control-socket',
    '--log-level=warning',
    ...(job.words ?? []),
    `${job.module}:application`,
  ]
}

/**
 * uWSGI's HTTP/1.1 router in front of its workers: its plain `--http-socket` closes every connection.
 * @param {Job} job @returns {readonly string[]}
 */
function uwsgi(job) {
  return [
    `${venv}/uwsgi`,
    `--http=127.0.0.1:${job.port}`,
    '--http-keepalive=100',
    '--master',
    '--die-on-term',
    '--need-app',
    '--disable-logging',
    '--log-4xx',
    `--processes=${job.processes}`,
    `--threads=${perProcess(job)}`,
    '--listen=100',
    ...(job.words ?? []),
    `--module=${job.module}:application`,
  ]
}
