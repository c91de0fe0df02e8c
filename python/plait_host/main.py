"""The life of a host process: hello, import the application, then read frames until the server says stop or is gone."""

import io
import json
import marshal
import os
import socket
import struct
import sys

from . import frames as f
from .channel import Channel
from .errors_stream import ErrorStream
from .gateway import Exchange, base_environ
from .hooks import run_post_fork
from .imports import ImportReports
from .interrupt import Interrupter
from .life import (
    die_with_parent,
    dump_stacks_on_signal,
    hold_signals,
    ignore_signals,
    prepare_output,
    release_signals,
    restore_signals,
)
from .loading import try_loading
from .marks import SLOT_MASK, make_marks
from .reader import FrameReader
from .responder import Responder
from .threaded_input import ThreadedInput
from .threads import Workers

_WIRE = 3
# What parsers say of bytes that are no frames.
_MALFORMED = (ValueError, EOFError, TypeError, LookupError, AttributeError, struct.error)
_BUFFER = 256 * 1024


def main():
    """Runs the host. Returns when the server says stop: the interpreter then runs the application's exit functions."""
    sock = _open_wire()
    reader = FrameReader(sock)
    settings, sample = _first_frame(reader)
    die_with_parent(settings["parent"])
    prepare_output()
    dump_stacks_on_signal()
    _serve(sock, reader, settings, sample, lambda: try_loading(settings["application"]))


def serve_forked(application, keeper):
    """Runs a host that was forked with its application, by the template (`template.py`). Returns as `main` does."""
    die_with_parent(keeper)
    sock = _open_wire()
    reader = FrameReader(sock)
    settings, sample = _first_frame(reader)
    _serve(sock, reader, settings, sample, lambda: (application, {"ok": True}))


def _first_frame(reader):
    """Gives what the server says of this host, and its sample of marshal."""
    kind, _flags, _id, payload = reader.next_frame()
    if kind != f.INIT:
        os._exit(1)
    (size,) = f.U32.unpack_from(payload, 0)
    return json.loads(bytes(payload[4 : 4 + size])), bytes(payload[4 + size :])


def _serve(sock, reader, settings, sample, load):
    channel = Channel(sock)
    marks, descriptor = make_marks()
    _say_hello(channel, sample, descriptor)
    application = _load(channel, settings, load)
    if application is None:
        return
    ignore_signals()  # again: the application's import may have set its own
    Host(settings, reader, channel, application, marks).serve()


def _open_wire():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=_WIRE)
    sock.set_inheritable(False)
    sock.setblocking(True)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    return sock


def _say_hello(channel, sample, marks):
    """Tells who we are, and what the marshal sample means here: the server compares."""
    try:
        decoded = marshal.loads(sample)
    except (ValueError, EOFError, TypeError):
        decoded = None
    hello = {
        "pid": os.getpid(),
        "version": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "sample": decoded,
        "marks": marks,
    }
    channel.frame(f.HELLO, 0, json.dumps(hello).encode())
    channel.flush()


def _load(channel, settings, load):
    application, outcome = load()
    if application is not None:
        outcome = run_post_fork(settings)
        if not outcome["ok"]:
            application = None
    if settings.get("reportImports"):
        # Before the outcome: a server that hears that it failed already knows what to watch.
        reports = ImportReports(lambda files: _tell_imports(channel, files))
        reports.tell(((outcome.get("report") or {}).get("traceback") or ""))
        if application is not None:
            reports.keep_telling()
    channel.frame(f.LOADED, 0, json.dumps(outcome).encode())
    channel.flush()
    return application


def _tell_imports(channel, files):
    channel.frame(f.IMPORTED, 0, json.dumps(files).encode())
    channel.flush()


class Host:
    """Everything a running host has: the channel, the workers, the application."""

    def __init__(self, settings, reader, channel, application, marks):
        self._application = application
        self._marks = marks
        self._reader = reader
        self._channel = channel
        self._input_window = settings["inputWindow"]
        self._workers = Workers(self._read, self._run, channel.flush, settings["maxThreads"], settings["minThreads"])
        self._responder = Responder(channel, settings["responseWindow"], self._workers.flush_soon)
        self._interrupter = Interrupter(channel, self._responder, self._abandon)
        self._workers.struck = self._interrupter.struck
        self._workers.release = self._interrupter.release
        self._base = base_environ(ErrorStream(), settings["multithread"], settings["multiprocess"])
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=hold_signals, after_in_parent=release_signals, after_in_child=self._in_child)

    def serve(self):
        """Works until the server says stop. Call it in the main thread."""
        self._workers.serve()

    def _read(self):
        """Takes one frame from the wire. Gives the requests that it brought; None at STOP. One thread at a time."""
        try:
            return self._take_frame()
        except _MALFORMED as error:
            # Whatever comes from here on cannot be trusted. Nobody else would read on: the process would stay for ever.
            os.write(2, b"The wire is out of step: %s\n" % ascii(error).encode())
            os._exit(1)

    def _take_frame(self):
        kind, flags, id, payload = self._reader.next_frame()
        if kind == f.REQUESTS:
            return self._requests(flags, payload)
        if kind == f.STOP:
            return None
        if kind == f.FILE_TAKEN:
            self._responder.file_taken(id, flags)
        elif kind == f.INTERRUPT:
            self._interrupter.interrupt(id)
        elif kind == f.THREADS:
            (self._workers.limit,) = f.U32.unpack_from(payload, 0)
        else:
            exchange = self._responder.running.get(id)
            if exchange is not None:
                self._steer(exchange, kind, flags, payload)
        return ()

    def _requests(self, flags, payload):
        count, size = f.REQUESTS_HEAD.unpack_from(payload, 0)
        start = f.REQUESTS_HEAD.size + count * f.BODY_ENTRY.size
        encoded = payload[start : start + size]
        if flags & f.REQUESTS_JSON:
            environs = {int(id): environ for id, environ in json.loads(bytes(encoded)).items()}
        else:
            environs = marshal.loads(encoded)
        responder = self._responder
        running = responder.running
        exchanges = []
        for id, environ in environs.items():
            exchange = running[id] = Exchange(id, environ, responder)
            exchanges.append(exchange)
        if count:
            self._attach_bodies(payload, count, start + size)
        return exchanges

    def _attach_bodies(self, payload, count, position):
        for index in range(count):
            id, kind, size = f.BODY_ENTRY.unpack_from(payload, f.REQUESTS_HEAD.size + index * f.BODY_ENTRY.size)
            exchange = self._responder.running[id]
            if kind == f.BODY_STREAM:
                exchange.input = ThreadedInput(lambda n, id=id: self._responder.input_wanted(id, n), self._input_window)
                continue
            content = bytes(payload[position : position + size])
            position += size
            exchange.input = content if kind == f.BODY_BYTES else os.fsdecode(content)

    def _steer(self, exchange, kind, flags, payload):
        """What the server says of a running request."""
        if kind == f.CREDIT:
            exchange.acked += f.U32.unpack_from(payload, 0)[0]
        elif kind == f.ABANDON:
            self._abandon(exchange)
        elif kind == f.INPUT and isinstance(exchange.input, ThreadedInput):
            if len(payload) and not flags & f.INPUT_FAILED:
                exchange.input.feed(bytes(payload))
            if flags:
                exchange.input.end(bytes(payload).decode("utf-8", "replace") if flags & f.INPUT_FAILED else None)
        event = exchange.event
        if event is not None:
            event.set()

    def _abandon(self, exchange):
        exchange.gone = True
        if isinstance(exchange.input, ThreadedInput):
            exchange.input.end("the client has gone")
        event = exchange.event
        if event is not None:
            event.set()

    def _run(self, exchange, thread):
        """One request, in a worker's thread, which has this number."""
        if exchange.gone:
            self._responder.end(exchange)
            return
        self._marks[exchange.id & SLOT_MASK] = exchange.id
        exchange.thread = thread
        body = exchange.input
        spooled = None
        if body is None:
            stream = io.BytesIO()
        elif type(body) is bytes:
            stream = io.BytesIO(body)
            exchange.input = None
        elif type(body) is str:
            try:
                stream = spooled = _open_spooled(body)
            except OSError as error:
                report = {"type": "OSError", "message": "cannot open the spooled body: %s" % error, "traceback": ""}
                self._responder.failed(exchange, report)
                return
        else:
            stream = body
        exchange.complete(self._base, stream)
        exchange.run(self._application)
        if spooled is not None:
            # Ours, not what the environ has by now: that is the application's to change.
            spooled.close()

    def _in_child(self):
        """A fork of the application has no part in the wire, and ends when it comes back to our code."""
        self._channel.close_in_child()
        self._workers.in_child = True
        restore_signals()


def _open_spooled(path):
    """A body in a private file: ours from here on, and on no path any more."""
    stream = open(path, "rb")
    try:
        os.unlink(path)
    except OSError:
        pass  # the server does it at the end of the request
    return stream
