"""Exceptions as data: what crosses the wire when an application fails."""

import linecache
import os
import sys
import traceback

_LONGEST_MESSAGE = 2000
_LONGEST_TRACEBACK = 60000
_OURS = os.path.dirname(os.path.abspath(__file__))


def report_exception(exc_info):
    """Gives {"type", "message", "traceback"}: the traceback is the application's part only."""
    kind, value, trace = exc_info
    try:
        trace = _without_ours(trace)
        linecache.checkcache()
        text = "".join(traceback.format_exception(kind, value, trace))
        return {"type": kind.__name__, "message": _cut(_text(value), _LONGEST_MESSAGE), "traceback": _cut(text, _LONGEST_TRACEBACK)}
    except BaseException:  # a broken __str__, a recursion limit
        return {"type": getattr(kind, "__name__", "Exception"), "message": "", "traceback": "(the traceback could not be formatted)"}
    finally:
        del exc_info, value, trace


def _cut(text, most):
    """Leaves out the middle of a text that is too long: a frame has a limit, and so has a reader's patience."""
    if len(text) <= most:
        return text
    return "%s\n... %d characters left out ...\n%s" % (text[: most // 2], len(text) - most, text[-most // 2 :])


def _text(value):
    try:
        return str(value)
    except Exception:
        return ""


def _without_ours(trace):
    """Skips the leading frames that are Plait's own or the import machinery's; all of them, and the last stays."""
    first = trace
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return first if trace is None and not _only_ours(first) else trace


def _only_ours(trace):
    while trace is not None:
        if not _is_ours(trace.tb_frame.f_code.co_filename):
            return False
        trace = trace.tb_next
    return True


def _is_ours(filename):
    return filename.startswith(_OURS) or filename.startswith("<frozen importlib") or filename == importlib_file


importlib_file = getattr(sys.modules.get("importlib"), "__file__", "<importlib>")
