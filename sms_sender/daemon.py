"""`sms-sender run`: the service with its signals, its status page, and systemd's watchdog."""

import os
import platform
import signal
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from types import FrameType

from sms_sender.host import boot_id
from sms_sender.notify import Watchdog, notify
from sms_sender.service import DISCOVER_SECONDS, UPLOAD_SECONDS, Service
from sms_sender.settings import Settings
from sms_sender.status import Listener, Snapshot, public_address

__all__ = ["UPLOAD_SECONDS", "Daemon", "run"]


class Daemon:
    """One run of the service as a process of its own."""

    def __init__(
        self, settings: Settings, announce: Callable[[str], None], *, until_idle: bool = False
    ) -> None:
        self._settings = settings
        self._announce = announce
        host = {"name": platform.node()[:100], "version": package_version()}
        self._service = Service(
            settings, boot_id(), host, until_idle=until_idle, tick=self._say_how_it_is
        )
        self._started = time.time()
        self._watchdog = Watchdog()
        self._status_due = 0.0

    def run(self) -> int:
        """Work until asked to stop (SIGTERM, SIGINT), fenced off, or idle; the exit status."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        recalled = self._service.recall()
        listener = Listener(self._settings.status_host, self._settings.status_port, self.snapshot)
        try:
            listener.start(self._settings.journal)
            self._announce(f"status: http://{listener.address}/")
            self._service.start(recalled)
            notify("READY=1")
            self._service.watch(recalled)
            notify("STOPPING=1")
            return self._service.end()
        finally:
            listener.stop(self._settings.journal)
            self._service.journal.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._service.stop()

    def _say_how_it_is(self) -> None:
        self._watchdog.pat(lambda: self._service.alive)
        now = time.monotonic()
        if now >= self._status_due:
            self._status_due = now + DISCOVER_SECONDS
            notify(f"STATUS={self._service.group.in_service()} modems in service")

    def snapshot(self) -> Snapshot:
        """Return the state of this host as it is shown."""
        service = self._service
        counts, link, writer = service.queue.counts(), service.link, service.journal.writer
        return Snapshot(
            mac=service.mac,
            alias=link.answer.get("alias"),
            server=public_address(self._settings.server),
            connected=service.centre.connected and link.registered,
            state="fenced" if link.fenced else service.queue.draining or link.answer.get("state"),
            epoch=service.centre.epoch,
            pid=os.getpid(),
            version=package_version(),
            since=self._started,
            waiting=counts.waiting,
            in_flight=counts.in_hand,
            to_upload=len(service.journal.outbox),
            batches=counts.batches,
            counts=service.group.counts(),
            commits=writer.commits,
            journal_error=str(writer.failed) if writer.failed else None,
            modems=service.group.statuses(),
            errors=list(link.errors),
        )


def package_version() -> str:
    """Return the version that is installed."""
    try:
        return version("smsswitch")
    except PackageNotFoundError:
        return "unknown"


def run(settings: Settings, announce: Callable[[str], None], *, until_idle: bool) -> int:
    """Run the service; see Daemon.run. `announce` is told where the status page is."""
    settings.journal.parent.mkdir(parents=True, exist_ok=True)
    return Daemon(settings, announce, until_idle=until_idle).run()
