"""`wsgi.errors`: text that goes to the server's log through the standard error of this process."""

import os
import threading


class ErrorStream:
    """A text stream for all threads. Writes at once, so that nothing is lost when the process dies."""

    encoding = "utf-8"

    def __init__(self, descriptor=2):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("wsgi.errors takes str, not %s: %.60r" % (type(text).__name__, text))
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        with self._lock:
            while data:
                data = data[os.write(self._descriptor, data) :]
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        """Does nothing: nothing is held back."""
