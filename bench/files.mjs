import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder with the files of the cases `file-1k` and `file-1m`. */
export const filesFolder = join(tmpdir(), 'plait-bench-files')

/** Makes the files, and the configuration of nginx for a port. @param {number} port @returns {string} the configuration's name */
export function prepareFiles(port) {
  mkdirSync(filesFolder, { recursive: true })
  writeFileSync(join(filesFolder, 'file-1k.bin'), Buffer.alloc(1024, 'Plait '))
  writeFileSync(join(filesFolder, 'file-1m.bin'), Buffer.alloc(1024 ** 2, 'Plait '))
  const configuration = join(filesFolder, `nginx-${port}.conf`)
  writeFileSync(configuration, nginxConfiguration(port))
  return configuration
}

/** One worker, no log, sendfile, descriptors not cached: each request opens its file, as with the others. @param {number} port */
function nginxConfiguration(port) {
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${filesFolder}/${name};`,
  )
  return `${user}
daemon off;
worker_processes 1;
pid ${filesFolder}/nginx-${port}.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  etag on;
  keepalive_timeout 100s;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  ${temporary.join('\n  ')}
  server { listen 127.0.0.1:${port}; root ${filesFolder}; }
}
`
}
