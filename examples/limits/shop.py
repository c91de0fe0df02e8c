"""A shop with slow reports, and events that never end."""

import time


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/events":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events()
    if path.startswith("/reports"):
        time.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"report" if path.startswith("/reports") else b"login"]


def events():
    number = 0
    while True:
        yield b"data: order %d\n\n" % number
        number += 1
        time.sleep(0.2)
