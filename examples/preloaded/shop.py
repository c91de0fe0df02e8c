"""A shop whose catalogue is large: loaded once, shared by all processes. From this directory:

    plait web --wsgi shop.application --processes 4 --preload --post-fork shop:connect
"""
import os
import sqlite3

# Done once, in the process from which the others are forked.
CATALOGUE = {"item-%d" % number: "Item %d" % number for number in range(200_000)}
print("The catalogue is loaded", flush=True)

database = None


def connect():
    """In each process, before its first request: a connection can be shared by threads, not by processes."""
    global database
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("create table seen (item text)")
    print("Connected in process %d" % os.getpid(), flush=True)


def application(environ, start_response):
    name = environ["PATH_INFO"].lstrip("/") or "item-1"
    database.execute("insert into seen values (?)", (name,))
    (seen,) = database.execute("select count(*) from seen where item = ?", (name,)).fetchone()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s, seen %d times in process %d\n" % (CATALOGUE.get(name, "No such item"), seen, os.getpid())).encode()]
