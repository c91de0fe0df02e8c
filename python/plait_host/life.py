"""What ties a host's life to the server's, and to nothing else."""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def ignore_signals():
    """Ctrl-C and systemd reach the whole process group, but only the wire ends a host.

    Handlers that do nothing, not SIG_IGN: the application's subprocesses would inherit that.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, _nothing)


def _nothing(number, frame):
    pass


def die_with_parent(parent):
    """Ends this process when the server dies, also while C code holds the GIL and no Python can run.

    Linux: PR_SET_PDEATHSIG. Elsewhere the reader's end of file does it, as soon as Python runs.
    """
    if sys.platform.startswith("linux"):
        try:
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        except (ImportError, OSError, AttributeError):
            pass
    # The server may have died before the line above.
    if parent and os.getppid() != parent:
        os._exit(1)


def prepare_output():
    """`print` and `logging` show up line by line, and never fail for a character that the locale lacks."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
