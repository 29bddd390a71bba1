"""One history: a seed's hosts, modems, network and centre, until nothing is left to do."""

import json
import random
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from chaos.simulation.host import Host
from chaos.simulation.model import Model
from chaos.simulation.plan import TROUBLE_SECONDS, Plan, draw
from chaos.simulation.ports import Port, VirtualNetwork
from chaos.simulation.scheduler import BEGAN, Scheduler
from chaos.simulation.tables import FINAL, Campaign, Group, Message
from chaos.simulation.watch import Watch
from sms_sender.simulator.device import EmulatedModem

BATCH = 6
LONGEST_SECONDS = 900.0
# A day, at the pace of these histories.
FORGOTTEN_SECONDS = 300.0
MEMORY = Path("/dev/shm")
Event = tuple[float, str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """How it went. `trace`: every event, in order; the same seed gives the same."""

    seed: int
    plan: Plan
    violations: list[str]
    trace: list[Event]
    seconds: float
    kills: int
    states: dict[str, int]


def live(seed: int, folder: Path | None = None) -> History:
    """Let the history of a seed happen."""
    home = folder or (MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix="smsswitch-c5-", dir=home) as name:
        world = World(seed, Path(name))
        try:
            return world.run()
        finally:
            world.close()


class World:
    """Everything there is."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.plan = draw(seed)
        self.scheduler = Scheduler(random.Random(f"schedule {seed}"))
        self.model = Model(lambda: BEGAN + self.scheduler.now)
        self.watch = Watch(self)
        self.model.on_state = self.watch.state
        self.trace: list[Event] = []
        self.kills = 0
        self.opted_at: dict[str, float] = {}
        self.network = VirtualNetwork(self.plan.options, self.watch.submitted)
        self.hosts: list[Host] = []
        self._owner: dict[int, int] = {}
        self._calm = False
        self._over = False
        self._devices: list[EmulatedModem] = []
        self._kept_up: list[Host] = []
        self._build()
        self._schedule()

    def run(self) -> History:
        """Let it happen."""
        self.scheduler.run(lambda: self._over)
        self.watch.end()
        states: dict[str, int] = {}
        for message in self.model.messages.values():
            states[message.state] = states.get(message.state, 0) + 1
        return History(
            self.seed,
            self.plan,
            self.watch.violations,
            self.trace,
            self.scheduler.now,
            self.kills,
            states,
        )

    def close(self) -> None:
        """End what still runs."""
        for host in self.hosts:
            host.kill()
            host.close()

    def note(self, what: str, detail: Any) -> None:
        """Something happened."""
        self.trace.append((round(self.scheduler.now, 6), what, detail))

    def group_of(self, message: Message) -> int:
        """Return whose message it is."""
        return self._owner[message.message_id]

    def concerns(self, host: Host) -> bool:
        """Whether what is revoked is this host's too: one group is stopped, not the other."""
        revocation = self.plan.revocation
        return revocation is not None and (revocation[0] != "group" or host.group == 1)

    def call(self, group: int, function: str, values: list[Any]) -> dict[str, Any]:
        """Call the centre, as text goes over a line."""
        before = set(self.model.opted_out)
        answer = getattr(self.model, function)(group, *json.loads(json.dumps(values)))
        for number, _ in self.model.opted_out - before:
            self.opted_at.setdefault(number, self.scheduler.now)
            self._notify()
        found: dict[str, Any] = json.loads(json.dumps(answer))
        return found

    def line_fails(self) -> bool:
        """Whether the line to the centre fails now."""
        if self._calm:
            return False
        now = self.scheduler.now
        if any(start <= now < end for start, end in self.plan.away):
            return True
        return bool(self.plan.lost_calls) and self.scheduler.rng.random() < self.plan.lost_calls

    def disk_is_full(self, host: Host) -> bool:
        """Whether its journal cannot be written now."""
        span = self.plan.journal_full
        return (
            span is not None
            and not self._calm
            and host is self.hosts[0]
            and span[0] <= self.scheduler.now < span[1]
        )

    def _build(self) -> None:
        plan, model = self.plan, self.model
        rule = "resend" if plan.resend else "hold"
        model.campaigns[1] = Campaign(1, on_uncertain=rule)
        for group in (1, 2) if plan.scene == "two groups" else (1,):
            mac = f"64:31:50:1b:e9:{group:02x}"
            model.groups[group] = Group(group, mac, modems=plan.modems, permit_per_modem=plan.k)
            self._messages(group)
        self.hosts.append(self._host(1, "boot 1"))
        self._kept_up.append(self.hosts[0])
        self.hosts[0].faults = list(plan.kills)

    def _messages(self, group: int) -> None:
        numbers = []
        for n in range(self.plan.singles + self.plan.doubles):
            number = len(self.model.messages) + 1
            long = n % 5 == 4 and n // 5 < self.plan.doubles
            text = (f"#{number}# " * 60)[:200] if long else f"#{number}# Bonjour"
            self.model.messages[number] = Message(
                number, 1, f"+3363998{number:04d}", text, 2 if long else 1, None
            )
            self._owner[number] = group
            numbers.append(number)
        for first in range(0, len(numbers), BATCH):
            self.model.plan(1, group, numbers[first : first + BATCH])

    def _host(self, group: int, boot: str) -> Host:
        folder = self.folder / f"host{len(self.hosts)}"
        folder.mkdir()
        ports = []
        for _ in range(self.plan.modems):
            device = EmulatedModem(len(self._devices), self.plan.options, self.network)
            ports.append(Port(self.scheduler, device, f"modem{len(self._devices)}"))
            self._devices.append(device)
        return Host(self, group, ports, folder, boot)

    def _schedule(self) -> None:
        plan, at = self.plan, self.scheduler.at
        at(0.0, self.hosts[0].start)
        for when in plan.kill_times:
            at(when, self.hosts[0].kill)
        for when in plan.stops:
            at(when, self.hosts[0].stop)
        if plan.reboots:
            at(plan.second_at, lambda: self._reboot(self.hosts[0]))
        for when, draw_number in plan.stop_words:
            at(when, partial(self._says_stop, draw_number))
        if plan.revocation is not None:
            kind, begins, ends = plan.revocation
            if kind == "window":
                self.model.campaigns[1].window_until = BEGAN + begins
            at(begins, lambda: self._revoke(kind))
            at(ends, self._allow)
        scene = {
            "usurper": self._usurp,
            "clone": self._clone,
            "two groups": self._second_group,
            "burnt": self._burn,
        }.get(plan.scene)
        if scene is not None:
            at(plan.second_at, scene)
        at(TROUBLE_SECONDS, self._calm_down)
        at(1.0, self._each_second)

    def _each_second(self) -> None:
        self.scheduler.after(1.0, self._each_second)
        for host in self._kept_up:
            if not host.alive:
                host.start()
        if int(self.scheduler.now) % 3 == 0:
            self._plan_again()
        at_rest = all(
            m.state in FINAL or m.state in {"sent", "uncertain"}
            for m in self.model.messages.values()
        ) and not any(b.state == "leased" for b in self.model.batches.values())
        self._over = at_rest or self.scheduler.now > LONGEST_SECONDS

    def _plan_again(self) -> None:
        if self.model.campaigns[1].state != "sending":
            return
        for group in self.model.groups:
            free = [
                m.message_id
                for m in self.model.messages.values()
                if m.state == "planned" and m.batch_id is None and self.group_of(m) == group
            ]
            if free:
                self.model.plan(1, group, free)
                self._notify()

    def _notify(self) -> None:
        if not self.plan.deaf:
            for host in self.hosts:
                host.wake()

    def _revoke(self, kind: str) -> None:
        self.note("revoke", kind)
        if kind == "pause":
            self.model.campaigns[1].state = "paused"
        elif kind == "group":
            self.model.groups[1].state = "stopped"
        self._notify()

    def _allow(self) -> None:
        self.note("allow", None)
        self.model.campaigns[1].state = "sending"
        self.model.campaigns[1].window_until = None
        self.model.groups[1].state = "started"
        self._notify()

    def _says_stop(self, draw_number: int) -> None:
        numbers = [m.msisdn for m in self.model.messages.values()]
        device = self._devices[draw_number % len(self._devices)]
        self.note("stop word", draw_number)
        device.bring(numbers[draw_number % len(numbers)], "Stop")
        for host in self.hosts:
            host.pump()

    def _reboot(self, host: Host) -> None:
        host.kill()
        host.boot = f"boot {self.scheduler.now}"
        host.unplug_power()

    def _usurp(self) -> None:
        self._kept_up.clear()
        self.hosts.append(self._host(1, "boot 2"))
        self._kept_up.append(self.hosts[-1])
        self.scheduler.after(30.0, self._condemn_the_dead)

    def _clone(self) -> None:
        """A copy of its disk is started elsewhere."""
        self._kept_up.clear()
        self.hosts.append(self._host(1, "boot 2"))
        for file in self.hosts[0].folder.glob("journal*"):
            if file.suffix != ".lock" and not file.name.endswith("-shm"):
                shutil.copy(file, self.hosts[-1].folder / file.name)
        self._kept_up.append(self.hosts[-1])
        self.scheduler.at(FORGOTTEN_SECONDS, self._condemn_the_forgotten)

    def _second_group(self) -> None:
        self.hosts.append(self._host(2, "boot 2"))
        self._kept_up.append(self.hosts[-1])

    def _burn(self) -> None:
        host = self.hosts[0]
        host.kill()
        self._kept_up.clear()
        host.wipe()
        self.scheduler.after(10.0, lambda: self._condemn(1))
        self.scheduler.after(11.0, lambda: self._kept_up.append(host))

    def _condemn_the_dead(self) -> None:
        alive = {
            str(host.service.journal.journal_id)
            for host in self.hosts
            if host.alive and host.service is not None
        }
        leased = [b for b in self.model.batches.values() if b.state == "leased"]
        if any(batch.journal not in alive for batch in leased):
            self._condemn(1)
        self.scheduler.after(60.0, self._condemn_the_dead)

    def _condemn_the_forgotten(self) -> None:
        """The original may have claimed after it was copied: no copy knows of that lease."""
        held = {
            batch
            for host in self.hosts
            if host.alive and host.service is not None
            for batch in host.service.queue.counts().batches
        }
        leased = {b.batch_id for b in self.model.batches.values() if b.state == "leased"}
        if leased - held:
            self._condemn(1)
        self.scheduler.after(60.0, self._condemn_the_forgotten)

    def _condemn(self, group: int) -> None:
        self.note("condemn", group)
        self.model.condemn(group)

    def _calm_down(self) -> None:
        self._calm = True
        self.note("calm", None)
        calm = replace(
            self.plan.options, reject=0.0, retryable=0.0, network_timeout=0.0, silent=0.0, late=0.0
        )
        calm = replace(calm, noise=0.0, hang=0.0, unplug=0.0, credit=None)
        self.network.calm(calm)
        for device in self._devices:
            device.options = calm
            device.top_up()
        for host in self.hosts:
            host.faults = []
