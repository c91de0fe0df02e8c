"""Preload: the process that imports the application once, and is the memory that all hosts forked from it share.

It runs in one thread, since a fork has no other. For each host the server says its token here, and connects three times with it (wire, standard output,
standard error). Forked is twice: the one in between ends at once, which makes the host a child of the keeper. It is made without the functions that run at a
fork (`os.register_at_fork`), because it never comes back to Python code of others: they run once for each host, as at any fork.
"""

import ctypes
import gc
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

from .control import Control
from .hooks import call_hook, find_hook
from .imports import ImportReports
from .life import die_with_parent, dump_stacks_on_signal, ignore_signals, name_process, prepare_output
from .loading import try_loading

_BACKLOG = 64
_TOKEN = 32
_ROLES = (b"w", b"o", b"e")
_PEER = struct.Struct("3i")
# Seconds in which a thread that is just ending may end.
_ENDING = 0.5
# Connections of which nobody has said what they are for.
_MOST_STRANGERS = 64


def run_template(control, settings, keeper):
    """Imports, and forks until the server lets go. Comes back in hosts alone, when they end."""
    die_with_parent(keeper)
    name_process("plait-template")
    prepare_output()
    dump_stacks_on_signal()
    application, outcome = try_loading(settings["application"])
    pre_fork = None
    if application is not None:
        pre_fork, outcome = find_hook("pre-fork", settings.get("preFork"), outcome)
    files = []
    if settings.get("reportImports"):
        ImportReports(files.extend).tell((outcome.get("report") or {}).get("traceback") or "")
    threads = _other_threads()
    listener = _listen(settings["socket"])
    ignore_signals()  # again: the application's import may have set its own
    control.say(loaded=outcome, threads=threads, files=files)
    if not outcome["ok"] or threads:
        control.read()
        os._exit(0)
    # What is here now stays for good: to look through it would only copy it.
    gc.collect()
    connections = _Template(control, listener, pre_fork).next_host()
    control.detach()  # its descriptor is the wire's from here on
    _become_host(application, keeper, connections)


def _become_host(application, keeper, connections):
    wire, out, error = connections
    for stream, number in ((wire, 3), (out, 1), (error, 2)):
        os.dup2(stream.fileno(), number, number != 3)
        stream.close()
    name_process("plait-host")
    _await_adoption(keeper)
    from .main import serve_forked

    serve_forked(application, keeper)


def _await_adoption(keeper):
    end = time.monotonic() + 10
    while os.getppid() != keeper:
        if time.monotonic() > end:
            os._exit(1)
        time.sleep(0.0002)


def _listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def _other_threads():
    """Names of the threads beside this one, those of C code too. A thread that is joined may be seen for a moment after that."""
    end = time.monotonic() + _ENDING
    while True:
        tasks = [int(name) for name in os.listdir("/proc/self/task")]
        others = [task for task in tasks if task != os.getpid()]
        if not others:
            return []
        if time.monotonic() > end:
            return [_name_of(task) for task in others]
        time.sleep(0.01)


def _name_of(task):
    for thread in threading.enumerate():
        if thread.native_id == task:
            return thread.name
    try:
        with open("/proc/self/task/%d/comm" % task) as comm:
            return "%s, of C code" % comm.read().strip()
    except OSError:
        return "one of C code"


def _await_any(connections):
    """Those that have something to say. Not by `select`: the application may have more files open than that can count."""
    poll = select.poll()
    known = {connection.fileno(): connection for connection in connections}
    for descriptor in known:
        poll.register(descriptor, select.POLLIN)
    return [known[descriptor] for descriptor, _ in poll.poll()]


class _Template:
    def __init__(self, control, listener, pre_fork):
        self._control = control
        self._listener = listener
        self._pre_fork = pre_fork
        self._strangers = []
        self._wanted = {}  # token → role → connection
        self._libc = ctypes.PyDLL(None)

    def next_host(self):
        """Forks whatever the server asks for. Comes back in a host, with its three connections; every time in another process."""
        while True:
            readable = _await_any([self._control, self._listener] + self._strangers)
            if self._control in readable:
                messages = self._control.read()
                if messages is None:
                    os._exit(0)
                for message in messages:
                    self._heed(message)
                # Who has connected is looked at when it is known who is wanted.
                continue
            if self._listener in readable:
                self._accept()
            for connection in readable:
                if connection in self._strangers and self._introduce(connection):
                    return self._leave_behind()

    def _heed(self, message):
        if "fork" in message:
            self._wanted[message["fork"]] = {}
            return
        # Not all of its connections came to be.
        for connection in self._wanted.pop(message["forget"], {}).values():
            connection.close()

    def _accept(self):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        if uid != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        self._strangers.append(connection)
        if len(self._strangers) > _MOST_STRANGERS:
            self._strangers.pop(0).close()

    def _introduce(self, connection):
        """A connection says what it is for. True: that was the last of a host, and we are that host."""
        try:
            # The server sends it in one piece; whoever does not is no server.
            words = connection.recv(_TOKEN + 1)
        except OSError:
            words = b""
        self._strangers.remove(connection)
        token, role = words[:_TOKEN].decode("latin-1"), words[_TOKEN:]
        connections = self._wanted.get(token)
        if connections is None or role not in _ROLES or role in connections:
            connection.close()
            return False
        connections[role] = connection
        if len(connections) < len(_ROLES):
            return False
        del self._wanted[token]
        self._host = [connections[role] for role in _ROLES]
        in_host = self._fork(token)
        if not in_host:
            for connection in self._host:
                connection.close()
        return in_host

    def _fork(self, token):
        """True in the host."""
        report = call_hook("pre-fork", self._pre_fork)
        if report["ok"] and self._pre_fork is not None:
            threads = _other_threads()
            if threads:
                report = dict(ok=False, kind="pre-fork", message="left threads running: %s" % ", ".join(threads), detail="", report=None)
        if not report["ok"]:
            self._control.say(failed=token, outcome=report)
            return False
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass
        gc.freeze()
        told, tell = os.pipe()
        between = self._libc.fork()
        if between == 0:
            return self._fork_again(told, tell)
        os.close(tell)
        answer = os.read(told, 64).decode() if between > 0 else "0 there are no more processes, or no memory"
        os.close(told)
        if between > 0:
            os.waitpid(between, 0)
        pid, _, reason = answer.partition(" ")
        if pid in ("", "0"):
            failure = dict(ok=False, kind="fork", message=reason or "it ended at once", detail="", report=None)
            self._control.say(failed=token, outcome=failure)
        else:
            self._control.say(forked=token, pid=int(pid))
        return False

    def _fork_again(self, told, tell):
        """In the process between, which never leaves this function. True in the host."""
        try:
            pid = os.fork()
            if pid != 0:
                os.write(tell, b"%d" % pid)
                os._exit(0)
        except BaseException as error:
            os.write(tell, b"0 " + str(error).encode("utf-8", "replace")[:60])
            os._exit(1)
        os.close(told)
        os.close(tell)
        return True

    def _leave_behind(self):
        """In a host: closes what is the template's."""
        self._listener.close()
        for connection in self._strangers:
            connection.close()
        for connections in self._wanted.values():
            for connection in connections.values():
                connection.close()
        return self._host
