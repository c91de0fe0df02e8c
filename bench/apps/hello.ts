import type { Environ, StartResponse } from 'plait'

export function application(environ: Environ, startResponse: StartResponse): string[] {
  startResponse('200 OK', [
    ['Content-Type', 'text/plain'],
    ['Content-Length', '13'],
  ])
  return ['Hello, world!']
}
