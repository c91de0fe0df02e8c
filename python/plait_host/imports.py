"""Which files the application has imported, for a server that reloads it when one of them changes."""

import os
import re
import sys
import sysconfig
import threading
import time

# Seconds between two looks for modules that were imported later.
_LOOK = 0.5
_TRACEBACK_FILE = re.compile(r'^ *File "([^"]+)"', re.MULTILINE)


class ImportReports:
    """Tells about files that are not known yet: calls `send` with a list of their names."""

    def __init__(self, send):
        self._send = send
        self._told = set()
        self._seen = set()
        self._own = os.path.dirname(os.path.abspath(__file__))
        paths = sysconfig.get_paths()
        self._library = tuple({paths["stdlib"] + os.sep, paths["platstdlib"] + os.sep})

    def tell(self, traceback=""):
        """Sends what is new, and the files of a traceback: a module that could not be imported is no module."""
        files = _TRACEBACK_FILE.findall(traceback)
        for name, module in list(sys.modules.items()):
            if name in self._seen:
                continue
            self._seen.add(name)
            file = getattr(getattr(module, "__spec__", None), "origin", None) or getattr(module, "__file__", None)
            if isinstance(file, str):
                files.append(file)
        fresh = {os.path.abspath(file) for file in files if self._is_theirs(file)} - self._told
        if fresh:
            self._told |= fresh
            self._send(sorted(fresh))

    def _is_theirs(self, file):
        if not os.path.isfile(file) or file.startswith(self._own + os.sep):
            return False
        return not file.startswith(self._library) or "site-packages" in file or "dist-packages" in file

    def keep_telling(self):
        """From now on, in a thread of its own: applications import in requests too."""
        threading.Thread(target=self._watch, name="plait-imports", daemon=True).start()

    def _watch(self):
        while True:
            time.sleep(_LOOK)
            if len(sys.modules) != len(self._seen):
                self.tell()
