"""A modem host of this world: the real service on a clock, wires and a centre that are not."""

import sqlite3
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos.simulation.ports import Port, VirtualTransport
from chaos.simulation.scheduler import Life, Task, VirtualRuntime, current
from chaos.simulation.tables import SqlError
from sms_sender.centre import Centre, judge
from sms_sender.errors import CentreUnreachable
from sms_sender.line import Timeouts
from sms_sender.runtime import Runtime
from sms_sender.service import Service
from sms_sender.settings import ModemSettings, Settings
from sms_sender.transport import Transport

if TYPE_CHECKING:
    from chaos.simulation.world import World

TIMEOUTS = Timeouts(command=2.0, prompt=3.0, submit=6.0, settle=0.1, sync=4.0)
# A heartbeat, and a send with all its deadlines.
RESUME_SECONDS = 20.0 + 15.0


class Host:
    """A computer with a disk, and at most one process of ours on it."""

    def __init__(
        self, world: "World", group: int, ports: list[Port], folder: Path, boot: str
    ) -> None:
        self.world, self.group, self.folder, self.boot = world, group, folder, boot
        self.mac = world.model.groups[group].mac
        self.life = Life()
        self.life.over = True
        self.service: Service | None = None
        self.centre: VirtualCentre | None = None
        self.fenced_at: float | None = None
        self.revoked: dict[int, float] = {}
        self.stopped: dict[int, float] = {}
        self.troubled_at = 0.0
        self.statuses: list[int] = []
        self.faults: list[tuple[str, int]] = []
        self._passed: Counter[str] = Counter()
        self._ports = {port.name: port for port in ports}
        self._reader: sqlite3.Connection | None = None

    @property
    def alive(self) -> bool:
        """Whether a process runs."""
        return not self.life.over

    def start(self) -> None:
        """Start the service."""
        if self.alive:
            return
        self.life, self.fenced_at = Life(), None
        self.revoked, self.stopped = {}, {}
        self.world.note("start", self.mac)
        runtime = VirtualRuntime(self.world.scheduler, self.life, _connection(self))
        Task(self.world.scheduler, lambda: self._run(runtime), self.life).start()

    def kill(self) -> None:
        """Kill -9. Only the disk stays."""
        if not self.alive:
            return
        self.world.note("kill", self.mac)
        self.world.kills += 1
        self.life.end()
        self._process_is_gone()

    def stop(self) -> None:
        """SIGTERM."""
        if self.alive and self.service is not None:
            self.world.note("stop", self.mac)
            self.service.stop()

    def wipe(self) -> None:
        """Burn its disk."""
        self.close()
        for file in self.folder.glob("journal*"):
            file.unlink()

    def close(self) -> None:
        """Let go of what looks at the disk."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def wake(self) -> None:
        """The centre notifies."""
        if self.alive and self.centre is not None:
            self.centre.notify()

    def pump(self) -> None:
        """Let its modems say what they have to say."""
        for port in self._ports.values():
            port.pump()

    def unplug_power(self) -> None:
        """Its modems lose power with it: only their SIMs remember."""
        for port in self._ports.values():
            port.waiting.clear()
            port.device.replug()

    def pass_by(self, point: str) -> None:
        """It may die here."""
        if self.life.over:
            return
        self._passed[point] += 1
        if (point, self._passed[point]) in self.faults:
            self.world.note("dies", point)
            self.world.scheduler.after(0.0, self.kill)
            current().park(None, [])

    def begins(self, payload: str) -> None:
        """A PDU is about to be written."""
        self.world.watch.payload(self, payload)

    def ends(self) -> None:
        """A Ctrl-Z is about to be written."""

    def on_disk(self, query: str, *values: object) -> Any:
        """What another process would read in the journal now: what is durable."""
        if self._reader is None:
            self._reader = sqlite3.connect(self.folder / "journal.sqlite3", isolation_level=None)
        return self._reader.execute(query, values).fetchone()

    def _run(self, runtime: Runtime) -> None:
        settings = Settings(
            "virtual",
            self.folder / "journal.sqlite3",
            "127.0.0.1",
            0,
            self.mac,
            modems=tuple(ModemSettings(name) for name in self._ports),
            timeouts=TIMEOUTS,
            drain_seconds=20.0,
            resume_seconds=RESUME_SECONDS,
        )
        service = self.service = Service(
            settings,
            self.boot,
            {"name": "virtual", "version": "0"},
            runtime=runtime,
            connect=self._connect,
            make_centre=partial(VirtualCentre, self),
        )
        recalled = service.recall()
        service.start(recalled)
        service.watch(recalled)
        status = service.end()
        service.journal.close()
        self.statuses.append(status)
        self.world.note("ended", status)
        self.life.over = True
        self.world.scheduler.after(0.0, self.life.end)

    def _connect(self, port: str) -> Transport:
        return VirtualTransport(self.world.scheduler, self._ports[port], self)

    def _process_is_gone(self) -> None:
        if self.service is not None:
            self.service.journal.abandon()
        self.service = self.centre = None


def _connection(host: Host) -> type[sqlite3.Connection]:
    """The journal's connection: a commit takes a while, and may fail."""
    scheduler = host.world.scheduler

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if statement != "commit":
                return super().execute(statement, *values)
            host.pass_by("before a commit")
            scheduler.sleep(scheduler.rng.random() * 0.01)
            if host.world.disk_is_full(host):
                raise sqlite3.OperationalError("database or disk is full")
            cursor = super().execute(statement)
            host.pass_by("after a commit")
            return cursor

        def close(self) -> None:
            # The end of a process gives up what it had locked, whatever still refers to it here.
            with suppress(sqlite3.ProgrammingError):  # it was closed before
                if self.in_transaction:
                    super().execute("rollback")
            super().close()

    return Connection


class VirtualCentre(Centre):
    """The centre's functions over a line that may fail before or after they are done."""

    def __init__(self, host: Host, server: str, journal_id: Any, runtime: VirtualRuntime) -> None:
        super().__init__(server, journal_id, runtime)
        self._host, self._runtime = host, runtime
        self._notes = False
        host.centre = self

    def connect(self) -> None:
        """There is nothing to connect."""

    def notify(self) -> None:
        """Somebody said NOTIFY."""
        self._notes = True
        for wake in self._runtime.wakes:
            wake.set()

    def wait(self, wake: int, timeout: float) -> bool:
        """See Centre.wait."""
        if not self._notes:
            self._runtime.wakes[wake].wait(max(timeout, 0.0))
        noted, self._notes = self._notes, False
        return noted

    def _call(self, function: str, *arguments: Any) -> dict[str, Any]:
        host, world = self._host, self._host.world
        values = [value[1] if isinstance(value, tuple) else value for value in arguments]
        host.pass_by("before a call")
        world.scheduler.sleep(world.scheduler.rng.random() * 0.05)
        self._line(function)
        world.watch.call(host, function, values)
        try:
            answer = world.call(host.group, function, values)
        except SqlError as error:
            self._line(function)
            world.note(function, error.code)
            judged = judge(error.code, f"{function}: {error}")
            if error.code == "SM409":
                host.fenced_at = world.scheduler.now
            raise judged from error
        host.pass_by("after a call")
        world.scheduler.sleep(world.scheduler.rng.random() * 0.05)
        self._line(function)
        self._hear(function, answer)
        return answer

    def _hear(self, function: str, answer: dict[str, Any]) -> None:
        host, now = self._host, self._host.world.scheduler.now
        if function == "claim_batch_v1":
            host.world.watch.batch(host, answer)
        host.world.note(function, answer.get("batch", answer.get("accepted")))
        if answer.get("fenced"):
            host.fenced_at = now
        for batch in answer.get("revoked", ()) if function == "heartbeat_v1" else ():
            host.revoked.setdefault(batch, now)
        for message in answer.get("revoked_messages", ()):
            host.stopped.setdefault(message, now)

    def _line(self, function: str) -> None:
        """Fail as the line does now."""
        world = self._host.world
        if self._host.life.over or not world.line_fails():
            return
        self._host.troubled_at = world.scheduler.now
        world.note("line", function)
        raise CentreUnreachable(f"{function}: no line")
