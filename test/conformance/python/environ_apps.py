"""Environ: PEP 3333, "environ Variables"."""

import io
import os

from registry import answer, case

_seen = []


def described(value):
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    if isinstance(value, tuple):
        return list(value)
    return "<%s>" % type(value).__name__


@case
def environ(environ, start_response):
    """Types and values of everything, and what a copy of the process environment would show."""
    return answer(
        start_response,
        {
            "kind": type(environ).__name__,
            "types": {key: type(value).__name__ for key, value in environ.items()},
            "values": {key: described(value) for key, value in environ.items()},
            "keyTypes": sorted({type(key).__name__ for key in environ}),
            "leaked": sorted(set(environ) & set(os.environ) - {"SERVER_SOFTWARE"}),
            "inProcess": os.environ.get("PLAIT_CONFORMANCE_MARKER"),
        },
    )


@case
def objects(environ, start_response):
    """What the wsgi.* objects can do."""
    errors = environ["wsgi.errors"]
    stream = environ["wsgi.input"]
    return answer(
        start_response,
        {
            "errors": [name for name in ("flush", "write", "writelines") if callable(getattr(errors, name, None))],
            "input": [n for n in ("read", "readline", "readlines", "__iter__") if callable(getattr(stream, n, None))],
            "fileWrapper": callable(environ["wsgi.file_wrapper"]),
            "wrapped": b"".join(environ["wsgi.file_wrapper"](io.BytesIO(b"x" * 10), 3)).decode(),
            "empty": [stream.read().decode(), stream.read(5).decode(), stream.readline().decode()],
        },
    )


@case
def fresh(environ, start_response):
    """Changes its environ; says whether it is one that it has seen (all are kept, so that none can come again by chance)."""
    again = any(environ is other for other in _seen)
    _seen.append(environ)
    marked = "test.mark" in environ
    environ["test.mark"] = object()
    environ["wsgi.version"] = "changed"
    environ["HTTP_HOST"] = "changed"
    del environ["REQUEST_METHOD"]
    environ.clear()
    return answer(start_response, {"again": again, "marked": marked})
