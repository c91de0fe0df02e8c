"""Request bodies: PEP 3333, "Input and Error Streams"."""

import hashlib

from registry import answer, case, note, query


def _pieces(read):
    pieces = []
    while True:
        piece = read()
        if not piece:
            return pieces
        pieces.append(piece)


READERS = {
    "read": lambda stream: [stream.read()],
    "read-none": lambda stream: [stream.read(None)],
    "read-minus": lambda stream: [stream.read(-1)],
    "read-7": lambda stream: _pieces(lambda: stream.read(7777)),
    "read-zero": lambda stream: [stream.read(0), stream.read(5), stream.read(0), stream.read()],
    "readline": lambda stream: _pieces(stream.readline),
    "readline-n": lambda stream: _pieces(lambda: stream.readline(50)),
    "readlines": lambda stream: stream.readlines(),
    "readlines-hint": lambda stream: _pieces(lambda: b"".join(stream.readlines(1000))),
    "iteration": lambda stream: [line for line in stream],
    "for-next": lambda stream: _pieces(lambda: next(iter(stream), b"")),
    "mixed": lambda stream: [stream.read(3), stream.readline(), stream.readline(4), stream.read(10)] + list(stream),
}


def summary(pieces, stream):
    """What a test can compare without the bytes themselves."""
    body = b"".join(pieces)
    return {
        "size": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
        "count": len(pieces),
        "sizes": [len(piece) for piece in pieces[:5]],
        "types": sorted({type(piece).__name__ for piece in pieces}),
        "after": [stream.read().decode("latin-1"), stream.read(4).decode("latin-1"), stream.readline().decode("latin-1")],
        "afterLines": len(stream.readlines()),
    }


@case
def read(environ, start_response):
    stream = environ["wsgi.input"]
    pieces = READERS[query(environ)["with"]](stream)
    found = summary(pieces, stream)
    found["length"] = environ["CONTENT_LENGTH"]
    found["coding"] = environ.get("HTTP_TRANSFER_ENCODING")
    found["terminated"] = environ["wsgi.input_terminated"]
    return answer(start_response, found)


@case
def unread(environ, start_response):
    """Answers without a look at the body."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"not read"]


@case
def body_error(environ, start_response):
    """Notes that it was called and what became of reading."""
    note(environ, "called")
    try:
        environ["wsgi.input"].read()
        note(environ, "whole")
    except OSError:
        note(environ, "broken off")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


@case
def input_replaced(environ, start_response):
    """The environ is the application's: the server's own stream is the server's affair."""
    environ["wsgi.input"] = None
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


@case
def echo_stream(environ, start_response):
    """Sends each line when it has come: only for streamed bodies."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for line in environ["wsgi.input"]:
        yield line.upper()


@case
def errors(environ, start_response):
    stream = environ["wsgi.errors"]
    word = query(environ)["word"]
    stream.write("%s written\n" % word)
    stream.writelines(["%s line one\n" % word, "%s line two\n" % word])
    stream.write("%s caf\xe9 \u20ac \udc80\n" % word)
    stream.flush()
    kinds = []
    for wrong in (b"bytes", None, 5):
        try:
            stream.write(wrong)
        except TypeError as error:
            kinds.append(type(error).__name__)
    try:
        stream.writelines([b"bytes"])
    except TypeError as error:
        kinds.append(type(error).__name__)
    return answer(start_response, kinds)


@case
def validated_read(environ, start_response):
    """Reads in ways that the validator allows."""
    stream = environ["wsgi.input"]
    if query(environ)["with"] == "iteration":
        size = sum(map(len, iter(stream)))
    else:
        size = sum(map(len, _pieces(lambda: stream.read(7777))))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(size).encode()]
