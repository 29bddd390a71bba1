"""How each contestant is started on a set of ports, and given more to send than it can."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extras import execute_values

from chaos.world import World, number_of
from include.stack.processes import free_ports
from tests.integration.sender.hosts import MONTH, Machine

HERE = Path(__file__).parent
GAMMU_TABLES = Path("/usr/share/doc/gammu-smsd/examples/pgsql.sql")


@dataclass
class Running:
    """Processes at work, and what else they started."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def start(self, *command: str) -> None:
        """Start one in a group of its own, so that its children end with it."""
        with (self.folder / "output").open("ab") as output:
            self.processes.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )

    def pids(self) -> list[int]:
        """Return the heads of all groups; smsd goes off to one of its own, and says which."""
        found = [process.pid for process in self.processes]
        with suppress(OSError, ValueError):
            found.append(int((self.folder / "pid").read_text()))
        return found

    def end(self) -> None:
        """End every group at once: what they would still do is of no interest."""
        self.ending.set()
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait(10)


@dataclass(frozen=True)
class Contestant:
    """`needs`: commands without which it is absent; `enough`: messages more than it can send."""

    needs: tuple[str, ...]
    start: Callable[[World, Machine, Running, int], None]
    package: str | None = None

    def missing(self) -> list[str]:
        """Return what is not installed."""
        return [name for name in self.needs if shutil.which(name) is None]


def text_of(number: int) -> str:
    """A text of one part and 80 characters."""
    return f"#{number}# ".ljust(80, "x")


def _ours(world: World, machine: Machine, running: Running, messages: int) -> None:
    """The service as it runs: claims, intents on the disk (synchronous=FULL), reports."""
    _plan(world, machine, messages)
    running.start(sys.executable, "-m", "sms_sender", "run", "--config", str(machine.config))


def _plan(world: World, machine: Machine, messages: int, size: int = 200) -> None:
    db, campaign = world.fleet.db, world.fleet.campaign_id
    for first in range(0, messages, size):
        batch_id = db.one(
            "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
            " values (%s, %s, %s, %s, %s) returning batch_id",
            (MONTH, campaign, machine.host.group_id, size, size),
        )
        rows = [
            (
                MONTH,
                campaign,
                batch_id * 1_000_000 + n,
                number_of(n),
                text_of(n),
                "gsm7",
                1,
                batch_id,
            )
            for n in range(first, first + size)
            if isinstance(batch_id, int)
        ]
        with db.conn.cursor() as cur:
            execute_values(
                cur,
                "insert into message (activation_month, campaign_id, contact_id, msisdn, text,"
                " encoding, segments, batch_id) values %s",
                rows,
                page_size=1000,
            )


def _bare(world: World, machine: Machine, running: Running, messages: int, *options: str) -> None:
    del world, messages
    running.start(sys.executable, "-m", "benchmarks.peers.bare", *options, *machine.ports)


def _bare_pyserial(world: World, machine: Machine, running: Running, messages: int) -> None:
    _bare(world, machine, running, messages, "--pyserial")


def _smstools(world: World, machine: Machine, running: Running, messages: int) -> None:
    del world
    folder = running.folder
    names = [f"GSM{number}" for number in range(1, len(machine.ports) + 1)]
    for name in ("outgoing", "checked", "sent", "failed", "incoming"):
        (folder / name).mkdir()
    config = (HERE / "smsd.conf").read_text().format(names=", ".join(names), folder=folder)
    for name, port in zip(names, machine.ports, strict=True):
        config += (HERE / "smsd-modem.conf").read_text().format(name=name, port=port)
    (folder / "smsd.conf").write_text(config)
    _spool(folder / "outgoing", range(messages))
    files = ("-p", f"{folder}/pid", "-i", f"{folder}/working")
    running.start("smsd", "-c", f"{folder}/smsd.conf", *files)
    _in_background(running, lambda: _keep_short(running, folder / "outgoing", messages))


def _spool(outgoing: Path, numbers: range) -> None:
    for number in numbers:
        fresh = outgoing.parent / f"new{number}"
        fresh.write_text(f"To: {number_of(number)[1:]}\n\n{text_of(number)}")
        fresh.rename(outgoing / f"m{number:06d}")


def _keep_short(running: Running, outgoing: Path, messages: int) -> None:
    """Fill the spool as it empties: a long one makes it slower (measured)."""
    last = messages
    while not running.ending.wait(0.2):
        missing = messages - len(os.listdir(outgoing))  # noqa: PTH208 (a third of the time)
        _spool(outgoing, range(last, last + missing))
        last += missing


def _gammu(world: World, machine: Machine, running: Running, messages: int) -> None:
    parts = urlsplit(world.fleet.db.url)
    with _database(world, "gammu") as conn, conn.cursor() as cur:
        tables = GAMMU_TABLES.read_text()
        cur.execute(tables.replace("CREATE LANGUAGE plpgsql;", ""))
        for index in range(len(machine.ports)):
            execute_values(
                cur,
                'insert into outbox ("DestinationNumber", "TextDecoded", "CreatorID", "SenderID")'
                " values %s",
                [(number_of(n), text_of(n), "benchmark", f"modem{index}") for n in range(messages)],
            )
    for index, port in enumerate(machine.ports):
        config = running.folder / f"gammu{index}"
        config.write_text(
            (HERE / "gammu-smsdrc")
            .read_text()
            .format(
                port=port,
                host=parts.hostname,
                port_number=parts.port,
                user=parts.username,
                password=parts.password,
                database="gammu",
                name=f"modem{index}",
                folder=running.folder,
            )
        )
        config.chmod(0o600)
        running.start("gammu-smsd", "-c", str(config))


@contextmanager
def _database(world: World, name: str) -> Iterator[psycopg2.extensions.connection]:
    with world.fleet.db.conn.cursor() as cur:
        cur.execute(f"drop database if exists {name} with (force)")
        cur.execute(f"create database {name}")
    with closing(psycopg2.connect(world.fleet.db.url.rsplit("/", 1)[0] + "/" + name)) as conn:
        yield conn
        conn.commit()


def _kannel(world: World, machine: Machine, running: Running, messages: int) -> None:
    del world
    folder = running.folder
    (folder / "store").mkdir()
    admin, smsbox, send = free_ports(3)
    values = {"admin_port": admin, "smsbox_port": smsbox, "send_port": send, "folder": folder}
    config = (HERE / "kannel.conf").read_text().format(**values)
    for number, port in enumerate(machine.ports):
        config += (HERE / "kannel-modem.conf").read_text().format(name=f"m{number}", port=port)
    (folder / "kannel.conf").write_text(config)
    running.start("bearerbox", f"{folder}/kannel.conf")
    running.ending.wait(2)
    running.start("smsbox", f"{folder}/kannel.conf")
    _in_background(running, lambda: _push(running, send, messages))


def _push(running: Running, port: int, messages: int) -> None:
    number = 0
    while number < messages and not running.ending.is_set():
        fields = {"username": "benchmark", "password": "benchmark", "to": number_of(number)}
        query = urllib.parse.urlencode({**fields, "text": text_of(number)})
        try:
            urllib.request.urlopen(
                f"http://127.0.0.1:{port}/cgi-bin/sendsms?{query}", timeout=5
            ).close()
            number += 1
        except (urllib.error.URLError, OSError):
            running.ending.wait(0.2)


def _in_background(running: Running, work: Callable[[], None]) -> None:
    del running
    threading.Thread(target=work, daemon=True).start()


PEERS = {
    "gammu-smsd": Contestant(("gammu-smsd",), _gammu, "gammu-smsd"),
    "smstools": Contestant(("smsd",), _smstools, "smstools"),
    "kannel": Contestant(("bearerbox", "smsbox"), _kannel, "kannel"),
}
CONTESTANTS = {
    "bare": Contestant((), _bare),
    "bare-pyserial": Contestant((), _bare_pyserial),
    "ours": Contestant((), _ours),
    **PEERS,
}
