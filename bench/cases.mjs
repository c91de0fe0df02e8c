/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} title what the table's heading says
 * @property {string} module Python module in apps/ with the attribute `application`
 * @property {number} processes worker processes of the server
 * @property {number} threads application threads, over all processes
 * @property {number} bodyBytes size of the request body, 0 for GET
 * @property {number} expectedBytes size of the response body, 0 = not checked
 * @property {string} path of the request
 * @property {boolean} special only for servers that name the case
 * @property {boolean} files a file is served, no application: only by servers that name the case
 */

/** @type {readonly Case[]} */
export const cases = [
  { name: 'hello', title: 'Hello, 1 process × 20 threads', module: 'hello', threads: 20, expectedBytes: 13 },
  {
    name: 'hello-ts',
    title: 'Hello in TypeScript, 4 worker threads',
    module: './hello.ts#application',
    threads: 4,
    expectedBytes: 13,
    special: true,
  },
  {
    name: 'hello-pyodide',
    title: 'Hello without Python, 2 interpreters in WebAssembly',
    module: 'hello',
    threads: 2,
    expectedBytes: 13,
    special: true,
  },
  {
    name: 'flask-pyodide',
    title: 'Flask without Python, 2 interpreters in WebAssembly',
    module: 'flask_hello',
    threads: 2,
    expectedBytes: 13,
    special: true,
  },
  { name: 'flask', title: 'Flask, 1 process × 20 threads', module: 'flask_hello', threads: 20, expectedBytes: 13 },
  {
    name: 'flask-2',
    title: 'Flask, 2 processes × 10 threads',
    module: 'flask_hello',
    processes: 2,
    threads: 20,
    expectedBytes: 13,
  },
  { name: 'django', title: 'Django, 1 process × 20 threads', module: 'django_hello', threads: 20, expectedBytes: 13 },
  {
    name: 'django-2',
    title: 'Django, 2 processes × 10 threads',
    module: 'django_hello',
    processes: 2,
    threads: 20,
    expectedBytes: 13,
  },
  { name: 'down-1m', title: '1 MiB response, 16 chunks of a generator', module: 'chunks', threads: 20, expectedBytes: 1048576 },
  { name: 'post-10k', title: 'POST of 10 KiB', module: 'post', threads: 20, bodyBytes: 10240, expectedBytes: 5 },
  { name: 'post-1m', title: 'POST of 1 MiB', module: 'post', threads: 20, bodyBytes: 1048576, expectedBytes: 7 },
  {
    name: 'sleep',
    title: 'An application that waits 20 ms, 16 threads (at best 800 req/s)',
    module: 'sleep',
    threads: 16,
    expectedBytes: 4,
  },
  { name: 'file-1k', title: 'A file of 1 KiB', module: '', threads: 0, path: '/file-1k.bin', expectedBytes: 1024, files: true },
  {
    name: 'file-1m',
    title: 'A file of 1 MiB',
    module: '',
    threads: 0,
    path: '/file-1m.bin',
    expectedBytes: 1048576,
    files: true,
  },
].map((entry) => ({ processes: 1, bodyBytes: 0, path: '/', files: false, special: false, ...entry }))
