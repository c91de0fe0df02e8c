"""`wsgi.input` of a body that arrives while the application runs (`requestBody: 'stream'`)."""


def broken_off(reason):
    """What reading raises when there will be no more of the body."""
    return OSError("the request body broke off: %s" % reason)


class StreamInput:
    """A blocking, read-only stream over pieces. How they come is the transport's: it overrides `_await_piece`.

    `wanted(count)` tells the server how many more bytes it may send. Raises OSError when the body broke off.
    """

    def __init__(self, wanted, window):
        self._wanted = wanted
        self._window = window
        self._buffer = b""
        self._at = 0
        self._granted = False
        self._used = 0

    def _await_piece(self):
        """Waits for the next piece; b'' at the end."""
        raise NotImplementedError

    def read(self, size=-1):
        """Gives `size` bytes, less only at the end of the body; all of it when `size` is None or negative."""
        wanted = None if size is None or size < 0 else size
        parts = []
        while wanted is None or wanted > 0:
            part = self._take(wanted)
            if not part:
                break
            parts.append(part)
            if wanted is not None:
                wanted -= len(part)
        return b"".join(parts)

    def read1(self, size=-1):
        """Gives what is there, at least one byte, at most `size`; waits only when nothing is there."""
        return self._take(None if size is None or size < 0 else size)

    def readline(self, size=-1):
        """Gives a line with its newline, cut at `size` bytes."""
        wanted = None if size is None or size < 0 else size
        parts = []
        while (wanted is None or wanted > 0) and self._fill():
            end = self._buffer.find(b"\n", self._at) + 1
            count = end - self._at if end else len(self._buffer) - self._at
            part = self._take(count if wanted is None else min(count, wanted))
            parts.append(part)
            if part.endswith(b"\n"):
                break
            if wanted is not None:
                wanted -= len(part)
        return b"".join(parts)

    def readlines(self, hint=-1):
        """Gives lines until the end, or until `hint` bytes are reached."""
        lines = []
        have = 0
        for line in self:
            lines.append(line)
            have += len(line)
            if hint is not None and 0 < hint <= have:
                break
        return lines

    def __iter__(self):
        return iter(self.readline, b"")

    def _fill(self):
        """True when at least one byte is at hand; waits for it. False at the end of the body."""
        if self._at == len(self._buffer):
            self._buffer = self._next_piece()
            self._at = 0
        return bool(self._buffer)

    def _take(self, count):
        """Gives at most `count` bytes (None: any number) of the piece at hand; b'' at the end or for 0."""
        if count == 0 or not self._fill():
            return b""
        start = self._at
        self._at = len(self._buffer) if count is None else min(start + count, len(self._buffer))
        return self._buffer if self._at - start == len(self._buffer) else self._buffer[start : self._at]

    def _next_piece(self):
        """Waits for the next piece; b'' at the end. Grants the server credit as pieces are used up."""
        if not self._granted:
            self._granted = True
            self._wanted(self._window)
        piece = self._await_piece()
        self._used += len(piece)
        if self._used * 2 >= self._window:
            self._wanted(self._used)
            self._used = 0
        return piece
