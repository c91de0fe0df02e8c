"""Hello at `/`, a file of 200 MiB through `wsgi.file_wrapper` at `/file`, any upload at `/upload`."""

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
    return environ["wsgi.file_wrapper"](file, 65536)
