"""The story of one day, told in steps: each does what a client or an operator would do, and waits.

Everything goes the way it goes in production: files dropped in the bucket, DAGs driven by them, batches
claimed by two `sms-sender` processes logged in as their own hosts.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from include.db import connect
from include.demo import files, summary
from include.demo.centre import PBX, Centre, figures, look, parse, reset
from include.demo.hosts import Host, start_host
from include.demo.texts import CAMPAIGNS, CLINIC, DUPONT, MAPPINGS
from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack import supervisor
from include.storage import Storage

T = TypeVar("T")
Say = Callable[[str], None]

# The three groups of 2012, as its screen showed them.
GROUPS = (
    ("64:31:50:1b:e9:e9", "machine 1", 1),
    ("e8:11:32:c9:ab:36", "notebook", 2),
    ("00:15:c5:b4:1c:8a", "porta_tony", 2),
)
STOPPED = "notebook"
CLIENTS = {DUPONT: ("Assurances Dupont", "fr"), CLINIC: ("North Clinic", "en")}
READ = ("awaiting_mapping", "loaded", "rejected", "quarantined", "failed")
PATIENCE = 240.0  # seconds without any change before a step gives up


class DemoError(SmsswitchError):
    """The demo did not come to its end; the message says where it stopped."""


@dataclass(frozen=True)
class Size:
    """How much of everything: a day for people to look at, or a small one for the tests."""

    insured: int = 1400
    reminders: int = 500
    patients: int = 900
    tickets: int = 400
    latency_ms: int = 10


@dataclass(frozen=True)
class Outcome:
    """The summary, and every way in which the tables and the network contradict each other."""

    document: dict[str, Any]
    disagreements: list[str]


DAY = Size()


def run(say: Say, size: Size = DAY, seed: int = 2012) -> Outcome:
    """Run the whole day on the local stack, which stays up; writes var/demo/summary.json."""
    clock = Clock()
    with clock.timed("stack"):
        stack = supervisor.up(say)
    day = Day(say, size, seed, stack)
    try:
        for step in (day.enrol, day.contacts, day.campaigns, day.taxation, day.reports):
            with clock.timed(step.__name__):
                step()
    finally:
        for host in day.hosts:
            host.stop()
    outcome = day.outcome(clock.seconds)
    text = json.dumps(outcome.document, indent=2, ensure_ascii=False)
    (day.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return outcome


class Clock:
    """Seconds per step, in the order in which they came."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time one step."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)


class Day:
    """The steps, and what they pass on to each other."""

    def __init__(self, say: Say, size: Size, seed: int, stack: dict[str, Any]) -> None:
        self.say, self.size, self.seed = say, size, seed
        self.centre = Centre(stack)
        self.bucket = Storage(stack["bucket_url"])
        self.spool = Storage(stack["spool_url"])
        self.reports_storage = Storage(stack["reports_url"])
        self.folder = var_dir() / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hosts: list[Host] = []

    def enrol(self) -> None:
        """Clients with credit, the three groups, and a running host for each that is started."""
        prefixes = [f"clients/{code}" for code in CLIENTS]
        reset(list(CLIENTS), [(self.bucket, prefixes), (self.spool, [PBX])])
        for code, (name, language) in CLIENTS.items():
            self.centre.command(
                "clients", "add", code, "--name", name, "--credit", "500.00", "--lang", language
            )
        for mac, alias, modems in GROUPS:
            options = ("--mac", mac, "--alias", alias, "--modems", str(modems), "--json")
            group = parse(self.centre.command("groups", "add", *options))
            if alias == STOPPED:
                self.centre.command("groups", "stop", alias)
            else:
                self._start_host(group, modems)
        self.say(
            "2 clients with 500.00 EUR each; 3 groups: 2 hosts with 3 modems run, 1 is stopped"
        )

    def _start_host(self, group: dict[str, Any], modems: int) -> None:
        folder = self.folder / group["alias"].replace(" ", "-")
        seed = self.seed + len(self.hosts)
        self.hosts.append(
            start_host(folder, group, modems, latency_ms=self.size.latency_ms, seed=seed)
        )

    def contacts(self) -> None:
        """Four files: two with a mapping beside them, one that the client confirms, one hopeless."""
        insured = files.people(range(4000), self.size.insured, self.seed, "le {} mars à 14 h")
        reminders = files.people(range(4000, 6000), self.size.reminders, self.seed + 1, "{},50")
        patients = files.people(range(6000, 10_000), self.size.patients, self.seed + 2, "{} March")
        self._drop(DUPONT, "contacts/assures.xlsx.mapping.yaml", MAPPINGS["assures"].encode())
        self._drop(DUPONT, "contacts/assures.xlsx", files.damaged_workbook(insured, self.seed))
        self._drop(DUPONT, "contacts/rappels.xls", files.old_workbook(reminders))
        self._drop(CLINIC, "contacts/patients.csv.mapping.yaml", MAPPINGS["patients"].encode())
        self._drop(CLINIC, "contacts/patients.csv", files.semicolon_export(patients))
        self._drop(CLINIC, "contacts/staff.xlsx", files.cut_workbook(patients, self.seed))
        imports = self._await("imports", lambda: look("list_imports"), _all_in(READ, 4))
        for import_id, client, file, state in imports:
            if state == "awaiting_mapping":
                self._confirm_mapping(import_id, client, file)
        self._await("imports", lambda: look("list_imports"), _all_in(READ[1:], 4))

    def _confirm_mapping(self, import_id: str, client: str, file: str) -> None:
        """What a client does with a proposed mapping: read it, say yes, drop it back."""
        proposal = self.bucket.read_bytes(
            f"clients/{client}/outbox/imports/{import_id}/mapping.yaml"
        )
        answer = proposal.replace(b"confirmed: false", b"confirmed: true")
        self.say(f"{client} reads the five rows of {file} and confirms the proposed mapping")
        self._drop(client, f"contacts/{file}.mapping.yaml", answer)

    def campaigns(self) -> None:
        """Three campaigns to the end, and one that French law refuses over SIM modems."""
        for client, name, text in CAMPAIGNS:
            self._drop(client, f"campaigns/{name}.yaml", text.encode())
        self._await("campaigns", lambda: look("list_campaigns"), _campaigns_finished)
        self._await("reports awaited", lambda: look("count_awaited_reports")[0][0], _nothing)
        for host in self.hosts:
            host.stop()
        self.centre.run_dag("fleet_monitor")

    def taxation(self) -> None:
        """Four compressed spool files of a PBX in two layouts, read, priced and analysed."""
        self.centre.generate_spool(self.spool, self.folder, self.size.tickets, self.seed)
        self.centre.run_dag("taxation_ingest")
        self.centre.run_dag("billing_daily")
        self.centre.command("taxation", "analyse", "cost_per_cost_centre")
        self.say(f"4 spool files of PBX {PBX} read, priced and analysed")

    def reports(self) -> None:
        """The admins' reports and the clients' pages."""
        self.centre.run_dag("reports")
        self.say(f"reports written: {self.reports_storage.url}/reports/index.html")

    def outcome(self, seconds: dict[str, float]) -> Outcome:
        """Count, compare, and put the summary together."""
        network = summary.read_network(host.network_log for host in self.hosts)
        with connect() as conn:
            messages = summary.counts(conn)
            problems = summary.disagreements(conn, network, messages)
        pages = sorted(
            f.key for f in self.reports_storage.list("reports") if f.key.endswith(".html")
        )
        document = {
            "messages": messages,
            "network": network.figures(),
            **figures(pages),
            "seconds": {**seconds, "total": round(sum(seconds.values()), 1)},
        }
        return Outcome(document, problems)

    def _drop(self, client: str, name: str, content: bytes) -> None:
        self.bucket.write_bytes(f"clients/{client}/inbox/{name}", content)
        self.say(f"{client} drops {name} ({len(content):,} bytes)")

    def _await(self, what: str, ask: Callable[[], T], finished: Callable[[T], bool]) -> T:
        """Ask until it is finished, telling each change; give up when nothing moves any more."""
        last: T | None = None
        since = time.monotonic()
        while True:
            for host in self.hosts:
                host.check()
            if (now := ask()) != last:
                for line in _news(now, last):
                    self.say(f"  {what}: {line}")
                last, since = now, time.monotonic()
            if finished(now):
                return now
            if time.monotonic() - since > PATIENCE:
                raise DemoError(
                    f"{what} did not move for {PATIENCE:.0f} s: see {var_dir() / 'log'} "
                    "and the failed runs in Airflow"
                )
            time.sleep(1.0)


def _all_in(states: tuple[str, ...], count: int) -> Callable[[list[tuple[Any, ...]]], bool]:
    return lambda rows: len(rows) >= count and all(row[-1] in states for row in rows)


def _nothing(count: int) -> bool:
    return count == 0


def _campaigns_finished(rows: list[tuple[Any, ...]]) -> bool:
    ended = ("completed", "cancelled", "expired", "failed")
    return len(rows) == len(CAMPAIGNS) and all(
        state in ended or (state in ("draft", "quoted") and reason) for _, state, reason, _ in rows
    )


def _news(now: object, last: object) -> list[str]:
    """What changed, one line a row; ids left out."""
    if not isinstance(now, list):
        return [str(now)]
    known = last if isinstance(last, list) else []
    return [" ".join(_word(part) for part in row if part) for row in now if row not in known]


def _word(part: object) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{count} {state}" for state, count in sorted(part.items()))
    return str(part)
