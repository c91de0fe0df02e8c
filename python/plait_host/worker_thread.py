"""An interpreter in a thread of the server (Pyodide). Its transport are functions of JavaScript, in the module `_plait`.

What is larger than a number goes through two buffers that both sides see: a call then costs about a microsecond, and leaves
no proxies behind. One request at a time; whoever waits blocks in JavaScript.
"""

import asyncio
import io
import json
import os
import site
import sys
import time

import _plait as server

from .errors_stream import ErrorStream
from .gateway import Exchange, base_environ
from .imports import ImportReports
from .input import StreamInput, broken_off
from .life import prepare_output
from .loading import try_loading
from .native_modules import explain_native_modules

# A head has at most 64 KiB, a piece of a body at most 256.
incoming = bytearray(256 * 1024)
outgoing = bytearray(320 * 1024)

# How a request has its body.
_NONE = 0
_WHOLE = 1
_FILE = 2
_STREAM = 3


class ThreadExchange(Exchange):
    """What the server changes while the application runs is asked for."""

    @property
    def gone(self):
        return server.is_gone(self.id)

    @property
    def acked(self):
        return server.acked(self.id)


class _News:
    """Stands where threads have an event."""

    def clear(self):
        pass

    def wait(self):
        server.wait_for_news()


class ThreadResponder:
    """The channel of the gateway (see `gateway.py`)."""

    new_event = _News

    def __init__(self, window):
        self.window = window
        self.flush = server.flush

    def respond(self, exchange, head, body, flags, whole=False):
        size = len(head) + len(body)
        outgoing[:size] = head + body
        server.respond(exchange.id, len(head), size, flags, whole)

    def data(self, exchange, block):
        size = len(block)
        outgoing[:size] = block
        server.data(exchange.id, size)

    def end(self, exchange):
        server.end(exchange.id)

    def failed(self, exchange, report):
        server.failed(exchange.id, json.dumps(report))

    def early_hints(self, exchange, lines):
        server.early_hints(exchange.id, lines.decode("latin-1"))

    def claim(self, raw, offset):
        """A file of the host's file system; not one that lives in memory here."""
        return _HostFile() if server.claim_file(raw.fileno(), offset) else None

    def file(self, exchange, head, found):
        server.file(exchange.id, head.decode("latin-1"))


class _HostFile:
    def release(self):
        server.release_file()


class _Stream(StreamInput):
    """A body that comes while the application runs."""

    def __init__(self, id, window):
        StreamInput.__init__(self, lambda count: server.input_wanted(id, count), window)
        self._id = id

    def _await_piece(self):
        while True:
            size = server.next_piece(self._id)
            if size >= 0:
                return bytes(incoming[:size])
            reason = server.why_broken(self._id)
            # Without a reason the server wants to interrupt the application: that happens here, between two lines of Python.
            if reason:
                raise broken_off(reason)


class _Spooled(io.RawIOBase):
    """A body in a private file, which is open on the server's side."""

    def __init__(self, id, size):
        self._id = id
        self._size = size
        self._position = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._position

    def seek(self, offset, whence=io.SEEK_SET):
        start = (0, self._position, self._size)[whence]
        if start + offset < 0:
            raise ValueError("negative seek position %r" % (start + offset,))
        self._position = start + offset
        return self._position

    def readinto(self, buffer):
        size = server.read_spooled(self._id, self._position, min(len(buffer), len(incoming)))
        if size < 0:
            raise OSError("the request body was read after the end of the request")
        buffer[:size] = incoming[:size]
        self._position += size
        return size


class Thread:
    """Everything a running thread has. JavaScript calls `load` once, then `run`."""

    def __init__(self, settings):
        self._settings = settings = json.loads(settings)
        self._responder = ThreadResponder(settings["responseWindow"])
        self._base = base_environ(ErrorStream(), False, settings["multiprocess"])
        self._application = None

    def load(self):
        """Imports the application. Gives how that went, as JSON."""
        prepare_output()
        explain_native_modules()
        time.sleep = _sleep
        # Pyodide says that JavaScript's event loop runs here. It does not while the application does, and Django refuses to work below one.
        asyncio.events._set_running_loop(None)
        os.chdir(self._settings["cwd"])
        for place in self._settings["paths"]:
            site.addsitedir(place)
        self._application, outcome = try_loading(self._settings["application"])
        if self._settings["reportImports"]:
            outcome["files"] = []
            ImportReports(outcome["files"].extend).tell((outcome.get("report") or {}).get("traceback") or "")
        return json.dumps(outcome)

    def run(self, id, count, size, body, body_size):
        """One request. Its environ is in `incoming`: `count` texts, divided by NUL."""
        parts = str(incoming[:size], "latin-1").split("\0")
        if len(parts) != count:
            parts = json.loads(server.environ())  # a value has a NUL in it, or it is too long
        exchange = ThreadExchange(id, dict(zip(parts[::2], parts[1::2])), self._responder)
        exchange.complete(self._base, io.BytesIO() if body == _NONE else self._input(id, body, body_size))
        exchange.run(self._application)

    def _input(self, id, body, size):
        if body == _STREAM:
            return _Stream(id, self._settings["inputWindow"])
        if body == _FILE:
            return io.BufferedReader(_Spooled(id, size), 64 * 1024)
        stream = io.BytesIO()
        while stream.tell() < size:
            stream.write(incoming[: server.next_piece(id)])
        stream.seek(0)
        return stream


_monotonic = time.monotonic


def _sleep(seconds):
    """In place of `time.sleep`: costs no processor time, and ends when the application is interrupted."""
    if not seconds >= 0:
        raise ValueError("sleep length must be non-negative")
    end = _monotonic() + seconds
    server.flush()
    left = seconds
    while left > 0:
        server.sleep(left * 1000)
        left = end - _monotonic()
