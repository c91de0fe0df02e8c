import { Resource, type Request } from 'plait'
import { timeIn } from '../lib/time.ts'

/** `/clock` is the time here, `/clock/Asia/Tokyo` the time there. */
class Clock extends Resource {
  override isLeaf = true

  render_GET(request: Request): string {
    const zone = request.postpath.join('/') || undefined
    request.setHeader('Content-Type', 'text/plain; charset=utf-8')
    return `It is ${timeIn(zone, new Date())}.\n`
  }
}

export const resource = new Clock()
