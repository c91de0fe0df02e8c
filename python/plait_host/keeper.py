"""Preload: the process between the server and the hosts that a template forks. Nothing of the application is in it.

    server ── keeper ─┬─ template          imports the application once, and forks (`template.py`)
                      └─ host, host …      its children too, since what stood between them and the template has ended

So hosts outlive their template; how each of them ends is known, whoever has forked it; a signal never reaches a stranger, because only who waits
for a process knows that its number is still its own; and when the server dies the keeper sees the end of its connection and goes: then the kernel ends
its children (PR_SET_PDEATHSIG), also those that are inside C code.
"""

import os
import select
import signal
import sys

from .control import Control, leave_folder
from .life import adopt_orphans, name_process
from .template import run_template

_TEMPLATE = 3
_CONTROL = 4


def main():
    """Comes back in hosts alone, at their end: the interpreter then runs the application's exit functions."""
    signal.signal(signal.SIGQUIT, _nothing)
    control = Control(_CONTROL)
    settings = control.first()
    if settings is None:
        return
    obstacle = _obstacle()
    if obstacle:
        control.say(unable=obstacle)
        return
    name_process("plait-keeper")
    keeper = os.getpid()
    template = os.fork()
    if template == 0:
        control.close()
        run_template(Control(_TEMPLATE), settings, keeper)
        return
    os.close(_TEMPLATE)
    control.say(template=template)
    _keep(control)
    leave_folder(settings["socket"])
    os._exit(0)


def _obstacle():
    """Why hosts cannot be forked here; None: they can."""
    if sys.implementation.name != "cpython":
        return "that needs CPython, and this is %s" % sys.implementation.name
    return None if adopt_orphans() else "this Python or this system cannot let a process adopt others (prctl, by ctypes)"


def _nothing(number, frame):
    pass


def _keep(control):
    """Until the server lets go, or is gone."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _nothing)
    while True:
        _reap(control)
        readable, _, _ = select.select([control, woken], [], [])
        if woken in readable:
            os.read(woken, 512)
        if control in readable:
            messages = control.read()
            if messages is None:
                return
            for message in messages:
                _send_signal(*message["signal"])


def _reap(control):
    """Tells of all that have ended. Also of strangers: orphans of the application come to us."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        killed = os.WIFSIGNALED(status)
        control.say(
            ended=pid,
            code=None if killed else os.WEXITSTATUS(status),
            signal=os.WTERMSIG(status) if killed else None,
        )


def _send_signal(pid, number):
    """Only to a child that nobody has waited for: until then its number is its own."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        os.kill(pid, number)
    except OSError:
        pass
