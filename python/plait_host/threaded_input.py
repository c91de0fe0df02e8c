"""The streamed body of a request in a host process: one thread reads the wire, another the body."""

import threading
from collections import deque

from .input import StreamInput, broken_off


class ThreadedInput(StreamInput):
    """A stream over pieces that the reader thread feeds."""

    def __init__(self, wanted, window):
        StreamInput.__init__(self, wanted, window)
        self._pieces = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._failure = None

    # -- called by the reader thread

    def feed(self, piece):
        with self._changed:
            self._pieces.append(piece)
            self._changed.notify()

    def end(self, failure=None):
        with self._changed:
            if not self._ended:
                self._ended = True
                self._failure = failure
            self._changed.notify()

    # -- called by the application's thread

    def _await_piece(self):
        with self._changed:
            while not self._pieces:
                if self._ended:
                    if self._failure is not None:
                        raise broken_off(self._failure)
                    return b""
                self._changed.wait()
            return self._pieces.popleft()
