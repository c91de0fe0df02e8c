"""Hello at `/`, a file of 200 MiB at `/file` (through `wsgi.file_wrapper` where there is one), any upload at `/upload`."""

import os

from hello import application as hello
from post import application as upload


def application(environ, start_response):
    path = environ.get("PATH_INFO", "")
    if path == "/upload":
        return upload(environ, start_response)
    if path != "/file":
        return hello(environ, start_response)
    file = open(os.environ["BENCH_FILE"], "rb")
    size = os.fstat(file.fileno()).st_size
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))])
    wrapper = environ.get("wsgi.file_wrapper")
    return wrapper(file, 65536) if wrapper else pieces(file)


def pieces(file):
    """What PEP 3333 recommends where a server has no file_wrapper."""
    with file:
        yield from iter(lambda: file.read(65536), b"")
