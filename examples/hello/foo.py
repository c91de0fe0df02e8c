"""The smallest WSGI application: what `plait web --wsgi foo.application` serves."""


def application(environ, start_response):
    start_response("200 OK", [("Content-type", "text/plain")])
    return [b"Hello, world!"]
