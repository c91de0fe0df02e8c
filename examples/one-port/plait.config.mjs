// One command, one port: a Vite front end with live reload, a Flask API, a Django admin, static files. It needs the package vite, and Flask and Django in
// the virtual environment that is active. Start it with `npx plait web` in this folder, then open http://127.0.0.1:8080/ (admin: admin, admin).
import { File, MountTree, ReverseProxyResource, WSGIResource, reactor } from 'plait'
import { createServer } from 'vite'

const here = import.meta.dirname

const vite = await createServer({
  root: `${here}/front`,
  cacheDir: `${here}/front/.vite`,
  configFile: false,
  clearScreen: false,
  logLevel: 'warn',
  server: { host: '127.0.0.1', port: 0 },
})
await vite.listen()
reactor.addSystemEventTrigger('after', 'shutdown', () => vite.close())

const python = (application) => new WSGIResource(reactor, reactor.getThreadPool(), { application, cwd: here })

export const listen = '127.0.0.1:8080'
export default new MountTree({
  '/static': new File(`${here}/public`),
  '/api': python('api:app'),
  '/back': python('back:application'),
  // The front end has every path that nobody else has.
  '/': new ReverseProxyResource(`http://127.0.0.1:${vite.httpServer.address().port}`),
})
