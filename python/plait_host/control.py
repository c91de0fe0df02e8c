"""A connection over which a process that is no host talks with the server: one object of JSON in each line."""

import json
import os
import socket


class Control:
    """Over the connected stream socket `descriptor`."""

    def __init__(self, descriptor):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self._socket.set_inheritable(False)
        self._socket.setblocking(True)
        self._rest = b""

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def detach(self):
        """Lets go of the descriptor, which stays open."""
        self._socket.detach()

    def say(self, **message):
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            # The server has gone. Whoever reads here sees that too.
            pass

    def read(self):
        """Waits for something. Gives the messages that came, maybe none; None at the end."""
        try:
            piece = self._socket.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            return None
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        return [json.loads(line) for line in lines]

    def first(self):
        """Waits for the first message. None: there is none."""
        while True:
            messages = self.read()
            if messages is None:
                return None
            if messages:
                return messages[0]


def leave_folder(path):
    """Removes the socket of a template, and its folder."""
    for remove, what in ((os.unlink, path), (os.rmdir, os.path.dirname(path))):
        try:
            remove(what)
        except OSError:
            pass
