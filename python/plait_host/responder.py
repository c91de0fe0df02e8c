"""The channel of the gateway (see `gateway.py`), as frames on the wire."""

import json
import threading

from .files import claim_descriptor, read_blocks
from .frames import DATA, EARLY_HINTS, END, FAILED, FILE, INPUT_WANTED, LAST, RESPONSE, TAKEN, U32, pack_header

# A block up to this size is copied into its frame; a larger one goes to the kernel from where it is.
_COPY_LIMIT = 16 * 1024


class Responder:
    """Turns what exchanges give into frames. Called by application threads."""

    new_event = threading.Event
    claim = staticmethod(claim_descriptor)

    def __init__(self, channel, window, flush_soon):
        self.channel = channel
        self.window = window
        self.running = {}  # id → Exchange, for the reader
        self._outbox = channel.outbox
        self._files = {}  # id → Found, until the server has opened it
        self.flush = channel.flush
        self._flush_soon = flush_soon

    def respond(self, exchange, head, body, flags, whole=False):
        """The head and the first (or only) block.

        Sent at once, with two exceptions: when the run is over the worker sends; when the body is `whole` it leaves with the
        frame that ends the run, or as soon as this thread lets go of the GIL.
        """
        id = exchange.id
        size = len(body)
        if size <= _COPY_LIMIT:
            self._outbox.append(pack_header(len(head) + size, id, RESPONSE, flags, len(head), exchange.thread) + head + body)
        else:
            self.channel.large_frame(RESPONSE, id, body, flags, head, exchange.thread)
        if flags & LAST:
            self.running.pop(id, None)
        elif whole:
            self._flush_soon()
        else:
            self.flush()

    def data(self, exchange, block):
        if len(block) <= _COPY_LIMIT:
            self._outbox.append(pack_header(len(block), exchange.id, DATA, 0, 0, 0) + block)
        else:
            self.channel.large_frame(DATA, exchange.id, block)
        self.flush()

    def end(self, exchange):
        self.running.pop(exchange.id, None)
        self.channel.frame(END, exchange.id)

    def failed(self, exchange, report):
        self.running.pop(exchange.id, None)
        self.channel.frame(FAILED, exchange.id, json.dumps(report).encode(), 0, exchange.thread)

    def early_hints(self, exchange, lines):
        self.channel.frame(EARLY_HINTS, exchange.id, lines)
        self.flush()

    def input_wanted(self, id, count):
        self.channel.frame(INPUT_WANTED, id, U32.pack(count))
        self.flush()

    def file(self, exchange, head, found):
        """The server opens `found.path`; then it says whether that went well (`file_taken`)."""
        about = {
            "path": found.path,
            "offset": found.offset,
            "size": found.size,
            "dev": str(found.device),
            "ino": str(found.inode),
        }
        self._files[exchange.id] = (exchange, found)
        self.channel.large_frame(FILE, exchange.id, json.dumps(about).encode(), 0, head, exchange.thread)

    def file_taken(self, id, flags):
        """Called by the reader."""
        entry = self._files.pop(id, None)
        if entry is None:
            return
        exchange, found = entry
        if flags & TAKEN or exchange.gone:
            found.release()
            self.end(exchange)
            self.flush()
        else:
            threading.Thread(target=self._stream_file, args=entry, name="plait-file", daemon=True).start()

    def _stream_file(self, exchange, found):
        """Streams a file that the server could not open, outside the application's threads."""
        try:
            for block in read_blocks(found):
                exchange._send(block)
                if exchange.gone:
                    break
            self.end(exchange)
        except OSError as error:
            self.failed(exchange, {"type": "OSError", "message": str(error), "traceback": ""})
        self.flush()
