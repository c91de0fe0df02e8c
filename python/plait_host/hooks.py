"""Functions of the user's that are called around a fork: `--pre-fork` in the template, `--post-fork` in each host before its first request."""

import sys

from .loading import LoadError, load_callable
from .reports import report_exception


def find_hook(kind, name, outcome):
    """Gives (function, outcome): no function when there is no name or no such function; then the outcome says why."""
    if not name:
        return None, outcome
    try:
        return load_callable(name, "a function that takes no arguments"), outcome
    except LoadError as error:
        return None, {"ok": False, "kind": kind, "message": str(error), "detail": error.detail, "report": error.report}


def call_hook(kind, function):
    """Calls it, if there is one. Gives how that went, as the server is told."""
    try:
        if function is not None:
            function()
    except BaseException as error:  # SystemExit too: the process is not the hook's to end
        message = "%s: %s" % (type(error).__name__, error) if str(error) else type(error).__name__
        return {"ok": False, "kind": kind, "message": message.splitlines()[0], "detail": "", "report": report_exception(sys.exc_info())}
    return {"ok": True}


def run_post_fork(settings):
    """The hook of a host, wherever it comes from."""
    function, outcome = find_hook("post-fork", settings.get("postFork"), {"ok": True})
    return call_hook("post-fork", function) if outcome["ok"] else outcome
