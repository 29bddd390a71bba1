"""One clock for a whole world. It stands still while anybody has something to do.

Threads of the sender are greenlets here: one runs until it waits, and which of those that could go on
does so is drawn from the seed. So a seed is one history, and the same seed is the same history.
"""

import heapq
import random
import sqlite3
import uuid
from collections.abc import Callable
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from sms_sender.runtime import Runtime

BEGAN = 1_794_000_000.0  # what a calendar shows when the clock is at 0
TICK = 1e-6  # nothing takes no time
_NEVER = float("inf")


class Stalled(Exception):
    """Nobody will ever do anything again."""


class Scheduler:
    """Runs tasks and timers in the order of time; ties are drawn."""

    def __init__(self, rng: random.Random) -> None:
        self.now = 0.0
        self.rng = rng
        self._ready: list[tuple[Task, Any]] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = 0
        self._hub = getcurrent()

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at a time; it must not wait."""
        self._numbers += 1
        heapq.heappush(self._timers, (max(when, self.now), self._numbers, action))

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Do something later."""
        self.at(self.now + delay, action)

    def ready(self, task: "Task", value: Any) -> None:
        """Let a task go on."""
        self._ready.append((task, value))

    def run(self, done: Callable[[], bool]) -> None:
        """Let everything happen until `done`."""
        ready, timers, draw = self._ready, self._timers, self.rng.random
        while not done():
            while ready:
                at = int(draw() * len(ready)) if len(ready) > 1 else 0
                task, value = ready.pop(at)
                if not task.ended:
                    task.greenlet.switch(value)
            if not timers:
                raise Stalled
            self.now, _, action = heapq.heappop(timers)
            action()

    def sleep(self, seconds: float) -> None:
        """Let time pass for the task that calls."""
        task = current()
        task.park(seconds, [])


class Task:
    """A thread. Its machine can die, and it with it, wherever it is."""

    def __init__(self, scheduler: Scheduler, run: Callable[[], None], life: "Life") -> None:
        self.ended = False
        self.ident: int | None = None
        self.parked = 0
        self._scheduler = scheduler
        self._life = life
        self._enders: list[_Waiter] = []
        self._run = run
        self.greenlet = greenlet(self._main, parent=scheduler._hub)
        self.greenlet.task = self

    def start(self) -> None:
        """Begin at the next occasion."""
        self.ident = id(self)
        self._life.tasks.append(self)
        self._scheduler.ready(self, None)

    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""
        return self.ident is not None and not self.ended

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        if not self.ended:
            current().park(timeout, self._enders)

    def park(self, timeout: float | None, waiters: "list[_Waiter]") -> Any:
        """Wait to be woken through `waiters`; None when the time is over first."""
        if self._life.over:
            raise GreenletExit
        self.parked += 1
        mark = self.parked
        waiters.append((self, mark))
        if timeout is not None:
            self._scheduler.after(max(timeout, TICK), lambda: self._time_out(mark))
        value = self._scheduler._hub.switch()
        if self._life.over:
            raise GreenletExit
        return value

    def _time_out(self, mark: int) -> None:
        if self.parked == mark and not self.ended:
            self.parked += 1
            self._scheduler.ready(self, None)

    def _main(self, _: Any = None) -> None:
        try:
            if not self._life.over:
                self._run()
        except GreenletExit:
            pass
        finally:
            self.ended = True
            wake(self._scheduler, self._enders)


_Waiter = tuple[Task, int]


def current() -> Task:
    """The task that runs now."""
    found = getattr(getcurrent(), "task", None)
    assert isinstance(found, Task), "only a task can wait"
    return found


def wake(scheduler: Scheduler, waiters: list[_Waiter], *, one: bool = False) -> None:
    """Let those go on that wait (or the first of them)."""
    while waiters:
        task, mark = waiters.pop(0)
        if task.parked == mark and not task.ended:
            task.parked += 1
            scheduler.ready(task, True)
            if one:
                return


class Life:
    """One life of one process: what it owns ends with it."""

    def __init__(self) -> None:
        self.over = False
        self.tasks: list[Task] = []

    def end(self) -> None:
        """Kill -9: nothing of it ever goes on. `finally` runs, and can reach nothing."""
        self.over = True
        for task in self.tasks:
            if not task.ended and task.greenlet is not getcurrent():
                task.greenlet.throw(GreenletExit)
                task.ended = True


class _Event:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler, self._set = scheduler, False
        self._waiters: list[_Waiter] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        wake(self._scheduler, self._waiters)

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            current().park(timeout, self._waiters)
        return self._set


class _Latch:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler, self._taken = scheduler, False
        self._waiters: list[_Waiter] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        until = _NEVER if timeout < 0 else self._scheduler.now + timeout
        while self._taken:
            if not blocking or self._scheduler.now >= until:
                return False
            left = None if until == _NEVER else until - self._scheduler.now
            current().park(left, self._waiters)
        self._taken = True
        return True

    def release(self) -> None:
        self._taken = False
        wake(self._scheduler, self._waiters, one=True)


class _Condition:
    """No lock is needed where nobody is interrupted; but another may come first."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiters: list[_Waiter] = []

    def __enter__(self) -> bool:
        task = getattr(getcurrent(), "task", None)
        if task is not None and self._scheduler.rng.random() < 0.05:
            task.park(0.0, [])
        return True

    def __exit__(self, *error: object) -> None:
        return None

    def wait(self, timeout: float | None = None) -> bool:
        return bool(current().park(timeout, self._waiters))

    def notify_all(self) -> None:
        wake(self._scheduler, self._waiters)


class VirtualWake:
    """Ends a wait for the centre."""

    def __init__(self, scheduler: Scheduler, number: int) -> None:
        self.read = number
        self._scheduler, self._set = scheduler, False
        self._waiters: list[_Waiter] = []

    def set(self) -> None:
        """End the wait."""
        self._set = True
        wake(self._scheduler, self._waiters)

    def clear(self) -> None:
        """Forget that it was set."""
        self._set = False

    def wait(self, timeout: float) -> None:
        """Wait until it is set, or the time is over."""
        if not self._set:
            current().park(timeout, self._waiters)


class VirtualRuntime(Runtime):
    """What one life of a host runs on. `connection` is what its journal is opened as."""

    def __init__(
        self, scheduler: Scheduler, life: Life, connection: type[sqlite3.Connection]
    ) -> None:
        self.life = life
        self.wakes: list[VirtualWake] = []
        self._scheduler = scheduler
        self.connection, self.idle_seconds = connection, 0.3
        self.monotonic = lambda: scheduler.now
        self.time = lambda: BEGAN + scheduler.now
        self.event = lambda: _Event(scheduler)
        self.latch = lambda: _Latch(scheduler)
        self.condition = lambda: _Condition(scheduler)
        self.wake = self._make_wake  # type: ignore[assignment]
        self.fresh_id = lambda: uuid.UUID(int=scheduler.rng.getrandbits(128), version=4)

    def thread(self, run: Callable[[], None], name: str) -> Task:
        """Make a task that ends with the life of its host."""
        del name
        return Task(self._scheduler, run, self.life)

    def _make_wake(self) -> VirtualWake:
        self.wakes.append(VirtualWake(self._scheduler, len(self.wakes)))
        return self.wakes[-1]
