"""Reads the request body in pieces of 64 KiB and answers with the number of bytes: measures uploads."""


def application(environ, start_response):
    body = environ["wsgi.input"]
    left = int(environ.get("CONTENT_LENGTH") or 0)
    received = 0
    while left > 0:
        piece = body.read(min(left, 65536))
        if not piece:
            break
        received += len(piece)
        left -= len(piece)
    answer = str(received).encode("ascii")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
