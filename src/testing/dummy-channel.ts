import { Forwarding } from '../http/forwarded/forwarding.ts'
import type { Channel, HeadLimits, RequestRecords } from '../http/channel.ts'
import { Spool } from '../http/spool.ts'
import { refusalPhrase, type Refusal } from '../http/refusal.ts'
import type { Request } from '../http/request.ts'
import type { Address, ConnectionInfo, Reactor } from '../reactor/reactor.ts'
import { defaults } from '../defaults.ts'
import { MemoryReactor } from './memory-reactor.ts'

/** Options of {@link DummyChannel}. */
export interface DummyChannelOptions {
  /** @default 192.168.1.1:12344 */
  peer?: Address
  /** @default 10.0.0.1:80 */
  host?: Address
  /** @default false */
  secure?: boolean
  /** @default a new `MemoryReactor` */
  reactor?: Reactor
}

/** The connection of a request that came on none (Twisted: `DummyChannel`). */
export class DummyChannel implements Channel {
  readonly reactor: Reactor
  readonly peer: Address
  readonly host: Address
  readonly secure: boolean
  readonly limits: HeadLimits = {
    maxTarget: defaults.maxTarget,
    maxFields: defaults.maxFields,
    maxHeadSize: defaults.maxHeadSize,
  }
  readonly defaultFields = undefined
  readonly records: RequestRecords = { times: false, ids: false }
  readonly forwarding: Forwarding = new Forwarding()
  readonly spool: Spool = new Spool()
  readonly peerHost: string
  readonly peerPort: string
  readonly hostHost: string
  readonly hostPort: string
  readonly tls: ConnectionInfo['tls'] = undefined
  /** Requests that have ended. */
  readonly over: Request[] = []

  constructor(options: DummyChannelOptions = {}) {
    this.reactor = options.reactor ?? new MemoryReactor()
    this.peer = options.peer ?? { type: 'TCP', host: '192.168.1.1', port: 12344 }
    this.host = options.host ?? { type: 'TCP', host: '10.0.0.1', port: 80 }
    this.secure = options.secure ?? false
    ;[this.peerHost, this.peerPort] = textOf(this.peer)
    ;[this.hostHost, this.hostPort] = textOf(this.host)
  }

  enter(): void {
    // There is no clock.
  }

  answerRefusal(request: Request, { status, reason }: Refusal): void {
    const headers = ['Content-Type', 'text/plain; charset=utf-8']
    request.sendWhole(status, refusalPhrase(status), headers, Buffer.from(`${status} ${refusalPhrase(status)}: ${reason}\n`))
  }

  takeOver(): never {
    throw new Error('A DummyRequest has no connection to take over: ask a port of a MemoryReactor')
  }

  requestOver(request: Request): void {
    this.over.push(request)
  }
}

function textOf(address: Address): [host: string, port: string] {
  return address.type === 'TCP' ? [address.host, String(address.port)] : ['', '']
}
