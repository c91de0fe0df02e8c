"""Twisted Web's WSGI container without an access log: `serve_with_twisted.py module:attribute port threads`."""

import importlib
import os
import sys

from twisted.internet import reactor
from twisted.web.server import Site
from twisted.web.wsgi import WSGIResource

sys.path.insert(0, os.getcwd())


class QuietSite(Site):
    def log(self, request):
        """The other servers write no access log either."""


def main():
    module, attribute = sys.argv[1].split(":")
    application = getattr(importlib.import_module(module), attribute)
    reactor.suggestThreadPoolSize(int(sys.argv[3]))
    resource = WSGIResource(reactor, reactor.getThreadPool(), application)
    reactor.listenTCP(int(sys.argv[2]), QuietSite(resource), interface="127.0.0.1")
    reactor.run()


main()
