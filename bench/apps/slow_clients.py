"""Answers at once; takes uploads; gives a page of 1 MiB, and a file of 64 MiB."""
import tempfile

PAGE = [b"x" * 65536] * 16
FILE = tempfile.NamedTemporaryFile()
FILE.truncate(64 * 1024 * 1024)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    if path == "/page":
        return iter(PAGE)
    if path == "/file":
        return environ["wsgi.file_wrapper"](open(FILE.name, "rb"))
    if environ["REQUEST_METHOD"] == "POST":
        return [b"%d" % len(environ["wsgi.input"].read())]
    return [b"hello"]
