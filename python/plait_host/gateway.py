"""PEP 3333: one request through the application. Knows nothing of sockets and threads: what comes out goes to a `channel`.

The channel has `respond(exchange, head, body, flags, whole)`, `data(exchange, block)`, `end(exchange)`, `failed(exchange, report)`,
`file(exchange, head, found)`, `early_hints(exchange, lines)`, `claim(raw, offset)` (see `files.take_over`), `new_event()`, `window` and `flush()`.
There are two: `responder.py` for processes, `worker_thread.py` for interpreters in a thread of the server.
"""

import sys

from .files import FileWrapper, take_over
from .frames import LAST, ONE_PIECE
from .headers import encode_head
from .reports import report_exception

# A result of several blocks that is a plain list is sent as one frame up to this size.
_JOIN_LIMIT = 64 * 1024
# Larger blocks are cut into pieces of this size, so that the window can hold them back.
_PIECE = 256 * 1024


def base_environ(errors, multithread, multiprocess):
    """Gives the part of the environ that is the same for all requests."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.errors": errors,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }


class Exchange:
    """One request and its response, in one application thread.

    Class attributes are the starting values: an exchange that never changes one never pays for it.
    """

    # What the reader thread changes.
    gone = False  # nobody waits for the response any more
    acked = 0  # bytes of the response that the client has taken
    # What the application thread changes.
    head = None
    length = None  # Content-Length as the application gave it
    started = False  # the head is out
    sent = 0  # bytes of the body given to the channel
    event = None  # set by the reader whenever `gone` or `acked` change
    input = None
    thread = 0  # the number of the thread that runs it; 0 where there is none

    def __init__(self, id, environ, channel):
        self.id = id
        self.environ = environ
        self.channel = channel

    # -- what the application calls

    def start_response(self, status, headers, exc_info=None):
        """PEP 3333, "The start_response() Callable"."""
        if exc_info:
            try:
                if self.started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no circular reference through the frame
        elif self.head is not None:
            raise RuntimeError("start_response was called a second time without exc_info (PEP 3333)")
        self.head, self.length = encode_head(status, headers)
        return self.write

    def write(self, data):
        """The imperative `write` of PEP 3333. Sends the head even when `data` is empty."""
        if not isinstance(data, bytes):
            raise TypeError("write() takes bytes, not %s: %.60r" % (type(data).__name__, data))
        self._send(data)

    def client_disconnected(self):
        """`environ['plait.client_disconnected']()`: True when nobody waits for this response any more."""
        return self.gone

    def early_hints(self, headers):
        """`environ['wsgi.early_hints']([(name, value), …])`: sends 103 Early Hints (RFC 8297)."""
        if not self.started:
            lines, _ = encode_head("103 Early Hints", list(headers))
            self.channel.early_hints(self, lines.partition(b"\n")[2])

    # -- what the host calls

    def complete(self, base, stream):
        """Adds to the environ what PEP 3333 asks for beside the CGI variables."""
        environ = self.environ
        environ.update(base)
        environ["wsgi.input"] = stream
        environ["wsgi.early_hints"] = self.early_hints
        environ["plait.client_disconnected"] = self.client_disconnected

    def run(self, application):
        """Calls the application and sends what it gives. Never raises."""
        result = None
        try:
            result = application(self.environ, self.start_response)
            kind = type(result)
            if (kind is list or kind is tuple) and not self.started and self._send_whole(result):
                return
            if kind is FileWrapper and not self.started and self._send_file(result):
                return
            self._iterate(result)
        except BaseException:  # SystemExit of an application must not end the thread
            self._fail()

    def _send_whole(self, result):
        """A plain list that fits into one frame: nothing is left to iterate or close, so this is the end of the run."""
        if len(result) == 1:
            body = result[0]
            flags = LAST | ONE_PIECE
            if not isinstance(body, bytes):
                raise _wrong_block(body)
        elif not result:
            body = b""
            flags = LAST | ONE_PIECE
        else:
            for block in result:
                if not isinstance(block, bytes):
                    raise _wrong_block(block)
            body = b"".join(result)
            flags = LAST
        head = self.head
        if head is None:
            raise _no_start_response()
        if len(body) > _JOIN_LIMIT:
            if flags & ONE_PIECE:
                self._declare_length(len(body))
            return False
        self.started = True
        self.channel.respond(self, head, body, flags)
        return True

    def _declare_length(self, size):
        status = int(self.head[:3])
        if self.length is None and status >= 200 and status not in (204, 304):
            self.head += b"\nContent-Length\n%d" % size

    def _send_file(self, wrapper):
        # Without a head it is iterated: that fails, and closes the file.
        found = None if self.head is None else take_over(wrapper, self.channel.claim)
        if found is None:
            return False
        try:
            wrapper.close()
        except BaseException:
            found.release()
            raise
        self.started = True
        self.channel.file(self, self.head, found)
        return True

    def _iterate(self, result):
        try:
            for block in result:
                if not isinstance(block, bytes):
                    raise _wrong_block(block)
                if block:
                    self._send(block)
                if self.gone:
                    break
            if not self.started:
                if self.head is None:
                    raise _no_start_response()
                self.started = True
                self.channel.respond(self, self.head, b"", 0)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        self.channel.end(self)

    def _send(self, block):
        size = len(block)
        if not self.started:
            if self.head is None:
                raise _no_start_response()
            self.started = True
            first = block if size <= _PIECE else block[:_PIECE]
            self.sent = len(first)
            # A body that is whole may wait for what is left of the run, unless that blocks: see Workers.
            whole = self.length is not None and self.length == str(size)
            self.channel.respond(self, self.head, first, 0, whole)
            if size > _PIECE:
                self._send_pieces(memoryview(block)[_PIECE:])
        elif size <= _PIECE:
            self._wait_for_window()
            self.sent += size
            self.channel.data(self, block)
        else:
            self._send_pieces(memoryview(block))

    def _send_pieces(self, view):
        for start in range(0, len(view), _PIECE):
            piece = view[start : start + _PIECE]
            self._wait_for_window()
            if self.gone:
                return
            self.sent += len(piece)
            self.channel.data(self, piece)

    def _wait_for_window(self):
        """Holds the application back while the client has not taken what was sent before."""
        window = self.channel.window
        while self.sent - self.acked >= window and not self.gone:
            event = self.event
            if event is None:
                event = self.event = self.channel.new_event()
            event.clear()
            if self.sent - self.acked >= window and not self.gone:
                self.channel.flush()
                event.wait()

    def _fail(self):
        if self.gone and self.started:
            # An application that notices the departure in its own way has not failed.
            self.channel.end(self)
        else:
            self.channel.failed(self, report_exception(sys.exc_info()))


def _wrong_block(block):
    return TypeError("the application must give bytes, not %s: %.60r" % (type(block).__name__, block))


def _no_start_response():
    return RuntimeError("the application gave a body before it called start_response, or never called it (PEP 3333)")
