"""What ties a host's life to the server's, and to nothing else."""

import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36


def ignore_signals():
    """Ctrl-C and systemd reach the whole process group, but only the wire ends a host.

    Handlers that do nothing, not SIG_IGN: the application's subprocesses would inherit that.
    """
    for number in _HELD:
        signal.signal(number, _nothing)


def _nothing(number, frame):
    pass


_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_HELD = {getattr(signal, name) for name in _NAMES if hasattr(signal, name)}
_masks = threading.local()


def hold_signals():
    """Before a fork: a signal that reaches the child before `restore_signals` waits for it."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)


def release_signals():
    """After a fork, in the parent."""
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def restore_signals():
    """After a fork, in the child: it is the application's own process, and signals end it like any other."""
    for number in _HELD:
        if signal.getsignal(number) is _nothing:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if "faulthandler" in sys.modules:
        sys.modules["faulthandler"].unregister(signal.SIGQUIT)
    release_signals()


def dump_stacks_on_signal():
    """On SIGQUIT all stacks go to standard error. By C code, that needs no GIL."""
    try:
        import faulthandler

        faulthandler.register(signal.SIGQUIT, file=2, all_threads=True, chain=False)
    except (ImportError, AttributeError, OSError, RuntimeError, ValueError):
        signal.signal(signal.SIGQUIT, _nothing)


def die_with_parent(parent):
    """Ends this process when the server dies, also while C code holds the GIL and no Python can run.

    Linux: PR_SET_PDEATHSIG. Elsewhere the reader's end of file does it, as soon as Python runs.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The server may have died before the line above.
    if parent and os.getppid() != parent:
        os._exit(1)


def adopt_orphans():
    """Processes below this one whose parent ends become its children. False where that cannot be."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def name_process(name):
    """What `top` and `ps -o comm` show: all that are forked have the same command line."""
    _prctl(PR_SET_NAME, name.encode())


def _prctl(option, value):
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError):
        return False


def prepare_output():
    """`print` and `logging` show up line by line, and never fail for a character that the locale lacks."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
