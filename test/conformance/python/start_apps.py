"""start_response: PEP 3333, "The start_response() Callable"."""

import sys

from registry import TEXT, answer, case, note, query

HEADS = {
    "status-bytes": (b"200 OK", TEXT),
    "status-int": (200, TEXT),
    "status-none": (None, TEXT),
    "status-short": ("20 OK", TEXT),
    "status-word": ("OK", TEXT),
    "status-newline": ("200 OK\r\nX-Evil: 1", TEXT),
    "status-lf": ("200 OK\nX-Evil: 1", TEXT),
    "status-control": ("200 O\x00K", TEXT),
    "status-interim": ("101 Switching Protocols", TEXT),
    "headers-tuple": ("200 OK", tuple(TEXT)),
    "headers-dict": ("200 OK", {"X-A": "1"}),
    "headers-none": ("200 OK", None),
    "headers-iterator": ("200 OK", iter(TEXT)),
    "header-three": ("200 OK", [("X-A", "1", "2")]),
    "header-text": ("200 OK", ["abc"]),
    "name-bytes": ("200 OK", [(b"X-A", "1")]),
    "name-int": ("200 OK", [(1, "1")]),
    "name-list": ("200 OK", [([], "1")]),
    "name-empty": ("200 OK", [("", "1")]),
    "name-space": ("200 OK", [("X A", "1")]),
    "name-colon": ("200 OK", [("X-A: 1\r\nX-Evil", "1")]),
    "name-latin": ("200 OK", [("X-\xe9", "1")]),
    "value-bytes": ("200 OK", [("X-A", b"1")]),
    "value-int": ("200 OK", [("X-A", 1)]),
    "value-none": ("200 OK", [("X-A", None)]),
    "value-crlf": ("200 OK", [("X-A", "b\r\nX-Evil: 1")]),
    "value-lf": ("200 OK", [("X-A", "b\nX-Evil: 1")]),
    "value-cr": ("200 OK", [("X-A", "b\rX-Evil: 1")]),
    "value-nul": ("200 OK", [("X-A", "b\0")]),
    "value-wide": ("200 OK", [("X-A", "\u20ac")]),
    "length-word": ("200 OK", [("Content-Length", "ten")]),
    "length-negative": ("200 OK", [("Content-Length", "-1")]),
    "length-twice": ("200 OK", [("Content-Length", "2"), ("Content-Length", "3")]),
}
for _name in "Connection Keep-Alive Proxy-Authenticate Proxy-Authorization TE Trailer Transfer-Encoding Upgrade".split():
    HEADS["hop-" + _name.lower()] = ("200 OK", [(_name, "chunked")])
HEADS["hop-case"] = ("200 OK", [("cOnNeCtIoN", "close")])


@case
def bad_head(environ, start_response):
    """Lets the error pass."""
    status, headers = HEADS[query(environ)["head"]]
    start_response(status, headers)
    return [b"ok"]


@case
def caught_head(environ, start_response):
    """Reports the error."""
    status, headers = HEADS[query(environ)["head"]]
    start_response("200 OK", TEXT)
    try:
        try:
            raise KeyError("first")
        except KeyError:
            start_response(status, headers, sys.exc_info())
    except Exception as error:
        return [type(error).__name__.encode()]
    return [b"none"]


@case
def hello(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"Hello"]


@case
def status(environ, start_response):
    start_response(query(environ)["line"], [("X-One", "1"), ("X-One", "2"), ("x-case", "caf\xe9\ttab"), ("Set-Cookie", "a=1")])
    return [b"Hello"]


@case
def keyword_and_list(environ, start_response):
    """The third argument may be given by its place or left out."""
    start_response("200 OK", TEXT, None)
    return [b"Hello"]


@case
def write_first(environ, start_response):
    write = start_response("200 OK", TEXT)
    gave = write(b"one ")
    write(b"")
    write(b"two ")

    def rest():
        yield b"three "
        write(b"four ")
        yield b"five"
        note(environ, repr(gave))

    return rest()


@case
def write_only(environ, start_response):
    start_response("200 OK", TEXT)(b"written")
    return []


@case
def write_text(environ, start_response):
    write = start_response("200 OK", TEXT)
    try:
        write("text")
    except TypeError as error:
        return [type(error).__name__.encode()]
    return [b"none"]


@case
def twice(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        start_response("404 Not Found", TEXT)
    except Exception as error:
        note(environ, type(error).__name__)
        raise


@case
def replaces(environ, start_response):
    start_response("200 OK", [("X-Old", "1"), ("Content-Length", "1000")])
    try:
        raise KeyError("found out late")
    except KeyError:
        start_response("503 Busy", [("X-New", "1")], sys.exc_info())
    return [b"sorry"]


@case
def exc_info_alone(environ, start_response):
    """Allowed as the first call as well."""
    try:
        raise KeyError("early")
    except KeyError:
        start_response("503 Busy", TEXT, sys.exc_info())
    return [b"sorry"]


@case
def too_late(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"begun")
    try:
        raise KeyError("too late")
    except KeyError:
        try:
            start_response("500 Error", TEXT, sys.exc_info())
        except KeyError as error:
            note(environ, "again %s" % error.args[0])
            raise
    return [b"never"]


@case
def never(environ, start_response):
    return [b"body"]


@case
def never_empty(environ, start_response):
    return []


@case
def at_first_next(environ, start_response):
    """PEP 3333: "the start_response callable must not be required before the first iteration"."""
    start_response("201 Created", TEXT)
    yield b"made"


@case
def after_empty(environ, start_response):
    """The head waits for the first block that is not empty, so it may still change."""
    start_response("200 OK", TEXT)
    yield b""
    try:
        raise KeyError("changed")
    except KeyError:
        start_response("202 Accepted", TEXT, sys.exc_info())
    yield b""
    yield b"changed"


@case
def early(environ, start_response):
    environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
    environ["wsgi.early_hints"]([("Link", "</b.js>; rel=preload"), ("X-More", "1")])
    bad = []
    for headers in ([("X-A", "1\r\nX-Evil: 1")], [("Connection", "close")]):
        try:
            environ["wsgi.early_hints"](headers)
        except (TypeError, ValueError) as error:
            bad.append(type(error).__name__)
    return answer(start_response, bad)


@case
def own_server(environ, start_response):
    start_response("200 OK", [("date", "a day"), ("SERVER", "mine")])
    return [b"Hello"]


@case
def changes_later(environ, start_response):
    headers = [("X-Kept", "1")]
    start_response("200 OK", headers)
    headers[:] = [("X-Late", "1")]
    return [b"Hello"]
