"""Deadlines: where a request stands, and an exception in its thread, so that a request that has taken too long gives back what it holds.

The exception arrives at Python bytecode only (not inside `time.sleep`, a socket or C code), and CPython can only be told the thread, not the request. So that it never
reaches another request:

    - whoever takes the request out of `running` first, its own thread at its end or we, has the say: after its own thread has, nothing is raised
    - before we take it out we note the thread as struck; a thread that is struck takes no more requests. It clears what has not arrived, and ends
"""

import sys
import threading
import time
import traceback

from .frames import STACK
from .gateway import Exchange

# Seconds between two looks at a thread that is inside our own code, where an exception would break more than the request.
_LOOK = 0.002
_OURS = ("channel.py", "responder.py", "threads.py")


class RequestTimedOut(BaseException):
    """Raised in the thread of a request that has taken longer than it may. No Exception: `except Exception` is for the application's own."""


class Interrupter:
    """Interrupts requests. `struck` is empty unless there were any, so that a thread looks at it for nothing."""

    def __init__(self, channel, responder, abandon):
        self._channel = channel
        self._responder = responder
        self._abandon = abandon
        self.struck = {}  # thread → the exchange in which it was struck

    def interrupt(self, id):
        """Called by the reader. Tells where the request stands, and sees to the rest in a thread of its own."""
        exchange = self._responder.running.get(id)
        thread, frame = _thread_of(exchange)
        if thread is None:
            return
        stack = "".join(traceback.format_stack(frame)[_depth_of(frame, exchange) :])
        name = next((one.name for one in threading.enumerate() if one.ident == thread), thread)
        report = ("Thread %s (most recent call last):\n%s" % (name, stack)).encode("utf-8", "replace")
        self._channel.frame(STACK, id, report, 0, exchange.thread)
        self._channel.flush()
        del frame
        threading.Thread(target=self._strike, args=(exchange, thread), name="plait-interrupt", daemon=True).start()

    def _strike(self, exchange, thread):
        while self._responder.running.get(exchange.id) is exchange:
            frame = sys._current_frames().get(thread)
            if frame is None:
                return
            if not _is_ours(frame):
                del frame
                self.struck[thread] = exchange
                if self._responder.running.pop(exchange.id, None) is not None:
                    _raise_in(thread, RequestTimedOut)
                    self._abandon(exchange)
                else:
                    self.struck.pop(thread, None)
                return
            del frame
            time.sleep(_LOOK)

    def release(self, thread):
        """Called by a struck thread that has left its request: nothing arrives in it from here on."""
        while True:
            try:
                _raise_in(thread, None)
                break
            except RequestTimedOut:
                continue
        exchange = self.struck.pop(thread, None)
        if exchange is not None:
            # In case the exception came while the end of the run was told.
            self._responder.end(exchange)


def _thread_of(exchange):
    """The thread that runs an exchange, and its frame."""
    if exchange is not None:
        for thread, frame in sys._current_frames().items():
            if _depth_of(frame, exchange) is not None:
                return thread, frame
    return None, None


def _depth_of(frame, exchange):
    """How many frames there are down to our own that runs this exchange, itself included; None: it is not there."""
    depth = None
    code = Exchange.run.__code__
    while frame is not None:
        if depth is not None:
            depth += 1
        elif frame.f_code is code and frame.f_locals.get("self") is exchange:
            depth = 1
        frame = frame.f_back
    return depth


def _is_ours(frame):
    """True while the thread sends, or is back with those that wait: anywhere but in the application or right around it."""
    code = Exchange.run.__code__
    here = code.co_filename[: -len("gateway.py")]
    while frame is not None:
        if frame.f_code is code:
            return False
        name = frame.f_code.co_filename
        if name.startswith(here) and name.endswith(_OURS):
            return True
        frame = frame.f_back
    return True


def _raise_in(thread, kind):
    try:
        import ctypes
    except ImportError:
        return
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None if kind is None else ctypes.py_object(kind))
