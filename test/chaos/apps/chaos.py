"""What `npm run chaos` serves: it notes when a request begins and ends, in which process. Standard library only."""
import os
import time
from urllib.parse import parse_qsl

DATA = os.environ["CHAOS_DATA"]
NOTES = os.open(os.path.join(DATA, "notes"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
PAGE = [b"x" * 65536] * 16

with open(os.path.join(DATA, "version")) as file:
    VERSION = file.read()


def application(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"], hello)
    body = page(environ, dict(parse_qsl(environ["QUERY_STRING"])))
    about = [("X-Version", VERSION), ("X-Server", str(os.getppid()))]
    start_response("200 OK", [("Content-Type", "application/octet-stream"), *about])
    return body


def note(*words):
    """One write for each line, so that lines of several processes stay whole."""
    os.write(NOTES, (" ".join(words) + "\n").encode())


def hello(environ, query):
    if environ["REQUEST_METHOD"] == "POST":
        return [b"%d" % len(environ["wsgi.input"].read())]
    return [b"hello"]


def nap(environ, query):
    """Takes as long as asked, and gives back its id."""
    note("begin", query["id"], str(os.getpid()))
    time.sleep(int(query["ms"]) / 1000)
    note("end", query["id"], str(os.getpid()))
    return [query["id"].encode()]


def hang(environ, query):
    """Never ends."""
    note("begin", query["id"], str(os.getpid()))
    while True:
        time.sleep(0.001)


def page(environ, query):
    """1 MiB, piece by piece."""
    return iter(PAGE)


def file(environ, query):
    """A file of 64 MiB."""
    return environ["wsgi.file_wrapper"](open(os.path.join(DATA, "file"), "rb"))


PAGES = {"/nap": nap, "/hang": hang, "/page": page, "/file": file}
