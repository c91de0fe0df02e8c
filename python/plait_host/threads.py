"""The application's threads, and who reads the wire.

Waking a thread costs more than a small request, so a host works in one of two ways:

    inline    one worker, the leader, reads a batch and runs it itself, then reads again: no thread is woken at all.
              The main thread looks every TICK whether the leader is still in the same request; if so, it takes the wire
              from it and appoints another leader; if that happens again and again, the host goes on threaded.
    threaded  the main thread reads, and brings in one worker for each request.

An application that answers in well under a millisecond runs inline, one that blocks runs threaded; a threaded host tries
inline again from time to time. A finished response never waits for another request that runs: inline it leaves at the
next ticks, threaded at once.

Nothing here relies on the GIL: list and deque operations are atomic one by one in free-threaded CPython too. Without a GIL
workers run in parallel, so the host is always threaded there.
"""

import os
import resource
import sys
import threading
from collections import deque
from time import monotonic

TICK = 0.002
# Ticks without a request after which the main thread sleeps until the next one.
_QUIET_TICKS = 25
# Requests that block (a database, a sleep) and take longer than this (mean of a sample, in seconds) are better off threaded.
_INLINE_LIMIT = 0.0003
_SAMPLE = 32
# A request in which the leader is seen so often is stuck; seen waiting counts more than seen computing.
_STUCK = 4
_BLOCKED_WEIGHT = 2
# The GIL was free if it took no longer than this to get it (seconds).
_GIL_FREE = 0.001
# The leader got stuck this often, each time within this many seconds of the last: then it was no accident of the scheduler.
_STRIKES = 3
_STRIKE_SECONDS = 0.1
# While a batch runs inline, finished responses are sent at least this often (seconds).
_FLUSH_SECONDS = 0.0005
# A host is threaded for this long, then tries inline again; doubled each time that it fails.
_FIRST_RETRY = 1.0
_LONGEST_RETRY = 16.0
# A thread above the minimum leaves after this many seconds without work.
_IDLE_SECONDS = 60.0


class _Worker:
    """What other threads hold of one worker: a lock to wake it, and whether it shall lead."""

    def __init__(self, number, lead):
        self.number = number  # no other one has it while this one lives
        self.lead = lead
        self.wake = threading.Lock()
        self.wake.acquire()


class Workers:
    """Runs requests in at most `limit` threads.

    `read()` waits for a frame and gives the exchanges that came with it (maybe none), or None at the end.
    `run(exchange, number)` runs one, in the thread with this number. `flush()` sends what is finished.
    """

    def __init__(self, read, run, flush, limit, minimum):
        self._read = read
        self._run = run
        self._flush = flush
        self.limit = limit
        self.minimum = minimum
        self.in_child = False
        # Threads that were interrupted, see `interrupt.py`.
        self.struck = {}
        self.release = None
        self._jobs = deque()
        self._idle = []
        self._count = 0
        self._numbers = []  # those of workers that have ended, the last one last
        self._most_numbers = 0
        self._count_lock = threading.Lock()
        self._told = False
        self._may_inline = getattr(sys, "_is_gil_enabled", lambda: True)()
        self._leading = False
        self._leader = 0
        # One item while the leader is in a request. Whoever pops it has the wire.
        self._claim = []
        self._runs = 0
        self._call = threading.Lock()
        self._call.acquire()
        self._asleep = False
        self._ended = False

    # -- main thread

    def serve(self):
        """Reads and has run until the end. Call it in the main thread."""
        for _ in range(self.minimum):
            self._grow()
        retry = _FIRST_RETRY
        while not self._ended:
            started = monotonic()
            if self._may_inline:
                self._inline()
                retry = _FIRST_RETRY if monotonic() - started > retry else min(retry * 2, _LONGEST_RETRY)
            if not self._ended:
                self._read_threaded(monotonic() + retry)

    def _inline(self):
        """Has leaders read and run, until that does not pay any more."""
        strikes = 0
        last = 0.0
        while not self._ended and self._appoint():
            if not self._watch():
                return
            now = monotonic()
            strikes = strikes + 1 if now - last < _STRIKE_SECONDS else 1
            last = now
            if strikes == _STRIKES:
                return

    def _appoint(self):
        """Gives the wire to a worker. False when all are busy: then nobody would read."""
        self._leading = True
        try:
            worker = self._idle.pop()
        except IndexError:
            if self._grow(lead=True):
                return True
            self._leading = False
            return False
        worker.lead = True
        worker.wake.release()
        return True

    def _watch(self):
        """Looks after the leader. False: it has given the wire back. True: it was stuck in a request and has lost the wire."""
        quiet = 0
        last = -1
        sightings = 0
        while True:
            looked = monotonic()
            if quiet < _QUIET_TICKS:
                self._call.acquire(True, TICK)
            else:
                # Say so, then look once more: a leader that began before it could hear this has counted its batch.
                self._asleep = True
                if self._runs == last:
                    self._call.acquire()
                self._asleep = False
                quiet = 0
            if not self._leading:
                return False
            runs = self._runs
            if runs != last:
                last = runs
                quiet = sightings = 0
            elif not self._claim:
                quiet += 1
            else:
                # Without the GIL the leader waits for something. With it, we had to wait for the GIL: then it computes, or the
                # system has put it aside. That is no reason to take the wire, unless it goes on for long.
                computing = monotonic() - looked > TICK + _GIL_FREE
                sightings += 1 if computing else _BLOCKED_WEIGHT
                if sightings >= _STUCK and _pop(self._claim):
                    self._leading = False
                    self._flush()
                    for _ in range(len(self._jobs)):
                        self._bring_in()
                    return True
                self._flush()

    def _read_threaded(self, until):
        """Reads, with a worker for each request, until it is time to try inline again."""
        while True:
            batch = self._read()
            if batch is None:
                self._ended = True
                return
            self._jobs.extend(batch)
            for _ in batch:
                self._bring_in()
            if self._may_inline and not self._jobs and monotonic() > until:
                return

    # -- workers

    def _lead(self, number):
        """Reads and runs. Returns when the wire has gone back to the main thread, or was taken."""
        jobs = self._jobs
        claim = self._claim = []
        self._leader = threading.get_ident()
        count = blocked = 0
        busy = 0.0
        measuring = False
        while True:
            batch = self._read()
            if batch is None:
                self._ended = True
                return self._give_back()
            if not batch:
                continue
            self._runs += 1
            if self._asleep:
                self._call_main()
            jobs.extend(batch)
            waits = _times_blocked() if measuring else 0
            started = sent = monotonic()
            while True:
                try:
                    job = jobs.popleft()
                except IndexError:
                    break  # done, or a worker that was brought in before has taken the rest
                self._runs += 1
                claim.append(True)
                self._run(job, number)
                if self.in_child or not _pop(claim):
                    return
                count += 1
                if jobs:
                    now = monotonic()
                    if now - sent > _FLUSH_SECONDS:
                        sent = now
                        self._flush()
            busy += monotonic() - started
            if measuring:
                blocked += _times_blocked() - waits
            self._flush()
            if count >= _SAMPLE:
                slow = busy > count * _INLINE_LIMIT
                if slow and measuring and blocked >= count // 2:
                    return self._give_back()
                # Slow for a while: then the next sample tells whether it waits, or computes (or the machine is busy).
                measuring = slow
                count = blocked = 0
                busy = 0.0

    def flush_soon(self):
        """Sends a response that is whole although its run is not over. Inline, the end of the run (or a tick) will do."""
        if not self._leading or threading.get_ident() != self._leader:
            self._flush()

    def _give_back(self):
        self._leading = False
        self._call_main()

    def _call_main(self):
        try:
            self._call.release()
        except RuntimeError:
            pass  # it has been called already

    def _bring_in(self):
        """Brings one more worker to the jobs: an idle one, or a new one. With none to be had, those that are busy will come."""
        try:
            worker = self._idle.pop()
        except IndexError:
            self._grow()
        else:
            worker.wake.release()

    def _grow(self, lead=False):
        with self._count_lock:
            if self._count >= self.limit:
                return False
            self._count += 1
            if self._numbers:
                number = self._numbers.pop()
            else:
                number = self._most_numbers = self._most_numbers + 1
        name = "plait-%d" % number
        try:
            threading.Thread(target=self._live, args=(_Worker(number, lead),), name=name, daemon=True).start()
        except RuntimeError:
            # The system has no more threads: go on with those there are.
            if not self._less(number):
                raise
            if not self._told:
                self._told = True
                os.write(2, b"The system gives this process no more threads than the %d it has: requests wait\n" % self._count)
            return False
        return True

    def _less(self, number):
        """A worker is gone, and its number free. Gives how many are left."""
        with self._count_lock:
            self._count -= 1
            self._numbers.append(number)
            return self._count

    def _live(self, worker):
        try:
            self._work(worker)
        except BaseException:  # what interrupts a request may come when that is just over
            if threading.get_ident() not in self.struck:
                raise
        if self.struck and threading.get_ident() in self.struck:
            self._end_struck(worker)

    def _end_struck(self, worker):
        """A thread that was interrupted takes no more requests: what was to end one may not reach another."""
        self.release(threading.get_ident())
        self._flush()
        self._less(worker.number)
        if self._jobs:
            self._bring_in()

    def _work(self, worker):
        jobs = self._jobs
        number = worker.number
        while not self.in_child:
            if worker.lead:
                worker.lead = False
                self._lead(number)
                if self.struck and threading.get_ident() in self.struck:
                    return
                self._flush()
                continue
            try:
                job = jobs.popleft()
            except IndexError:
                if not self._wait(worker):
                    return
                continue
            self._run(job, number)
            if self.struck and threading.get_ident() in self.struck:
                return
            self._flush()

    def _wait(self, worker):
        """Waits for work. False: this thread is not needed any more."""
        idle = self._idle
        idle.append(worker)
        if self._jobs:
            # Work came between our last look and the line above: maybe nobody saw us there.
            if not _remove(idle, worker):
                worker.wake.acquire()
            return True
        while not worker.wake.acquire(True, _IDLE_SECONDS):
            if self._count > self.minimum and _remove(idle, worker):
                self._less(worker.number)
                return False
        return True


_THIS_THREAD = getattr(resource, "RUSAGE_THREAD", None)


def _times_blocked():
    """How often this thread has waited for something of its own accord: not the same as being put aside by a busy system."""
    return 0 if _THIS_THREAD is None else resource.getrusage(_THIS_THREAD).ru_nvcsw


def _pop(claim):
    try:
        claim.pop()
    except IndexError:
        return False
    return True


def _remove(idle, worker):
    try:
        idle.remove(worker)
    except ValueError:
        return False  # somebody has taken it and is about to wake it
    return True
