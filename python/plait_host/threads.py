"""The application's threads: they grow on demand, the one used last runs first, and none waits while work is there.

    reader ──▶ jobs (deque) ──▶ worker ──▶ run(job) ──▶ outbox
                    ▲              │ more jobs wait: calls the steward
                    └── steward ◀──┘ (wakes or starts one more worker, sends what is finished)

One worker that runs many short jobs in a row is faster than many that fight for the GIL. So only one worker is woken
for a batch; the steward gets the GIL as soon as that worker blocks (or after a switch interval) and brings in the next.
Nothing here relies on the GIL: deque and list operations are atomic one by one in free-threaded CPython too.
"""

import threading
from collections import deque
from time import monotonic

# A thread above the minimum leaves after this many seconds without work.
_IDLE_SECONDS = 60.0
# While jobs wait, finished responses are sent at least this often.
_FLUSH_SECONDS = 0.0005


class Workers:
    """Runs `run(job)` in at most `limit` threads; `flush()` sends what they have finished."""

    def __init__(self, run, flush, limit, minimum):
        self._run = run
        self._flush = flush
        self.limit = limit
        self.minimum = minimum
        self._jobs = deque()
        self._idle = []
        self._count = 0
        self._named = 0
        self._count_lock = threading.Lock()
        self._call = threading.Lock()
        self._call.acquire()
        self._called = False
        self.in_child = False

    def start(self):
        """Starts the steward and the minimum of workers."""
        threading.Thread(target=self._steward, name="plait-steward", daemon=True).start()
        for _ in range(self.minimum):
            self._grow()

    def put(self, jobs):
        """Takes new jobs. Called by the reader."""
        self._jobs.extend(jobs)
        if self._wake_one():
            if len(jobs) > 1:
                self.call_steward()
        else:
            self.call_steward()

    def _wake_one(self):
        try:
            wake = self._idle.pop()
        except IndexError:
            return False
        wake.release()
        return True

    def call_steward(self):
        """Has the steward look at outbox and jobs as soon as it gets to run. Costs next to nothing when called twice."""
        if not self._called:
            self._called = True
            try:
                self._call.release()
            except RuntimeError:
                pass  # two threads called at the same moment; one call is enough

    def _grow(self):
        with self._count_lock:
            if self._count >= self.limit:
                return
            self._count += 1
            self._named += 1
            name = "plait-%d" % self._named
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:
            # No more threads to be had from the system: go on with those there are.
            with self._count_lock:
                self._count -= 1
                if not self._count:
                    raise

    def _steward(self):
        while True:
            self._call.acquire()
            self._called = False
            self._flush()
            if self._jobs and not self._wake_one():
                self._grow()

    def _work(self):
        jobs = self._jobs
        run = self._run
        flush = self._flush
        wake = threading.Lock()
        wake.acquire()
        sent = monotonic()
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                flush()
                if not self._wait(wake):
                    return
                sent = monotonic()
                continue
            if jobs:
                self.call_steward()
            run(job)
            if self.in_child:
                return
            if not jobs:
                flush()
            else:
                now = monotonic()
                if now - sent > _FLUSH_SECONDS:
                    sent = now
                    flush()
                else:
                    self.call_steward()

    def _wait(self, wake):
        """Waits for work. False: this thread is not needed any more."""
        idle = self._idle
        idle.append(wake)
        if self._jobs:
            # Work came between our last look and the line above: nobody may have seen us there.
            return self._unqueue(wake)
        while not wake.acquire(True, _IDLE_SECONDS):
            if self._count > self.minimum and self._leave(wake):
                return False
        return True

    def _unqueue(self, wake):
        try:
            self._idle.remove(wake)
        except ValueError:
            wake.acquire()  # somebody has taken us from the list and is about to release this
        return True

    def _leave(self, wake):
        try:
            self._idle.remove(wake)
        except ValueError:
            wake.acquire()
            wake.release()
            return False
        with self._count_lock:
            self._count -= 1
        return True
