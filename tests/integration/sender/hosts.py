"""A small fleet for tests: groups with real logins, batches written by SQL, real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extras import execute_values

from sms_sender.simulator import NetworkCount, count_log
from tests.conftest import Database

MONTH = "2026-11-01"
TWO_PARTS = "é" * 150 + " deux parties "


@dataclass
class Host:
    """A group's identity: what `groups add` gives."""

    group_id: int
    mac: str
    role: str
    url: str


@dataclass
class Fleet:
    """Groups, campaigns and batches in one test's database."""

    db: Database
    campaign_id: int = 0
    next_number: int = 0

    def host(self, number: int = 1, *, modems: int = 4, k: int | None = 20) -> Host:
        """A started group with its own login."""
        mac = f"64:31:50:1b:e9:{number:02x}"
        (role, password) = self.db.all("select * from make_host_login(%s)", (mac,))[0]
        group_id = self.db.one(
            "insert into modem_group (mac, alias, modems, permit_per_modem, host_role)"
            " values (%s, %s, %s, %s, %s) returning group_id",
            (mac, f"machine {number}", modems, k, role),
        )
        parts = urlsplit(self.db.url)
        url = f"postgresql://{role}:{password}@{parts.hostname}:{parts.port}{parts.path}"
        assert isinstance(group_id, int)
        return Host(group_id, mac, str(role), url)

    def campaign(self, name: str = "essai", **columns: Any) -> int:
        """A campaign that is sending."""
        client = self.db.one(
            "insert into client (code, name) values ('acme', 'ACME')"
            " on conflict (code) do update set name = excluded.name returning client_id"
        )
        values = {
            "client_id": client,
            "name": name,
            "state": "sending",
            "purpose": "transactional",
            "spec": "{}",
            "activation_month": MONTH,
            **columns,
        }
        self.db.all("select ensure_message_partitions(%s::date)", (MONTH,))
        found = self.db.one(
            f"insert into campaign ({', '.join(values)}) values"
            f" ({', '.join(['%s'] * len(values))}) returning campaign_id",
            list(values.values()),
        )
        assert isinstance(found, int)
        self.campaign_id = found
        return found

    def batch(self, host: Host, texts: list[tuple[str, int]], campaign: int | None = None) -> int:
        """A planned batch of texts, each with its number of parts."""
        campaign = campaign or self.campaign_id
        batch_id = self.db.one(
            "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
            " values (%s, %s, %s, %s, %s) returning batch_id",
            (MONTH, campaign, host.group_id, len(texts), sum(parts for _, parts in texts)),
        )
        rows = []
        for text, parts in texts:
            self.next_number += 1
            number = f"+3363998{self.next_number % 10000:04d}"
            rows.append((MONTH, campaign, self.next_number, number, text, "gsm7", parts, batch_id))
        with self.db.conn.cursor() as cur:
            execute_values(
                cur,
                "insert into message (activation_month, campaign_id, contact_id, msisdn, text,"
                " encoding, segments, batch_id) values %s",
                rows,
            )
        assert isinstance(batch_id, int)
        return batch_id

    def batches(self, host: Host, messages: int, *, size: int = 50, every: int = 5) -> None:
        """Batches of different texts, one in `every` of two parts."""
        for first in range(0, messages, size):
            numbers = range(first, min(first + size, messages))
            self.batch(
                host,
                [
                    (TWO_PARTS + str(n), 2) if n % every == 0 else (f"Bonjour numéro {n}", 1)
                    for n in numbers
                ],
            )

    def states(self) -> dict[str, int]:
        """Messages by state."""
        rows = self.db.all("select state::text, count(*) from message group by state")
        return {str(state): int(str(count)) for state, count in rows}

    def segments(self) -> dict[str, int]:
        """Segments by state."""
        rows = self.db.all("select state::text, count(*) from segment group by state")
        return {str(state): int(str(count)) for state, count in rows}


def until(check: Callable[[], object], timeout: float = 200.0) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@dataclass
class Machine:
    """Processes of one modem host, in a folder of their own."""

    folder: Path
    host: Host
    ports: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "sender.toml"

    @property
    def network(self) -> Path:
        return self.folder / "network.jsonl"

    def simulate(self, modems: int, *options: str) -> list[str]:
        """Start emulated modems."""
        ports = self.folder / "ports"
        ports.unlink(missing_ok=True)
        self._start(
            [
                *("simulate", "--modems", str(modems), "--network-log", str(self.network)),
                *("--ports-file", str(ports), *options),
            ]
        )
        until(ports.exists)
        self.ports = ports.read_text().split()
        self.configure()
        return self.ports

    def configure(self, **settings: Any) -> None:
        """Write sender.toml."""
        values = {
            "server": self.host.url,
            "journal": str(self.folder / "journal.sqlite3"),
            "status": "127.0.0.1:0",
            "mac": self.host.mac,
            **settings,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        lines += [f'[[modem]]\nport = "{port}"' for port in self.ports]
        # No test waits for silence here: what answers late is only on a busy machine.
        lines += ["[timeouts]", "command = 30", "prompt = 30", "submit = 60", "sync = 60"]
        self.config.write_text("\n".join(lines) + "\n")

    def run(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the service."""
        return self._start(["run", "--config", str(self.config), *options])

    def run_until_idle(self, timeout: float = 400) -> None:
        """Run the service until there is nothing left to claim."""
        process = self.run("--until-idle")
        assert process.wait(timeout) == 0, self.log()

    def count(self) -> NetworkCount:
        """What the network saw."""
        return count_log([self.network])

    def log(self) -> str:
        """What the processes said."""
        return (self.folder / "log").read_text()[-4000:]

    def end(self) -> None:
        """End what was started here."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(200)

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sms_sender", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.processes.append(process)
        return process


def call(host: Host, query: str, *params: Any) -> Any:
    """One call as the host."""
    conn = psycopg2.connect(host.url)
    conn.autocommit = True
    try:
        with conn.cursor() as cur:
            cur.execute(query, params)
            row = cur.fetchone()
            return row[0] if row else None
    finally:
        conn.close()
