"""The host's end of the wire: frames go out in batches, from whichever thread has something to send.

A thread appends its frame to the outbox and calls `flush`. One thread at a time sends (try-lock); the others go on at
once, because the sender looks at the outbox again after it has let go of the lock.
"""

import os
import threading

from .frames import pack_header

# Below this, joining frames and one send is cheaper than handing the kernel a list.
_JOIN_LIMIT = 64 * 1024
_IOV_MAX = 512


class Channel:
    """Sends frames over `sock`, a connected stream socket. Used by every thread of the host."""

    def __init__(self, sock):
        self.sock = sock
        self.outbox = []
        self._lock = threading.Lock()
        self.closed = False

    def frame(self, kind, id, payload=b"", flags=0, thread=0):
        """Puts a small frame into the outbox."""
        self.outbox.append(pack_header(len(payload), id, kind, flags, 0, thread) + payload)

    def large_frame(self, kind, id, payload, flags=0, head=b"", thread=0):
        """Puts a frame into the outbox without copying `payload`."""
        header = pack_header(len(head) + len(payload), id, kind, flags, len(head), thread) + head
        # One extend: no other thread's frame may come between header and payload.
        self.outbox.extend((header, payload))

    def flush(self):
        """Sends what is in the outbox, unless another thread is at it. Blocks only while the server does not read."""
        outbox = self.outbox
        while outbox and self._lock.acquire(False):
            try:
                while True:
                    count = len(outbox)
                    if not count:
                        break
                    parts = outbox[:count]
                    del outbox[:count]
                    self._send(parts)
            finally:
                self._lock.release()

    def _send(self, parts):
        if self.closed:
            return
        try:
            if len(parts) == 1:
                self.sock.sendall(parts[0])
            elif sum(map(len, parts)) <= _JOIN_LIMIT:
                self.sock.sendall(b"".join(parts))
            else:
                self._send_list(parts)
        except OSError:
            # The server is gone: nobody is left to answer to.
            if not self.closed:
                os._exit(1)

    def _send_list(self, parts):
        start = 0
        while start < len(parts):
            group = parts[start : start + _IOV_MAX]
            start += len(group)
            sent = self.sock.sendmsg(group)
            for part in group:
                if sent >= len(part):
                    sent -= len(part)
                else:
                    self.sock.sendall(memoryview(part)[sent:])
                    sent = 0

    def close_in_child(self):
        """Lets a fork of the application go of the wire, without a word to the server."""
        self.closed = True
        self.outbox.clear()
        self._lock = threading.Lock()
        self.sock.close()
