import { WSGIResource, reactor } from 'plait'
export const resource = new WSGIResource(reactor, reactor.getThreadPool(), 'foo.application')
