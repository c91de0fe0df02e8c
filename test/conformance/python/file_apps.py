"""wsgi.file_wrapper: PEP 3333, "Optional Platform-Specific File Handling"."""

import gzip
import io
import os
import tempfile
import zipfile

from registry import TEXT, case, note, pattern, query

SIZE = 300000


def _stored(folder, content=None):
    """A new file with the pattern."""
    descriptor, path = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pattern(SIZE) if content is None else content)
    return path


def _temporary(file):
    file.write(pattern(SIZE))
    file.seek(0)
    return file


def _offset(folder):
    file = open(_stored(folder), "rb")
    file.read(1000)  # reads ahead: the position of the descriptor is another
    return file


def _gzip(folder):
    return gzip.open(_stored(folder, gzip.compress(pattern(SIZE))), "rb")


def _zip(folder, compression):
    path = _stored(folder)
    with zipfile.ZipFile(path + ".zip", "w", compression) as archive:
        archive.write(path, "member")
    return zipfile.ZipFile(path + ".zip").open("member")


def _replaced(folder):
    path = _stored(folder)
    file = open(path, "rb")
    os.replace(_stored(folder, b"another file"), path)
    return file


def _unlinked(folder):
    path = _stored(folder)
    file = open(path, "rb")
    os.unlink(path)
    return file


class OnlyRead:
    """Has read() and nothing else."""

    def __init__(self, content):
        self.read = io.BytesIO(content).read


FILES = {
    "real": lambda folder: open(_stored(folder), "rb"),
    "small": lambda folder: open(_stored(folder, b"small"), "rb"),
    "nothing": lambda folder: open(_stored(folder, b""), "rb"),
    "raw": lambda folder: open(_stored(folder), "rb", buffering=0),
    "random": lambda folder: open(_stored(folder), "r+b"),
    "offset": _offset,
    "beyond": lambda folder: _at(open(_stored(folder, b"small"), "rb"), 100),
    "unlinked": _unlinked,
    "temporary": lambda folder: _temporary(tempfile.TemporaryFile(dir=folder)),
    "named": lambda folder: _temporary(tempfile.NamedTemporaryFile(dir=folder)),
    "spooled-memory": lambda folder: _temporary(tempfile.SpooledTemporaryFile(max_size=1 << 20)),
    "spooled-disk": lambda folder: _temporary(tempfile.SpooledTemporaryFile(max_size=1000, dir=folder)),
    "gzip": _gzip,
    "zip-deflated": lambda folder: _zip(folder, zipfile.ZIP_DEFLATED),
    "zip-stored": lambda folder: _zip(folder, zipfile.ZIP_STORED),
    "bytesio": lambda folder: io.BytesIO(pattern(SIZE)),
    "relative": lambda folder: open(os.path.relpath(_stored(folder)), "rb"),
    "replaced": _replaced,
    "closed": lambda folder: _closed(open(_stored(folder), "rb")),
    "text": lambda folder: open(_stored(folder, b"text"), "r"),
    "write-only": lambda folder: open(_stored(folder), "ab"),
    "only-read": lambda folder: OnlyRead(pattern(SIZE)),
}


def _closed(file):
    file.close()
    return file


def _at(file, position):
    file.seek(position)
    return file


@case
def file(environ, start_response):
    asked = query(environ)
    opened = open(asked["fifo"], "rb") if "fifo" in asked else FILES[asked["kind"]](asked["folder"])
    extra = [("Content-Length", asked["length"])] if "length" in asked else []
    start_response(asked.get("line", "200 OK"), TEXT + extra)
    if "count" in asked:
        _count_close(environ, opened)
    wrapper = environ["wsgi.file_wrapper"]
    return wrapper(opened, int(asked["block"])) if "block" in asked else wrapper(opened)


def _count_close(environ, opened):
    close = opened.close

    def counted():
        note(environ, "close")
        close()

    opened.close = counted


@case
def file_iterated(environ, start_response):
    """The wrapper inside of something else: only its iteration counts."""
    start_response("200 OK", TEXT)
    wrapper = environ["wsgi.file_wrapper"](FILES["real"](query(environ)["folder"]), 1000)
    yield b"before "
    for block in wrapper:
        yield block
    wrapper.close()


@case
def file_without_start(environ, start_response):
    opened = FILES["real"](query(environ)["folder"])
    _count_close(environ, opened)
    return environ["wsgi.file_wrapper"](opened)


@case
def file_written(environ, start_response):
    start_response("200 OK", TEXT)(b"before ")
    return environ["wsgi.file_wrapper"](FILES["real"](query(environ)["folder"]))
