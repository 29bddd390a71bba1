"""Emulated modems on wires of this world: bytes arrive late, in pieces, or not at all."""

from collections.abc import Callable
from typing import Any, Protocol

from chaos.simulation.scheduler import Life, Scheduler, current, wake
from sms_sender.errors import ModemGone
from sms_sender.pdu import Submit
from sms_sender.simulator.device import EmulatedModem
from sms_sender.simulator.network import Network
from sms_sender.simulator.options import Options

MAX_WAITING = 1 << 16


class Host(Protocol):
    """The process at the other end of the wire."""

    life: Life

    def pass_by(self, point: str) -> None:
        """Say where it is: it may die there."""

    def begins(self, payload: str) -> None:
        """A PDU is about to be written."""

    def ends(self) -> None:
        """A Ctrl-Z is about to be written."""


class VirtualNetwork(Network):
    """The network of this world; its log is a call."""

    def __init__(self, options: Options, accepted: Callable[[str, int, Submit], None]) -> None:
        super().__init__(options)
        self._accepted = accepted

    def accept(self, imei: str, reference: int, pdu_hex: str, submit: Submit) -> None:
        """Take a part."""
        del pdu_hex
        self._accepted(imei, reference, submit)

    def refuse(self, imei: str, code: int, pdu_hex: str) -> None:
        """Refuse one."""

    def calm(self, options: Options) -> None:
        """Be another network from now on."""
        self._options = options


class Port:
    """One modem and its wire. Bytes that nobody reads wait, as in a tty."""

    def __init__(self, scheduler: Scheduler, device: EmulatedModem, name: str) -> None:
        self.name = name
        self.gone = False
        self.user: Life | None = None
        self.device = device
        self.waiters: list[Any] = []
        self.waiting = bytearray()
        self._wire = bytearray()
        self._scheduler = scheduler
        self._wakes_at: float | None = None

    def give(self, data: bytes) -> None:
        """Hand bytes to the modem."""
        self.device.receive(data, self._scheduler.now)
        self.pump()

    def pump(self) -> None:
        """Bring what the modem says on its way, and see to it that it is woken."""
        device, scheduler = self.device, self._scheduler
        if device.output and not self.gone:
            on_its_way = bool(self._wire)
            self._wire += device.output
            device.output.clear()
            if not on_its_way and scheduler.rng.random() < 0.1:
                self._arrive(scheduler.rng.randrange(len(self._wire)))
                scheduler.after(scheduler.rng.random() * 0.01, self._arrive)
            elif not on_its_way:
                self._arrive()
        if device.unplugged and not self.gone:
            self.gone = True
            wake(scheduler, self.waiters)
            scheduler.after(device.options.replug_after, self._replug)
        due = device.wakes_at
        if due is not None and (self._wakes_at is None or due < self._wakes_at):
            self._wakes_at = due
            scheduler.at(due, self._wake)

    def _wake(self) -> None:
        self._wakes_at = None
        self.device.wake(self._scheduler.now)
        self.pump()

    def _arrive(self, count: int | None = None) -> None:
        data = bytes(self._wire[:count])
        del self._wire[:count]
        if data and not self.gone and len(self.waiting) < MAX_WAITING:
            self.waiting += data
            wake(self._scheduler, self.waiters)

    def _replug(self) -> None:
        self.gone = False
        self.waiting.clear()
        self._wire.clear()
        self.device.replug()
        self.pump()


class VirtualTransport:
    """One opening of a port by one process."""

    def __init__(self, scheduler: Scheduler, port: Port, host: Host) -> None:
        scheduler.sleep(0.01)
        if port.gone:
            raise ModemGone(f"{port.name}: cannot be opened")
        if port.user is not None and not port.user.over and port.user is not host.life:
            raise ModemGone(f"{port.name}: cannot be opened: in use")
        port.user = host.life
        self._scheduler, self._port, self._host = scheduler, port, host
        self._prompted = False

    def write(self, data: bytes) -> None:
        """Write; a PDU in two pieces, and its process may die between them."""
        host, at = self._host, len(data) // 2
        if b"\x1a" not in data:
            self._give(data)
            return
        host.pass_by("before the PDU")
        host.begins(data.decode("latin-1").rstrip("\x1a"))
        self._give(data[:at])
        host.pass_by("in the PDU")
        self._scheduler.sleep(self._scheduler.rng.random() * 0.004)
        host.ends()
        self._give(data[at:], at)
        host.pass_by("after Ctrl-Z")

    def read(self, timeout: float) -> bytes:
        """Return what is there, or the first that comes in time."""
        port = self._port
        if not port.waiting and not port.gone and timeout > 0:
            current().park(timeout, port.waiters)
        if port.gone:
            raise ModemGone(f"{port.name}: hung up")
        data = bytes(port.waiting)
        port.waiting.clear()
        if b"+CMGS:" in data:
            self._host.pass_by("at the answer")
        return data

    def close(self) -> None:
        """Close it."""
        if self._port.user is self._host.life:
            self._port.user = None

    def _give(self, data: bytes, before: int = 0) -> None:
        if self._port.gone:
            raise ModemGone(f"{self._port.name}: gone", before)
        if not self._host.life.over:
            self._port.give(data)
