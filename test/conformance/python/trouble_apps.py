"""Exceptions, output, forks, threads: PEP 3333, "Error Handling" and "Thread Support", and what hosts must outlive."""

import logging
import os
import sys
import threading
import time

from registry import TEXT, answer, case, note, open_gate, query, shared_file


def _recurse():
    return _recurse() + 1


def _raise(kind):
    if kind == "huge":
        raise ValueError("x" * 5000000)
    if kind == "exit":
        sys.exit(3)
    if kind == "recursion":
        _recurse()
    raise {
        "interrupt": KeyboardInterrupt,
        "memory": MemoryError,
        "generator-exit": GeneratorExit,
        "stop": StopIteration,
        "group": BaseException,
        "os": BrokenPipeError,
        "unspeakable": Unspeakable,
    }.get(kind, LookupError)("a mishap \xe9\u20ac")


class Unspeakable(Exception):
    """Cannot be shown."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


@case
def raises(environ, start_response):
    """At once, after start_response, at the first next, or after output."""
    asked = query(environ)
    if asked["at"] == "call":
        _raise(asked["kind"])
    start_response("200 OK", [("X-Mine", "1"), ("Content-Type", "text/plain")])
    if asked["at"] == "started":
        _raise(asked["kind"])
    return _blocks(asked)


def _blocks(asked):
    if asked["at"] == "later":
        yield b"begun"
    _raise(asked["kind"])
    yield b"never"


@case
def prints(environ, start_response):
    word = query(environ)["word"]
    print(word, "printed")
    sys.stderr.write("%s to stderr\n" % word)
    logging.warning("%s logged", word)
    start_response("200 OK", TEXT)
    return [b"ok"]


@case
def prints_raw(environ, start_response):
    os.write(1, ("%s raw\n" % query(environ)["word"]).encode())
    start_response("200 OK", TEXT)
    return [b"ok"]


@case
def gone(environ, start_response):
    """Works until its client has gone."""
    note(environ, "before %r" % environ["plait.client_disconnected"]())
    deadline = time.monotonic() + 20
    while not environ["plait.client_disconnected"]() and time.monotonic() < deadline:
        time.sleep(0.002)
    note(environ, "after %r" % environ["plait.client_disconnected"]())
    start_response("200 OK", TEXT)
    return [b"too late"]


@case
def answers_late(environ, start_response):
    open_gate(environ)
    start_response("200 OK", TEXT)
    return [b"late"]


@case
def forks(environ, start_response):
    """The child waits for the gate and exits without a word; or comes back into the server's code, one way or another."""
    how = query(environ)["how"]
    child = os.fork()
    if child == 0:
        if how == "exit":
            open_gate(environ)
            os._exit(0)
        if how == "raise":
            raise LookupError("in the child")
        if how == "sys-exit":
            sys.exit(0)
        write = start_response("200 OK", TEXT)
        if how == "write":
            write(b"from the child")
        return iter([b"from ", b"the child"]) if how == "blocks" else [b"from the child"]
    return answer(start_response, child)


@case
def waits(environ, start_response):
    """How a child ended."""
    _pid, status = os.waitpid(int(query(environ)["pid"]), 0)
    return answer(start_response, status)


_stopped = set()
# Where each thread has an interpreter of its own, the other threads are reached by a file. Elsewhere a look at one would let go of the GIL.
_APART = sys.platform == "emscripten"


def _is_stopped(of):
    return of in _stopped or (_APART and os.path.exists(shared_file(of, "stopped")))


@case
def busy(environ, start_response):
    """Never lets go of the GIL by itself, until `busy-stop`."""
    note(environ, "begun")
    of = query(environ)["of"]
    deadline = time.monotonic() + 20
    while not _is_stopped(of) and time.monotonic() < deadline:
        pass
    start_response("200 OK", TEXT)
    return [b"stopped" if _is_stopped(of) else b"ran out"]


@case
def busy_stop(environ, start_response):
    of = query(environ)["of"]
    _stopped.add(of)
    if _APART:
        open(shared_file(of, "stopped"), "wb").close()
    start_response("200 OK", TEXT)
    return [b"ok"]


@case
def numbered(environ, start_response):
    """Gives its number back, from a thread that other requests share the host with."""
    number = query(environ)["n"]
    body = environ["wsgi.input"].read()
    time.sleep(0.001)
    threads = sum(1 for thread in threading.enumerate() if thread is not threading.main_thread())
    return answer(start_response, {"n": number, "body": body.decode(), "thread": threading.get_ident(), "threads": threads})


@case
def calls_in_thread(environ, start_response):
    """Call, iteration and close() of one request in one thread."""
    threads = [threading.get_ident()]

    class Blocks:
        def __iter__(self):
            threads.append(threading.get_ident())
            yield b"a"
            threads.append(threading.get_ident())
            yield b"b"

        def close(self):
            threads.append(threading.get_ident())
            note(environ, "%d of %d" % (len(set(threads)), len(threads)))

    start_response("200 OK", TEXT)
    return Blocks()
