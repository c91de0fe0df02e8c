"""Reads frames from the wire, in the host's main thread."""

import os

from .frames import HEADER_SIZE, unpack_header

_BUFFER = 256 * 1024
# The server never sends a larger frame: more means that the two are out of step.
_LARGEST = 256 * 1024 * 1024


class FrameReader:
    """`next_frame()` gives (kind, flags, id, payload); the payload is valid until the next call."""

    def __init__(self, sock):
        self._sock = sock
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def next_frame(self):
        self._need(HEADER_SIZE)
        start = self._start
        length, id, kind, flags, _, _ = unpack_header(self._buffer, start)
        start += HEADER_SIZE
        self._start = start
        if length > _LARGEST:
            os._exit(1)
        if length > _BUFFER:
            return kind, flags, id, self._large(length)
        self._need(length)
        start = self._start
        self._start = start + length
        return kind, flags, id, self._view[start : start + length]

    def _need(self, count):
        """Reads until `count` bytes are in the buffer behind `_start`."""
        have = self._end - self._start
        if have >= count:
            return
        if self._start:
            self._view[:have] = bytes(self._view[self._start : self._end])
            self._start = 0
            self._end = have
        while self._end < count:
            self._end += self._receive(self._view[self._end :])

    def _large(self, length):
        payload = bytearray(length)
        view = memoryview(payload)
        have = min(length, self._end - self._start)
        view[:have] = self._view[self._start : self._start + have]
        self._start += have
        while have < length:
            have += self._receive(view[have:])
        return view

    def _receive(self, view):
        try:
            count = self._sock.recv_into(view)
        except OSError:
            count = 0
        if not count:
            # The server is gone. Nothing that still runs here can reach anybody.
            os._exit(1)
        return count
